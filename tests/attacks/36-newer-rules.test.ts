import { expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { idBytes, MAIN_DOC } from '../../src/lib/core/ids.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { encodeManifest, manifestHash, sealSnapshot, snapshotHash } from '../../src/lib/feed/checkpoint.ts'
import { writeEpoch } from '../../src/lib/ledger/epochs.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { encodeEntry, entryIdOf } from '../../src/lib/ledger/entry.ts'
import { RULES } from '../../src/lib/ledger/rules.ts'
import type { Entry } from '../../src/lib/ledger/types.ts'
import { LiveSpace } from '../../src/lib/workspace/space.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'
import { World, type Person } from '../world/cast.ts'

/** Three people, and an act of Alba’s as a later version of the app would sign it. */
const threeWithAWord = async (change: Partial<Entry>, seed: number) => {
  const world = new World(seed)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const { entry } = createEntry({
    ledger: alba.replica.ledger,
    own: alba.replica.own,
    act: { type: 'merge' },
  })
  const changed = { ...entry, ...change }
  const id = entryIdOf(changed)
  const wire = encodeEntry(changed, [sign(alba.replica.own.signSk, 'led', idBytes(id))])
  return { world, alba, bruna, ceiba, id, wire }
}

const decideForNewerRules = (bringer: Person, seconder: Person, rules: number) => {
  const proposal = bringer.replica.act({ type: 'propose', proposal: { action: 'minRules', rules } })
  seconder.replica.absorbEntries(bringer.replica.ledger.since([]).map(({ wire }) => wire))
  seconder.replica.act({ type: 'approve', proposal, seen: [] })
  return seconder.replica.act({ type: 'enact', proposal })
}

const screensOf = ({ storage, replica, world: { clock, random } }: Person) =>
  new LiveSpace(replica, {
    storage,
    hub: createMemoryHub(clock).connect(),
    rtc: createMemoryNetwork().rtc(),
    clock,
    random,
    language: () => 'es',
  })

test.each([
  ['of a type nobody knows', { type: 'assembly', body: { minutes: 'aquí' } }],
  ['of a later version', { v: 2 }],
])(
  'attack 36: Bruna passes on an act %s that she cannot read, and keeps it after a restart',
  async (_, change) => {
    const { world, alba, bruna, ceiba, id, wire } = await threeWithAWord(change, 361)
    world.cut(alba)
    world.cut(ceiba)
    const before = ceiba.replica.state.hash
    alba.replica.absorbEntries([wire])
    world.link(alba, bruna)
    await world.settle()
    world.cut(bruna)
    await bruna.restarts()
    world.link(bruna, ceiba)
    await world.settle()
    expect(ceiba.replica.ledger.entry(id)?.wire).toEqual(wire)
    expect(ceiba.replica.state.hash).toEqual(before)
    expect(ceiba.replica.mayAct()).toBe(true)
    // What is written on top of it arrives like anything else.
    await bruna.writes('seguimos')
    await world.settle()
    expect(ceiba.reads()).toBe('seguimos')
  },
)

test('attack 36: when the collective decides for rules this version does not know, it only reads, and says so', async () => {
  const world = new World(362)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const screens = screensOf(ceiba)
  expect(screens.readOnly.read()).toBe(false)
  decideForNewerRules(alba, bruna, RULES + 1)
  await world.settle()
  expect([screens.readOnly.read(), screens.outdated.read()]).toEqual([true, true])
  expect(ceiba.replica.mayAct()).toBe(false)
  const said = await screens.suspend(alba.device, 'lost')
  expect(said).toEqual({ ok: false, error: { type: 'RulesAreAhead' } })
  expect((await screens.invite()).state.read()).toEqual({ step: 'ended', why: 'turned away' })

  const heads = ceiba.replica.ledger.heads()
  expect(() => ceiba.replica.act({ type: 'merge' })).toThrow('newer rules')
  expect(() => ceiba.replica.rotate()).toThrow('newer rules')
  expect(ceiba.replica.ledger.heads()).toEqual(heads)
  await screens.close()
})

test('attack 36: whoever only reads signs nothing, owes nothing, and goes on passing on', async () => {
  const world = new World(363)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  world.cut(alba)
  decideForNewerRules(bruna, ceiba, RULES + 1)
  await world.settle()
  expect([bruna.replica.outdated, alba.replica.outdated]).toEqual([true, false])
  const held = bruna.replica.feeds.nextSeq(bruna.replica.feed!)
  await bruna.writes('no se firma')
  // Alba has not heard of it. Her words reach Ceiba by way of Bruna.
  world.cut(ceiba)
  await alba.writes('por el camino largo')
  await world.settle()
  world.link(alba, bruna)
  await world.settle()
  world.cut(alba)
  world.link(bruna, ceiba)
  await world.settle()
  world.clock.pass(60_000)
  await world.settle()
  expect(ceiba.reads()).toBe('por el camino largo')
  expect(bruna.replica.feeds.nextSeq(bruna.replica.feed!)).toBe(held)
  expect(bruna.replica.ledger.heads()).toEqual(ceiba.replica.ledger.heads())
  // Nobody diverges: who has heard of the decision says the same about who belongs.
  expect(ceiba.replica.state.hash).toEqual(bruna.replica.state.hash)
  await bruna.restarts()
  expect(bruna.replica.outdated).toBe(true)
})

test('attack 36: what Ceiba had typed before she heard of the newer rules is not lost', async () => {
  const world = new World(364)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  decideForNewerRules(alba, bruna, RULES + 1)
  ceiba.doc.getText('notes').insert(0, 'a medias')
  expect(ceiba.replica.documents.waiting.read()).toBeGreaterThan(0)
  await world.network.settle()
  expect(ceiba.replica.outdated).toBe(true)
  await world.settle()
  expect([alba.reads(), bruna.reads()]).toEqual(['a medias', 'a medias'])
  await ceiba.restarts()
  expect(ceiba.reads()).toBe('a medias')
})

test('attack 36: rules this version knows change nothing, and one voice alone raises none', async () => {
  const world = new World(365)
  const [alba, bruna] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const alone = alba.replica.act({ type: 'propose', proposal: { action: 'minRules', rules: RULES + 1 } })
  alba.replica.act({ type: 'enact', proposal: alone })
  await world.settle()
  expect(bruna.replica.outdated).toBe(false)
  decideForNewerRules(alba, bruna, RULES)
  await world.settle()
  expect(bruna.replica.outdated).toBe(false)
})

/** A checkpoint as a later version of Alba’s app would propose it: with this attachment. */
const proposesAsLater = async (world: World, alba: Person, manifest: Uint8Array) => {
  const { ledger, own } = alba.replica
  const attachment = { hash: manifestHash(manifest), size: manifest.length }
  const { id, wire } = createEntry({ ledger, own, act: { type: 'checkpoint', attachment } })
  alba.replica.absorbEntries([wire])
  for (const { replica } of world.people) {
    replica.absorbEntries([wire])
    replica.checkpoints.absorbBlob(manifest)
  }
  await world.settle()
  return id
}

test('attack 36: an agreement in a form of a later version: Bruna’s phone says that it cannot tell, and never that it differs', async () => {
  const world = new World(364)
  const [alba, bruna] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const id = await proposesAsLater(world, alba, encodeCbor({ v: 2, closes: ['todo'] }))
  expect(bruna.replica.checkpoints.checkOf(id)).toBe('newer')
  expect(bruna.replica.checkpoints.cosign(id).ok).toBe(false)
  // What is in no form at all is another matter.
  const other = await proposesAsLater(world, alba, encodeCbor({ v: 0, closes: ['todo'] }))
  expect(bruna.replica.checkpoints.checkOf(other)).toBe('differs')
})

test('attack 36: what the newer rules make of who belongs, a phone that only reads does not call a difference', async () => {
  const world = new World(365)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [Person, Person, Person]
  const checks = async () => {
    const { ledger, keyring, feeds, documents } = alba.replica
    const epoch = writeEpoch(ledger.state(), (one) => keyring.has(one))!
    const place = { key: keyring.key(epoch)!, coll: ledger.coll, doc: MAIN_DOC, parents: ledger.heads() }
    const sealed = sealSnapshot(place, documents.states().get(MAIN_DOC)!)
    const snapshots = new Map([[MAIN_DOC, snapshotHash(sealed)]])
    const said = { epoch, base: feeds.baseNow(), snapshots, stateHash: new Uint8Array(32) }
    const id = await proposesAsLater(world, alba, encodeManifest(said))
    for (const { replica } of world.people) replica.checkpoints.absorbBlob(sealed)
    await world.settle()
    return ceiba.replica.checkpoints.checkOf(id)
  }
  expect(await checks()).toBe('differs')
  decideForNewerRules(alba, bruna, RULES + 1)
  await world.settle()
  expect(await checks()).toBe('newer')
})
