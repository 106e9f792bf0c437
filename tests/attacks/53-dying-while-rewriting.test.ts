import { expect, test } from 'vitest'
import { err, expectOk } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { TABLES, type Storage, type Write } from '../../src/lib/sync/ports.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

const DAY = 86_400_000

/** What lay on Bea’s disk at some moment, which of her words she was told are kept by then, and what she had signed and might have sent. */
type Moment = {
  readonly what: string
  readonly rows: readonly Write[]
  readonly kept: readonly string[]
  readonly sent: ReadonlyMap<string, string>
}

const rowsOf = async (storage: Storage): Promise<readonly Write[]> => {
  const rows: Write[] = []
  for (const table of TABLES)
    for (const [key, value] of expectOk(await storage.all(table)).rows) rows.push({ table, key, value })
  return rows
}

/** Rows of records go, or others take their place. */
const isRewriting = (writes: readonly Write[]): boolean =>
  writes.some(({ table, value }) => !value && (table === 'tail' || table === 'records'))

/** A life in which Bea’s rows are rewritten in every way there is. */
class Life {
  readonly world: World
  readonly moments: Moment[] = []
  readonly sent = new Map<string, string>()
  kept: readonly string[] = []
  people!: readonly [Person, Person, Person]
  /** Which of the rewritings her disk refuses, once. */
  #refused: number
  #rewritings = 0
  #what = ''
  #moments: 'all' | 'none'

  constructor(seed: number, of: { readonly moments: 'all' | 'none'; readonly refused?: number }) {
    this.world = new World(seed)
    this.#moments = of.moments
    this.#refused = of.refused ?? -1
    const disk = createMemoryStorage()
    const watched: Storage = {
      ...disk,
      commit: async (writes) => {
        const isDue = isRewriting(writes) && this.#rewritings++ === this.#refused
        if (this.#moments === 'all' && this.#what !== '') {
          const { kept, sent } = this
          this.moments.push({ what: this.#what, rows: await rowsOf(disk), kept, sent: new Map(sent) })
        }
        return isDue ? err({ type: 'StorageFailed' }) : disk.commit(writes)
      },
    }
    this.world.storageOf = (name) => (name === 'Bea' ? watched : null)
  }

  get wasRefused(): boolean {
    return this.#rewritings > this.#refused
  }

  get rewritings(): number {
    return this.#rewritings
  }

  async lives(): Promise<void> {
    this.people = (await this.world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
    const [ana, bea] = this.people
    this.#listens(bea)
    this.world.cut(bea)
    await this.#writesMuch('a', 70)
    await this.#does('starts, and puts together what lay single', () => this.#restarts())
    await this.#writesMuch('b', 5)
    await this.#does('writes down where the next start begins', () => bea.replica.keepStart())
    this.world.connectAll()
    await this.world.settle()
    await ana.writes('[ana] ')
    await this.world.settle()
    await this.#does('settles the past with the others', () => this.#settlesThePast())
    this.world.cut(bea)
    await this.#writesMuch('c', 66)
    this.world.clock.sleep(8 * DAY)
    await this.#does('starts a week later, and lets go of records', () => this.#restarts())
    await this.#does('writes it down upon what was settled', () => bea.replica.keepStart())
    this.world.connectAll()
    await this.world.settle()
    await this.#does('settles the past once more', () => this.#settlesThePast())
    this.world.cut(bea)
    await this.#writesMuch('d', 3)
    this.world.clock.sleep(31 * DAY)
    await this.#does('starts a month later, and lets go of keys', () => this.#restarts())
    await this.#writesMuch('e', 2)
    await this.#passes()
  }

  /** Time for a disk that refused to be asked again. */
  async #passes(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.world.clock.pass(20_000)
      await this.people[1].replica.settled()
    }
  }

  async #does(what: string, run: () => Promise<void>): Promise<void> {
    this.#what = what
    await run()
    await this.#passes()
    this.#what = ''
  }

