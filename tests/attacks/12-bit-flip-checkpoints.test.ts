import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { manifestHash, parseManifest, snapshotHash } from '../../src/lib/feed/checkpoint.ts'
import { encodeSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { seededRandom } from '../world/time.ts'

/**
 * Ana proposed a checkpoint and Bea put her name under it, while Cata was away. Now something speaks to Cata as Bea’s phone, over a link of
 * its own, and hands her what it likes. `say` returns when she has dealt with it.
 */
const meddlerWithCata = async () => {
  const world = new World(12)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await ana.writes('Vamos de a dos. ')
  await world.settle()
  world.cut(cata)
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  expectOk(bea.replica.checkpoints.cosign(id))
  await world.settle()
  const acts = ana.replica.ledger.since(cata.replica.ledger.heads())
  const proposal = acts.find((act) => act.id === id)!.wire
  const cosigns = (by: Person) =>
    acts.find(({ act, entry }) => act?.type === 'cosign' && entry.author === by.device)!.wire
  const { attachment } = ana.replica.ledger.entry(id)!.act as { attachment: { hash: Uint8Array } }
  const manifest = ana.replica.checkpoints.blob(attachment.hash)!
  const [digest] = [...expectOk(parseManifest(manifest)).snapshots.values()]
  const part = ana.replica.checkpoints.blob(digest!)!
  const [evil, theirs] = world.network.connect(bea.device, cata.device)
  evil.receive('records', () => {})
  cata.attach(theirs)
  const say = (message: SyncMessage) => {
    evil.send('records', encodeSyncMessage(message))
    theirs.deliver()
  }
  const heads = cata.replica.ledger.heads()
  say({ type: 'heads', heads })
  say({ type: 'ready' })
  const hands = {
    act: (wire: Uint8Array) => say({ type: 'entries', entries: [wire], heads }),
    part: (bytes: Uint8Array) => say({ type: 'part', part: bytes }),
  }
  const rows = async () => expectOk(await cata.storage.all('snapshots')).rows
  return {
    ...{ world, ana, bea, cata, id, manifest, part, proposal, hands, rows },
    ...{ cosignOfAna: cosigns(ana), cosignOfBea: cosigns(bea) },
    isLinked: () => cata.judged.has(theirs),
  }
}

const EVERY_BIT = process.env['SLOW'] === '1'
const random = seededRandom(Number(process.env['SEED'] ?? 1968))

/** One bit of each byte, drawn, and the highest; in the long run each of the eight. */
const flips = function* (bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    const bits = EVERY_BIT ? [0, 1, 2, 3, 4, 5, 6, 7] : [random.bytes(1)[0]! % 7, 7]
    for (const bit of bits) {
      const flipped = bytes.slice()
      flipped[at]! ^= 1 << bit
      yield flipped
    }
  }
}

test('attack 12: flip any byte of a checkpoint’s act, manifest, snapshot or co-signature: Cata takes none of it, goes on, and takes the honest ones', async () => {
  const { world, ana, cata, id, manifest, part, proposal, ...of } = await meddlerWithCata()
  const { hands, rows, cosignOfAna, cosignOfBea, isLinked } = of
  const { checkpoints } = cata.replica
  const before = cata.replica.ledger.heads()
  const kept = await rows()

  for (const flipped of flips(proposal)) {
    hands.act(flipped)
    if (cata.replica.ledger.heads().join() !== before.join()) expect(hexFromBytes(flipped)).toBe('refused')
  }
  await world.settle()
  expect(cata.replica.ledger.heads()).toEqual(before)
  expect(cata.replica.state.checkpoints.size).toBe(0)
  hands.act(proposal)
  hands.act(cosignOfAna)
  await world.settle()
  expect(cata.replica.state.checkpoints.get(id)?.status).toBe('open')
  expect(checkpoints.checkOf(id)).toBe('missing')

  const pieces = [
    ['manifest', manifest, manifestHash],
    ['snapshot', part, snapshotHash],
  ] as const
  for (const [what, bytes, hashOf] of pieces) {
    const stored = await rows()
    for (const flipped of flips(bytes)) {
      hands.part(flipped)
      const isTaken = checkpoints.has(hashOf(bytes)) || checkpoints.has(hashOf(flipped))
      if (isTaken) expect(`${what} ${hexFromBytes(flipped)}`).toBe('refused')
    }
    await world.settle()
    expect(checkpoints.checkOf(id), what).toBe('missing')
    expect(await rows()).toEqual(stored)
    hands.part(bytes)
    await world.settle()
    expect(checkpoints.has(hashOf(bytes)), what).toBe(true)
    expect(checkpoints.blob(hashOf(bytes))).toEqual(bytes)
  }
  expect(checkpoints.checkOf(id)).toBe('same')
  expect((await rows()).length).toBe(kept.length + pieces.length)

  expectOk(checkpoints.cosign(id))
  const signed = cata.replica.ledger.heads()
  for (const flipped of flips(cosignOfBea)) {
    hands.act(flipped)
    if (cata.replica.ledger.heads().join() !== signed.join()) expect(hexFromBytes(flipped)).toBe('refused')
  }
  await world.settle()
  expect(cata.replica.state.checkpoints.get(id)?.status).toBe('open')
  expect(cata.replica.ledger.pin).toBe(null)
  hands.act(cosignOfBea)
  await world.settle()
  expect(cata.replica.state.checkpoints.get(id)?.status).toBe('final')
  expect(cata.replica.ledger.pin).toBe(id)

  // The link that brought all this is open still, and Cata works with everybody as before.
  expect(isLinked()).toBe(true)
  world.cut(cata)
  world.connectAll()
  await cata.writes('Y avisamos.')
  await world.settle()
  for (const person of world.people) {
    expect(person.reads()).toBe('Vamos de a dos. Y avisamos.')
    expect(person.replica.ledger.pin).toBe(id)
    expect(person.replica.state.hash).toEqual(ana.replica.state.hash)
  }
}, 120_000)
