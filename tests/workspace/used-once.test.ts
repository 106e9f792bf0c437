import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { openRecord, parseRecord } from '../../src/lib/feed/record.ts'
import { parseRun } from '../../src/lib/feed/run.ts'
import type { SealedRecord } from '../../src/lib/feed/types.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage, Write } from '../../src/lib/sync/ports.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { rowsToCopy, writesOf } from '../../src/lib/workspace/backup-rows.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk, type Disk } from '../world/frail-storage.ts'

const SLOW = process.env.SLOW === '1'
const HAPPENINGS = [
  ...['writes', 'writes', 'writes', 'types', 'dies', 'dies', 'restarts', 'keeps', 'copies', 'comes back'],
  ...['meets', 'goes', 'delivers', 'rotates', 'settles'],
] as const
/** What happens to whom, in an order anything may be left out of. */
const story = fc.array(
  fc.record({
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom(...HAPPENINGS),
    at: fc.nat({ max: 7 }),
  }),
  { minLength: 6, maxLength: 30 },
)
type Happening = typeof story extends fc.Arbitrary<readonly (infer T)[]> ? T : never

/** A disk that also remembers every row it ever took, whatever became of it. */
const remembering = (kept: Write[], rows: Storage = createMemoryStorage()): Storage => ({
  ...rows,
  commit: async (writes) => {
    const done = await rows.commit(writes)
    if (done.ok) kept.push(...writes)
    return done
  },
})

const happened = new Map<string, number>()

class Life {
  readonly world = new World(9)
  readonly rows: Write[] = []
  /** By person: the rows of the copy she made. */
  readonly copies = new Map<Person, readonly Write[]>()
  people: readonly Person[] = []
  #words = 0

  async begins(): Promise<void> {
    this.world.storageOf = () => createDisk(remembering(this.rows))
    this.people = await this.world.found('Ana', 'Bea', 'Cata')
  }

  async goesOn({ who, what, at }: Happening): Promise<void> {
    const person = this.people[who]!
    happened.set(what, (happened.get(what) ?? 0) + 1)
    if (what === 'writes') await person.writes(`w${this.#words++} `)
    else if (what === 'types') person.doc.getText('notes').insert(0, `t${this.#words++} `)
    else if (what === 'dies') diskOf(person).dieAfter(at)
    else if (what === 'restarts') await restarts(person)
    else if (what === 'keeps') await person.replica.keepStart()
    else if (what === 'rotates') return void (person.replica.mayAct() && person.replica.rotate())
    else if (what === 'goes') this.world.cut(person)
    else if (what === 'settles') await this.world.settle()
    else if (what === 'delivers') for (const link of person.judged.keys()) link.deliver(at)
    else if (what === 'meets') this.#meets(person, this.people[(who + 1 + (at % 2)) % 3]!)
    else if (what === 'copies') await this.#copies(person)
    else await this.#comesBack(person)
  }

  /** All phones work again and everybody meets everybody. */
  async heals(): Promise<void> {
    for (const person of this.people) await restarts(person)
    for (let round = 0; round < 3; round++) {
      this.world.connectAll()
      await this.world.settle()
      this.world.clock.pass(30_000)
    }
    await this.world.settle()
    for (const person of this.people) await person.writes(`[${person.name}] `)
    await this.world.settle()
  }

  /** Every record that ever stood on a disk or went over a link, once for each time it was met. */
  records(): readonly SealedRecord[] {
    const onDisk = this.rows.flatMap(({ table, value }) =>
      (table === 'tail' || table === 'records') && value ? (parseRun(value)?.records ?? []) : [],
    )
    const said = this.world.network.traffic.flatMap((message) => {
      const parsed = parseSyncMessage(message)
      return parsed.ok && parsed.value.type === 'segment' ? parsed.value.records : []
    })
    return [...onDisk, ...said.map((wire) => expectOk(parseRecord(wire)))]
  }

  #meets(one: Person, other: Person): void {
    if (!this.world.linked(one, other)) this.world.link(one, other)
  }

  async #copies(person: Person): Promise<void> {
    const rows = expectOk(await rowsToCopy(person.storage))
    this.copies.set(person, writesOf({ at: 5, rows }))
  }

  /** The phone is gone for good, and she begins again from the copy on another. */
  async #comesBack(person: Person): Promise<void> {
    const writes = this.copies.get(person)
    if (!writes) return
    happened.set('came back', (happened.get('came back') ?? 0) + 1)
    diskOf(person).dieAfter(0)
    person.replica.close()
    const rows = createMemoryStorage()
    expectOk(await rows.commit(writes))
    person.storage = createDisk(remembering(this.rows, rows))
    await person.restarts()
  }
}

const diskOf = ({ storage }: Person): Disk => storage as Disk

const restarts = async (person: Person): Promise<void> => {
  person.replica.close()
  person.storage = diskOf(person).nextStart()
  await person.restarts()
}

type Stretch = { readonly from: number; readonly to: number; readonly by: string }

/** What was used, by which record: a second record that uses it too is what must not be. How many records there are. */
const usedOnce = (life: Life): number => {
  const used = new Map<string, string>()
  const twice: string[] = []
  const once = (what: string, by: string) => {
    if ((used.get(what) ?? by) !== by) twice.push(what)
    used.set(what, by)
  }
  const clocks = new Map<string, Stretch[]>()
  const records = new Map(life.records().map((record) => [record.id, record]))
  const { coll } = life.people[0]!.replica
  for (const record of records.values()) {
    const { feed, seq, nonce, epoch } = record.pub
    once(`place ${feed} ${seq}`, record.id)
    once(`nonce ${hexFromBytes(nonce)}`, record.id)
    const key = life.people.map(({ replica }) => replica.keyring.key(epoch)).find((one) => one !== null)
    // A key whose maker’s disk died before anybody heard of it: nobody reads what was written under it.
    if (!key) continue
    for (const { doc, update } of expectOk(openRecord({ key, coll, record })).docs)
      for (const { id, length } of Y.decodeUpdate(update).structs) {
        const name = `${doc} ${id.client}`
        const stretch = { from: id.clock, to: id.clock + length, by: record.id }
        clocks.set(name, [...(clocks.get(name) ?? []), stretch])
      }
  }
  for (const [name, stretches] of clocks) {
    const sorted = stretches.sort((a, b) => a.from - b.from)
    for (const [i, next] of sorted.slice(1).entries())
      if (next.from < sorted[i]!.to && next.by !== sorted[i]!.by) twice.push(`clock ${name} ${next.from}`)
  }
  expect(twice).toEqual([])
  return records.size
}

test(
  'I9: whatever a phone was in the middle of when it died, and from whichever copy its owner began again, no place, no nonce and no clock is used twice',
  { timeout: SLOW ? 3_600_000 : 240_000 },
  async () => {
    let records = 0
    await fc.assert(
      fc.asyncProperty(story, async (happenings) => {
        const life = new Life()
        await life.begins()
        for (const one of happenings) await life.goesOn(one)
        await life.heals()
        records += usedOnce(life)
        for (const { replica } of life.people) {
          expect(replica.feeds.forks()).toEqual([])
          // A clock that was used before, or left out, is what a reader refuses.
          expect(replica.feeds.refused()).toEqual([])
        }
        for (const person of life.people) person.replica.close()
      }),
      { numRuns: SLOW ? 600 : 40 },
    )
    expect(records).toBeGreaterThan(100)
    // Of lives in which no phone dies nothing is learnt.
    for (const what of ['dies', 'restarts', 'came back', 'keeps'])
      expect(happened.get(what), what).toBeGreaterThan(5)
  },
)