  async #writesMuch(letter: string, words: number): Promise<void> {
    const bea = this.people[1]
    for (let n = 0; n < words; n++) {
      const word = `<${letter}${n}>`
      await bea.writes(`${word} `)
      await bea.replica.settled()
      if (bea.replica.saving.read() === 'saved') this.kept = [...this.kept, word]
    }
  }

  async #restarts(): Promise<void> {
    const bea = this.people[1]
    bea.replica.close()
    await bea.replica.settled()
    await bea.restarts()
    this.#listens(bea)
    await wholeAgain(bea.replica, this.world)
  }

  async #settlesThePast(): Promise<void> {
    const [ana, bea, cata] = this.people
    const id = expectOk(ana.replica.checkpoints.propose())
    await this.world.settle()
    for (const { replica } of [bea, cata]) expectOk(replica.checkpoints.cosign(id))
    await this.world.settle()
  }

  #listens({ replica }: Person): void {
    replica.on({ wrote: ({ id, pub }) => void this.sent.set(`${pub.feed} ${pub.seq}`, id) })
  }
}

/** A long past is read in slices, between which time goes on. */
const wholeAgain = async (replica: Replica, { clock }: World): Promise<void> => {
  let isWhole = false
  void replica.whole().then(() => (isWhole = true))
  while (!isWhole) {
    clock.pass(1)
    await new Promise((resume) => setImmediate(resume))
  }
  await replica.settled()
}

const everyWordOnce = (text: string, words: readonly string[], where: string) => {
  for (const word of words) expect(text.split(word), `${where}: ${word}`).toHaveLength(2)
}

test('attack 53: wherever Bea’s phone is killed while its rows are rewritten, all that was kept is there once, and no place is signed twice', async () => {
  const life = new Life(535, { moments: 'all' })
  await life.lives()
  const { people, world, moments } = life
  expect(new Set(moments.map(({ what }) => what)).size).toBe(7)
  expect(life.rewritings).toBeGreaterThan(4)
  const { row } = people[1].replica
  for (const [n, { what, rows, kept, sent }] of moments.entries()) {
    const where = `${what}, moment ${n}`
    const storage = createMemoryStorage()
    expectOk(await storage.commit(rows))
    const { clock, random } = world
    const replica = expectOk(await Replica.restore({ row, storage, clock, random }))
    await wholeAgain(replica, world)
    const text = () => replica.documents.doc.read().getText('notes').toString()
    everyWordOnce(text(), kept, where)
    const written: string[] = []
    replica.on({
      wrote: ({ id, pub }) => {
        written.push(id)
        expect(sent.get(`${pub.feed} ${pub.seq}`) ?? id, where).toBe(id)
      },
    })
    replica.documents.doc.read().getText('notes').insert(0, '<vuelvo> ')
    await replica.flush()
    await replica.settled()
    expect(written.length, where).toBeGreaterThan(0)
    everyWordOnce(text(), [...kept, '<vuelvo>'], where)
    expect(replica.feeds.forks(), where).toEqual([])
    replica.close()
  }
}, 240_000)

test('attack 54: whichever rewriting Bea’s disk refuses, she goes on, and so does her next start: all that was kept is there once', async () => {
  let refusals = 0
  for (let refused = 0, wasRefused = true; wasRefused; refused++) {
    const life = new Life(536, { moments: 'none', refused })
    await life.lives()
    ;({ wasRefused } = life)
    if (wasRefused) refusals += 1
    const { world, people, kept } = life
    const bea = people[1]
    expect(bea.replica.saving.read()).toBe('saved')
    everyWordOnce(bea.reads(), kept, `refused ${refused}`)
    await bea.restarts()
    await wholeAgain(bea.replica, world)
    everyWordOnce(bea.reads(), kept, `the start after ${refused}`)
    world.connectAll()
    await world.settle()
    world.clock.pass(30_000)
    await world.settle()
    for (const person of people) {
      everyWordOnce(person.reads(), [...kept, '[ana]'], `${person.name} after ${refused}`)
      expect(person.replica.feeds.forks()).toEqual([])
    }
  }
  expect(refusals).toBeGreaterThan(4)
}, 240_000)

test('attack 53: Bea’s phone wakes, makes a new key and is locked in the same breath: the next start holds that key, and she can write', async () => {
  const world = new World(537)
  const [, bea] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  world.cut(bea)
  const epoch = bea.replica.rotate()
  bea.replica.close()
  await bea.replica.settled()
  await bea.restarts()
  expect(bea.replica.state.epochs.has(epoch)).toBe(true)
  expect(bea.replica.keyring.has(epoch)).toBe(true)
  const written: string[] = []
  bea.replica.on({ wrote: ({ id }) => void written.push(id) })
  await bea.writes('aquí sigo ')
  expect(written).toHaveLength(1)
})
