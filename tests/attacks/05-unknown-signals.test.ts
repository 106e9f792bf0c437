import { expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { dayOf } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { agree } from '../../src/lib/crypto/rendezvous.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { pad } from '../../src/lib/crypto/pad.ts'
import { seal } from '../../src/lib/crypto/seal.ts'
import { openBlob, pairMailbox, sealNote } from '../../src/lib/net/mailboxes.ts'
import { NOTE_BYTES, type Note } from '../../src/lib/wire/rendezvous.ts'
import { createVillage, isWhole, villageColl, type Neighbour } from '../net/village.ts'

const card = (answers = systemRandom.bytes(16)): Note => ({
  type: 'card',
  id: systemRandom.bytes(16),
  session: systemRandom.bytes(16),
  answers,
  card: { fingerprint: systemRandom.bytes(32), ufrag: 'abcd', pwd: 'x'.repeat(24), candidates: [] },
})

/** The mail of Bea to Alice. */
const pairOf = (alice: Neighbour, bea: Neighbour) => ({
  secret: expectOk(agree(alice.own.rvSk, bea.own.device.rvPk)),
  coll: villageColl,
  from: bea.own.id,
  to: alice.own.id,
})

const createScene = async () => {
  const village = createVillage(2)
  await village.live(3_000)
  const [alice, bea] = village.neighbours
  const mailbox = pairMailbox(pairOf(alice!, bea!), dayOf(village.clock.now()))
  return { village, alice: alice!, bea: bea!, mailbox }
}

test('attack 5: cards for connections nobody is making are ignored', async () => {
  const { village, alice, mailbox } = await createScene()
  const [made, link] = [alice.rtc.made(), village.linksOf(alice)[0]]
  for (let i = 0; i < 50; i++) village.hub.put(mailbox.id, sealNote(mailbox, card()))
  await village.live(5_000)
  expect(alice.rtc.made()).toBe(made)
  expect(village.linksOf(alice)).toEqual([link])
})

test('attack 5: what no seal or no parser lets through reaches nobody, whatever its shape', async () => {
  const { village, alice, mailbox } = await createScene()
  const [made, link] = [alice.rtc.made(), village.linksOf(alice)[0]]
  const sealed = (plaintext: Uint8Array) => seal(mailbox.key, mailbox.id, plaintext)
  const right = sealNote(mailbox, { type: 'knock', id: systemRandom.bytes(16), reply: null })
  const malformed = [
    new Uint8Array(0),
    systemRandom.bytes(1024),
    new TextEncoder().encode('{"type":"signal","to":"alice","signal":{"type":"answer"}}'.padEnd(1024)),
    right.subarray(1),
    right.map((byte, i) => (i === 500 ? byte ^ 1 : byte)),
    sealed(new Uint8Array(NOTE_BYTES)),
    sealed(pad(new TextEncoder().encode('{"type":"signal"}'), NOTE_BYTES)),
    sealed(pad(encodeCbor([0, systemRandom.bytes(16), systemRandom.bytes(31)]), NOTE_BYTES)),
    sealed(pad(encodeCbor([1, systemRandom.bytes(16), 1, 2, 3]), NOTE_BYTES)),
    sealed(pad(encodeCbor([7]), NOTE_BYTES)),
    sealed(pad(encodeCbor({ type: 'knock' }), NOTE_BYTES)),
  ]
  for (const blob of malformed) village.hub.put(mailbox.id, blob)
  await village.live(5_000)
  expect(alice.rtc.made()).toBe(made)
  expect(village.linksOf(alice)).toEqual([link])
  village.hub.put(mailbox.id, right) // and the one that was right is heard
  await village.live(1_000)
  expect(alice.rtc.made()).toBe(made + 1)
})

test('attack 6: a flood of knocks, even by somebody who holds the keys of the pair, makes few connections and breaks no link', async () => {
  const { village, alice, mailbox } = await createScene()
  const [made, link] = [alice.rtc.made(), village.linksOf(alice)[0]]
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 50; i++)
      village.hub.put(
        mailbox.id,
        sealNote(mailbox, { type: 'knock', id: systemRandom.bytes(16), reply: null }),
      )
    await village.live(1_000)
    expect(alice.rtc.open()).toBeLessThanOrEqual(4)
  }
  expect(alice.rtc.made() - made).toBeLessThan(10)
  expect(village.linksOf(alice)).toEqual([link])
  expect(isWhole(village)).toBe(true)
})

test('attack 6: nor does a peer that answers every card with an empty one', async () => {
  const { village, alice, bea, mailbox } = await createScene()
  bea.mesh.stop()
  await village.live(1_000)
  const made = alice.rtc.made()
  const back = pairMailbox(
    { ...pairOf(alice, bea), from: alice.own.id, to: bea.own.id },
    dayOf(village.clock.now()),
  )
  const hub = village.hub.connect()
  hub.subscribe(back.id, (blob) => {
    const note = openBlob(back, blob)
    if (note?.type === 'card') village.hub.put(mailbox.id, sealNote(mailbox, card(note.session)))
    if (note?.type === 'knock') village.hub.put(mailbox.id, sealNote(mailbox, card(note.id)))
  })
  for (let second = 0; second < 600; second++) {
    village.hub.put(mailbox.id, sealNote(mailbox, { type: 'knock', id: systemRandom.bytes(16), reply: null }))
    await village.live(1_000)
    expect(alice.rtc.open()).toBeLessThanOrEqual(4)
  }
  expect(alice.rtc.made() - made).toBeLessThan(80)
}, 30_000)
