import { beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { docIdFrom, type EntryId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import {
  encodeManifest,
  manifestHash,
  parseManifest,
  sealSnapshot,
  snapshotHash,
  type Manifest,
} from '../../src/lib/feed/checkpoint.ts'
import { encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import { writeEpoch } from '../../src/lib/ledger/epochs.ts'
import { settledKey } from '../../src/lib/workspace/rows.ts'
import { parseSettledRow } from '../../src/lib/workspace/settled-row.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
})

const status = (person: Person, id: EntryId) => person.replica.state.checkpoints.get(id)?.status
const check = (person: Person, id: EntryId) => person.replica.checkpoints.checkOf(id)
const proposes = async (person: Person): Promise<EntryId> => {
  await person.replica.flush()
  const id = expectOk(person.replica.checkpoints.propose())
  await world.settle()
  return id
}
const cosigns = async (id: EntryId, ...people: Person[]) => {
  for (const person of people) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
}

test('Ana proposes; Bea and Cata find the same and sign; it is final, and everybody holds to it', async () => {
  await ana.writes('Vamos de a dos. ')
  await bea.writes('Avisamos antes. ')
  await world.settle()
  const id = await proposes(ana)
  expect([check(ana, id), check(bea, id), check(cata, id)]).toEqual(['same', 'same', 'same'])
  expect(status(bea, id)).toBe('open')
  await cosigns(id, bea)
  expect(status(cata, id)).toBe('open')
  await cosigns(id, cata)
  for (const person of world.people) {
    expect(status(person, id)).toBe('final')
    expect(person.replica.ledger.pin).toBe(id)
  }
  await cata.writes('Seguimos. ')
  await world.settle()
  expect(new Set(world.people.map((person) => person.reads())).size).toBe(1)
})

test('a phone that restarts after it begins from what is settled, says the same, and goes on writing', async () => {
  await ana.writes('uno ')
  await world.settle()
  await cosigns(await proposes(ana), bea, cata)
  await bea.writes('dos ')
  await world.settle()
  await bea.restarts()
  expect(bea.reads()).toBe('uno dos ')
  expect(bea.replica.ledger.pin).toBe(ana.replica.ledger.pin)
  world.connectAll()
  await world.settle()
  await bea.writes('tres ')
  await world.settle()
  expect(ana.reads()).toBe('uno dos tres ')
  expect(bea.replica.feeds.forks()).toEqual([])
})

test('whoever is asked first has nothing to give: the next one is asked, and the next', async () => {
  const people = [ana, bea, cata]
  for (const proposer of people) {
    await proposer.writes('algo ')
    await world.settle()
    const id = await proposes(proposer)
    for (const person of people) expect(check(person, id), person.name).toBe('same')
    await cosigns(id, ...people.filter((person) => person !== proposer))
  }
})

test('Cata was away: she sees what is missing, gets it, finds the same, and signs', async () => {
  world.cut(cata)
  await ana.writes('mientras tanto ')
  await world.settle()
  const id = await proposes(ana)
  await cosigns(id, bea)
  expect(cata.replica.state.checkpoints.has(id)).toBe(false)
  world.connectAll()
  await world.settle()
  expect(check(cata, id)).toBe('same')
  await cosigns(id, cata)
  expect(status(ana, id)).toBe('final')
})

test('a newcomer votes from the first final checkpoint on that covers her, and then begins from it', async () => {
  const dora = await world.admit('Dora', ana, bea)
  await dora.writes('hola ')
  await world.settle()
  const votes = (person: Person) => person.replica.state.members.get(dora.member)?.votes
  expect(votes(ana)).toBe(false)
  const id = await proposes(bea)
  await cosigns(id, ana, cata)
  expect(status(dora, id)).toBe('final')
  expect([votes(ana), votes(dora)]).toEqual([true, true])
  world.clock.pass(61_000)
  await world.settle()
  world.clock.pass(61_000)
  await world.settle()
  expect(dora.replica.ledger.pin).toBe(id)
  expect(dora.replica.welcomedBy).toBe(null)
  await dora.writes('sigo ')
  await world.settle()
  expect(new Set(world.people.map((person) => person.reads())).size).toBe(1)
  // And now she can work a checkpoint out herself.
  const next = await proposes(ana)
  expect(check(dora, next)).toBe('same')
  await cosigns(next, bea, dora)
  expect(status(cata, next)).toBe('final')
})

test('Ana’s phone proposes other words than were written: nobody finds the same, and nobody can sign by mistake', async () => {
  await ana.writes('Vamos de a dos. ')
  await world.settle()
  const lie = new Y.Doc()
  Y.applyUpdate(lie, Y.encodeStateAsUpdate(ana.doc))
  const text = Y.encodeStateAsUpdate(lie)
  const forged = replaced(text, 'a dos', 'a una')
  const { documents } = ana.replica
  const states = documents.states.bind(documents)
  documents.states = () => new Map([...states().keys()].map((doc) => [doc, forged]))
  const id = await proposes(ana)
  documents.states = states
  expect([check(bea, id), check(cata, id)]).toEqual(['differs', 'differs'])
  expect(bea.replica.checkpoints.cosign(id)).toMatchObject({ error: { type: 'CheckpointDiffers' } })
  expect(status(bea, id)).toBe('open')
})

test('attack 50: Cata’s phone writes into a document nobody has: what stands can be settled all the same', async () => {
  await ana.writes('uno ')
  await world.settle()
  const { feeds, own } = cata.replica
  const doc = new Y.Doc()
  doc.clientID = cata.replica.state.feeds.get(cata.replica.feed!)!.yClient
  doc.getText('x').insert(0, 'estorbo')
  const docs = [{ doc: docIdFrom('otro')!, update: Y.encodeStateAsUpdate(doc) }]
  const { record, seal } = expectOk(feeds.append({ own, docs }))
  for (const person of [ana, bea])
    expect(person.replica.absorbSegment([record.wire], encodeFeedSeal(seal))).toBe(true)
  await world.settle()
  const id = await proposes(ana)
  expect(check(bea, id)).toBe('same')
  await cosigns(id, bea)
  await bea.restarts()
  expect(bea.reads()).toBe('uno ')
})

test('a position more or less, or another ledger, is not the same', async () => {
  await ana.writes('uno ')
  await ana.writes('dos ')
  await world.settle()
  const { checkpoints, ledger, documents, keyring } = ana.replica
  const proposesInstead = async (change: (manifest: Manifest) => Manifest): Promise<EntryId> => {
    await ana.replica.flush()
    const parents = ledger.heads()
    const epoch = writeEpoch(ana.replica.state, (id) => keyring.has(id))!
    const { coll } = ana.replica
    const sealed = [...documents.states()].map(
      ([doc, state]) => [doc, sealSnapshot({ key: keyring.key(epoch)!, coll, doc, parents }, state)] as const,
    )
    const manifest = change({
      epoch,
      base: ana.replica.feeds.baseNow(),
      snapshots: new Map(sealed.map(([doc, bytes]) => [doc, snapshotHash(bytes)])),
      stateHash: ledger.checkpointState(parents).hash,
    })
    const bytes = encodeManifest(manifest)
    const attachment = { hash: manifestHash(bytes), size: bytes.length }
    const id = ana.replica.act({ type: 'checkpoint', attachment })
    for (const part of [bytes, ...sealed.map(([, one]) => one)]) checkpoints.absorbBlob(part)
    await world.settle()
    // Bea asked before Ana had it: she asks again.
    world.clock.pass(26_000)
    await world.settle()
    return id
  }
  expect(check(bea, await proposesInstead((manifest) => manifest))).toBe('same')
  const long = (base: Manifest['base']) => [...base].find(([, { seq }]) => seq > 0)!
  for (const change of [
    (manifest: Manifest) => ({
      ...manifest,
      base: new Map([...manifest.base].filter(([feed]) => feed !== long(manifest.base)[0])),
    }),
    (manifest: Manifest) => {
      const [feed, at] = long(manifest.base)
      return { ...manifest, base: new Map([...manifest.base, [feed, { ...at, seq: at.seq - 1 }]]) }
    },
    (manifest: Manifest) => ({ ...manifest, stateHash: new Uint8Array(32) }),
    (manifest: Manifest) => ({ ...manifest, snapshots: new Map() }),
  ])
    expect(check(bea, await proposesInstead(change))).toBe('differs')
})

test('whoever holds another text than the phone that proposes, because something has not arrived, waits for it', async () => {
  world.cut(bea)
  await ana.writes('lo último ')
  await world.settle()
  const id = await proposes(ana)
  // Bea hears of the ledger alone.
  bea.replica.absorbEntries(ana.replica.ledger.since([]).map(({ wire }) => wire))
  await world.settle()
  expect(check(bea, id)).toBe('missing')
  expect(bea.replica.checkpoints.cosign(id)).toMatchObject({ error: { type: 'CheckpointIncomplete' } })
})

test('Dora missed what is pruned by now: she begins again from the checkpoint, and what she wrote alone is not lost', async () => {
  const dora = await world.admit('Dora', ana, bea)
  await ana.writes('antes ')
  await world.settle()
  world.cut(dora)
  await dora.writes('sola ')
  await bea.writes('en medio ')
  await world.settle()
  const id = await proposes(ana)
  await cosigns(id, bea, cata)
  for (const person of [ana, bea, cata]) {
    await person.replica.packs.prune((await settledOf(person))!)
    await person.restarts()
  }
  await cata.writes('después ')
  await dora.restarts()
  world.connectAll()
  await world.settle()
  expect(dora.reads()).not.toContain('en medio')
  world.clock.pass(61_000)
  await world.settle()
  world.clock.pass(61_000)
  await world.settle()
  expect(dora.replica.ledger.pin).toBe(id)
  for (const words of ['antes', 'sola', 'en medio', 'después'])
    for (const person of world.people) expect(person.reads(), person.name).toContain(words)
  expect(new Set(world.people.map((person) => person.reads())).size).toBe(1)
})

test('records go though the collective agrees every few days, and what they said stays', async () => {
  const recordsOf = async (person: Person) =>
    (await person.replica.packs.restore('isCountedOn')).reduce((n, { records }) => n + records.length, 0)
  for (let day = 0; day < 20; day += 4) {
    await ana.writes(`día ${day} `)
    await world.settle()
    await cosigns(await proposes(ana), bea, cata)
    expect(ana.replica.ledger.pin).not.toBe(null)
    world.clock.sleep(4 * 24 * 3_600_000)
    await world.settle()
  }
  // Only of the last two agreements is anything left.
  for (const person of [ana, bea, cata]) {
    expect(await recordsOf(person)).toBeLessThan(4)
    await person.restarts()
    expect(person.reads()).toBe('día 0 día 4 día 8 día 12 día 16 ')
  }
})

test('Dora began with Ana, who had written alone; the others agreed without that and let go of the past: Dora reads all of it', async () => {
  const four = new World(81)
  const [anna, bruna, celia, elena] = (await four.found('Ana', 'Bruna', 'Celia', 'Elena')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  const connectAll = four.connectAll.bind(four)
  four.connectAll = () => {}
  const dora = await four.admit('Dora', anna, bruna, celia)
  four.connectAll = connectAll
  four.cut(anna)
  await anna.writes('sola ')
  four.link(dora, anna)
  await four.settle()
  expect(dora.reads()).toBe('sola ')
  four.cut(anna)
  await bruna.writes('en medio ')
  await four.settle()
  const id = expectOk(bruna.replica.checkpoints.propose())
  await four.settle()
  for (const person of [celia, elena]) expectOk(person.replica.checkpoints.cosign(id))
  await four.settle()
  expect(status(bruna, id)).toBe('final')
  for (const person of [bruna, celia, elena]) {
    await person.replica.packs.prune((await settledOf(person))!)
    await person.restarts()
  }
  await celia.writes('después ')
  four.connectAll()
  for (let round = 0; round < 4; round++) {
    await four.settle()
    four.clock.pass(61_000)
  }
  await four.settle()
  for (const words of ['sola', 'en medio', 'después'])
    for (const person of four.people) expect(person.reads(), person.name).toContain(words)
  expect(new Set(four.people.map((person) => person.reads())).size).toBe(1)
  expect(dora.replica.lacking()).toBeNull()
})

test('attack 12: any bit of a manifest altered is another manifest, and not taken for it', async () => {
  await ana.writes('uno ')
  await world.settle()
  const id = await proposes(ana)
  const act = ana.replica.ledger.entry(id)!.act as { attachment: { hash: Uint8Array } }
  const bytes = ana.replica.checkpoints.blob(act.attachment.hash)!
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice()
    altered[at]! ^= 1
    expect(hexFromBytes(manifestHash(altered))).not.toBe(hexFromBytes(act.attachment.hash))
    const parsed = parseManifest(altered)
    if (parsed.ok) expect(encodeManifest(parsed.value)).toEqual(altered)
  }
  const before = bea.replica.checkpoints.checkOf(id)
  bea.replica.checkpoints.absorbBlob(bytes.map((byte) => byte ^ 1))
  expect(bea.replica.checkpoints.checkOf(id)).toBe(before)
})

const settledOf = async ({ storage, replica }: Person) => {
  const row = expectOk(await storage.get('snapshots', settledKey(replica.coll)))
  return row && parseSettledRow(row)!.base
}

/** Bytes with one text put in place of another of the same length. */
const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
  const [old, fresh] = [from, to].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array]
  for (let at = 0; at + old.length <= bytes.length; at++)
    if (old.every((byte, i) => bytes[at + i] === byte)) {
      const copy = bytes.slice()
      copy.set(fresh, at)
      return copy
    }
  throw new Error(`${from} is not there`)
}
