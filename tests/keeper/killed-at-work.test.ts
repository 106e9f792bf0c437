import { fork } from 'node:child_process'
import { once } from 'node:events'
import { beforeAll, expect, test } from 'vitest'
import { randomBelow } from '../../src/lib/core/clock.ts'
import type { EntryId, FeedId, RecId } from '../../src/lib/core/ids.ts'
import type { StreamName } from '../../src/lib/sync/ports.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { buildProgram } from '../world/program.ts'
import { seededRandom } from '../world/time.ts'
import { House } from './house.ts'

const OUT = 'dist/test-keeping-program'
beforeAll(() => buildProgram('tests/keeper/keeping-program.ts', OUT), 120_000)

const ROUNDS = process.env['SLOW'] ? 40 : 5
/** Killed after at most so many messages came to it. */
const MOST = 40
const random = seededRandom(Number(process.env['SEED'] ?? 1968))

/** What a keeper said it holds: of each feed how far, and heads of the ledger. */
type Said = { readonly records: Map<FeedId, { seq: number; rec: RecId }>; readonly acts: Set<EntryId> }

const note = (said: Said, message: Uint8Array): void => {
  const parsed = parseSyncMessage(message)
  if (!parsed.ok) return
  const { value } = parsed
  if (value.type === 'have')
    for (const { feed, seq, rec } of value.heads)
      if (seq >= (said.records.get(feed)?.seq ?? 0)) said.records.set(feed, { seq, rec })
  if (value.type === 'heads' || value.type === 'entries' || value.type === 'again')
    for (const id of value.heads) said.acts.add(id)
}

/** A keeper in a process of its own, linked with Ana, who writes until it has been killed; `after` messages to it. */
const worksAndIsKilled = async (house: House, ana: Person, bea: Person, after: number): Promise<Said> => {
  const said: Said = { records: new Map(), acts: new Set() }
  const child = fork(`${OUT}/keeping-program.js`, [house.folder, ana.device], { serialization: 'advanced' })
  const [mine, theirs] = house.world.network.connect(house.device, ana.device)
  let isOver = false
  child.on('message', ({ stream, message }: { stream: StreamName; message: Uint8Array }) => {
    note(said, new Uint8Array(message))
    mine.send(stream, new Uint8Array(message))
  })
  const gone = once(child, 'exit').then(() => {
    isOver = true
    mine.close()
  })
  let left = after
  for (const stream of ['control', 'records', 'live', 'files'] as const)
    mine.receive(stream, (message) => {
      if (isOver || left < 0) return
      child.send({ stream, message })
      // Once it has said that it holds acts and records, however busy the machine, every message may be the last.
      const hasBegun = said.acts.size > 0 && said.records.size > 0
      if (hasBegun && left-- === 0) child.kill('SIGKILL')
    })
  ana.attach(theirs)
  for (let n = 0; !isOver; n++) {
    await ana.writes(`${n} `.padEnd(1 + randomBelow(random, 3000), '.'))
    if (n % 5 === 4) bea.replica.act({ type: 'merge' })
    await house.world.settle()
  }
  await gone
  return said
}

test('killed in the middle of its work, again and again: nothing that it ever said it holds is lost', async () => {
  const world = new World()
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.letIn(ana, bea)
  house.link(ana)
  await house.settle()
  house.cut()
  let told = 0
  for (let round = 0; round < ROUNDS; round++) {
    await house.close()
    const said = await worksAndIsKilled(house, ana, bea, randomBelow(random, MOST))
    await house.begin()
    expect(house.storage.damaged).toBe(0)
    const { shelf, ledger } = house.keeping
    for (const [feed, { seq, rec }] of said.records) expect(shelf!.recordAt(feed, seq)).toBe(rec)
    for (const id of said.acts) expect(ledger!.has(id)).toBe(true)
    told += said.records.size + said.acts.size
  }
  expect(told).toBeGreaterThan(ROUNDS)
  // And it still takes and gives.
  house.link(ana)
  await house.settle()
  expect(house.keeping.ledger!.heads()).toEqual(ana.replica.ledger.heads())
  const { seq } = ana.replica.feeds.heads().find(({ feed }) => feed === ana.replica.feed)!
  expect(house.keeping.shelf!.recordAt(ana.replica.feed!, seq)).not.toBeNull()
}, 120_000)
