import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { createRecord, openRecord } from '../../src/lib/feed/record.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { createGrant } from '../../src/lib/ledger/grants.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { forge } from '../feed/valley.ts'
import { Valley } from '../feed/valley.ts'
import { World, type Person } from '../world/cast.ts'

test('attack 27: a rotation or a grant that names an epoch its author cannot have known has no effect', async () => {
  const world = new World(27)
  const [ana, mala, cata] = (await world.found('Ana', 'Mala', 'Cata')) as [Person, Person, Person]
  // A ledger as it was before the epoch came, for an author who pretends not to have seen it.
  const [genesis, ...rest] = ana.replica.ledger.since([])
  const early = expectOk(createLedger(genesis!.wire))
  const mine = rest.filter(({ entry }) => entry.author === mala.device)
  early.add(mine.map(({ wire }) => wire))
  const epoch = [...ana.replica.state.epochs.keys()][0]!
  expect(early.has(epoch)).toBe(false)
  const act = {
    type: 'rotate',
    prev: [epoch],
    commit: new Uint8Array(32),
    boxRoot: new Uint8Array(32),
  } as const
  const rotated = createEntry({ ledger: early, own: mala.replica.own, act })
  const granted = expectOk(
    createGrant({
      ledger: ana.replica.ledger,
      device: cata.device,
      keys: new Map([[epoch, mala.replica.keyring.key(epoch)!]]),
    }),
  )
  early.add([rotated.wire])
  const grant = createEntry({ ledger: early, own: mala.replica.own, act: granted })
  ana.replica.absorbEntries([rotated.wire, grant.wire])
  for (const { id } of [rotated, grant]) {
    expect(ana.replica.ledger.has(id)).toBe(true)
    expect(ana.replica.state.void.has(id)).toBe(true)
  }
  expect(ana.replica.state.epochs.has(rotated.id as EpochId)).toBe(false)
  expect(ana.replica.state.grants).toEqual([])
  // Word for word the same, by whoever does know the epoch, counts.
  for (const said of [act, granted]) {
    const { wire, id } = createEntry({ ledger: ana.replica.ledger, own: mala.replica.own, act: said })
    ana.replica.absorbEntries([wire])
    expect(ana.replica.state.void.has(id)).toBe(false)
    if (said.type === 'rotate')
      expect(ana.replica.state.epochs.get(id as EpochId)).toMatchObject({ void: false, prev: [epoch] })
    else expect(ana.replica.state.grants.map((one) => one.id)).toEqual([id])
  }
})

test('attack 27: a record under an epoch its author says not to know of does not count, and nobody waits for anything', () => {
  const counted = (knows: 'before the epoch' | 'the epoch') => {
    const valley = Valley.found('Alba', 'Bruna')
    const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
    const before = bruna.ledger.heads()
    alba.rotate()
    bruna.learn(alba)
    const newest = [...bruna.held.keys()].at(-1)!
    const lheads = knows === 'the epoch' ? bruna.ledger.heads() : before
    alba.hear(forge(bruna, { seq: 0, prev: null, epoch: newest }, { lheads }))
    expect(alba.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
    return [[...alba.feeds.accepted()].length, alba.feeds.setAside().length]
  }
  expect(counted('the epoch')).toEqual([1, 0])
  expect(counted('before the epoch')).toEqual([0, 0])
})

test('attack 28: a record is tried with the key of the epoch it names and no other, and a key is pinned by its commitment', async () => {
  const world = new World(28)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  const first = [...ana.replica.state.epochs.keys()][0]!
  const second = ana.replica.rotate()
  await world.settle()
  const key = bea.replica.keyring.key(second)!
  const body = { lheads: ana.replica.ledger.heads(), deps: [], docs: [], blobs: [] } as never
  const record = expectOk(
    createRecord({
      key,
      coll: ana.replica.coll,
      feed: ana.replica.feed!,
      seq: 0,
      prev: null,
      epoch: first,
      body,
    }),
  )
  // It says the first epoch, and opens under the second only: here it opens not at all.
  expect(openRecord({ key: ana.replica.keyring.key(first)!, coll: ana.replica.coll, record }).ok).toBe(false)
  expect(openRecord({ key, coll: ana.replica.coll, record }).ok).toBe(true)
  // One epoch means one key: another one is not taken from a grant.
  const grant = expectOk(
    createGrant({
      ledger: ana.replica.ledger,
      device: bea.device,
      keys: new Map([[first, generateSecretKey()]]),
    }),
  )
  const held = bea.replica.keyring.key(first)
  ana.replica.act(grant)
  await world.settle()
  expect(bea.replica.keyring.key(first)).toEqual(held)
})
