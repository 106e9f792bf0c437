import { ATTEMPT_MS } from '../../src/lib/net/dialer.ts'
import { MOST } from '../../src/lib/net/topology.ts'
import { Dice } from '../simulation/dice.ts'
import { NAMES } from '../world/names.ts'
import { createRealVillage, until, untilReads, type RealVillage, type Villager } from './real-village.ts'

/**
 * A program of its own (churn.test.ts runs it with `--expose-gc`): twelve phones over real connections, to whom something
 * happens again and again for as many milliseconds as its argument says, while all write. Prints what it saw as one line of
 * JSON, a `Churn`; ends with an error, and how things stand, when somebody waits for longer than anybody would.
 */
export type Churn = {
  readonly seconds: number
  readonly happenings: number
  readonly edits: number
  /** Different texts among the twelve at the end: one. */
  readonly texts: number
  /** Edits that somebody lacks at the end. */
  readonly lost: number
  /** Links of whoever has most at the end. */
  readonly links: number
  readonly made: number
  /**
   * Connections that are older than any attempt can be and belong to no link, counted after each happening; and all that belong
   * to none when it has been quiet for as long as an attempt takes, while everybody is still there.
   */
  readonly orphans: { readonly most: number; readonly atRest: number }
  /** Open when all have left. */
  readonly left: number
  /** What is held, after collecting, a thousand bytes; beside the edits made until then. */
  readonly memory: readonly { readonly edits: number; readonly heap: number; readonly rss: number }[]
  /** The same while they wrote and nothing happened. */
  readonly calm: Churn['memory']
}

const PATIENCE_MS = 120_000
/** Timers of a loaded machine are late. ms. */
const OLD_MS = ATTEMPT_MS + 10_000
/** Edits written while nothing happens, to compare with. */
const CALM = 60

const churn = async (ms: number): Promise<Churn> => {
  const village = await createRealVillage(NAMES)
  const { villagers } = village
  const dice = new Dice(12)
  let edits = 0
  let happenings = 0
  let most = 0
  const writes = async (...who: readonly Villager[]): Promise<void> => {
    for (const { person } of who) await person.writes(`<${edits++}>`)
    const last = `<${edits - 1}>`
    await orSayWhy(Promise.all(villagers.map(({ person }) => untilReads(person, last))), () =>
      look(village, last),
    )
  }
  const sample = () => ({ edits, ...memory() })
  await orSayWhy(
    Promise.all(villagers.map(({ mesh }) => until(mesh.links, (links) => links.length >= 4))),
    () => look(village, ''),
  )
  const happen = async (): Promise<void> => {
    const [one, other] = [dice.pick(villagers)!, dice.pick(villagers)!]
    happens(village, one, dice)
    happenings++
    await writes(other, one)
    await orSayWhy(
      until(one.mesh.links, (links) => links.length >= 3),
      () => `${one.person.name} is not linked: ${look(village, '')}`,
    )
    // What is closing, or gives way to a newer one, may take a moment.
    const old = () => villagers.reduce((sum, villager) => sum + orphans(villager, OLD_MS), 0)
    most = Math.max(most, await fewest(old))
    village.forgetLog()
  }

  // What is compiled and prepared once is no leak.
  for (let n = 0; n < 8; n++) await happen()
  const calm = [sample()]
  while (edits < calm[0]!.edits + CALM) {
    await writes(dice.pick(villagers)!, dice.pick(villagers)!)
    calm.push(sample())
    village.forgetLog()
  }
  const began = performance.now()
  const samples = [sample()]
  while (performance.now() - began < ms) {
    await happen()
    samples.push(sample())
  }
  const seconds = Math.round((performance.now() - began) / 1000)

  const all = Array.from({ length: edits }, (_, n) => `<${n}>`)
  const texts = villagers.map(({ person }) => person.reads())
  const atRest = await fewest(() => villagers.reduce((sum, villager) => sum + orphans(villager, 0), 0))
  const links = Math.max(...villagers.map(({ mesh }) => mesh.links.read().length))
  if (links > MOST) process.stderr.write(`${look(village, '')}\n`)
  const made = villagers.reduce((sum, { rtc }) => sum + rtc.made(), 0)
  village.stop()
  const left = await fewest(() => villagers.reduce((sum, { rtc }) => sum + rtc.open().length, 0))
  return {
    ...{ seconds, happenings, edits, links, made, left },
    texts: new Set(texts).size,
    lost: all.filter((edit) => texts.some((text) => !text.includes(edit))).length,
    orphans: { most, atRest },
    memory: samples,
    calm,
  }
}

/** Something happens to one of them, as it does, and nobody is told; or to the hub, and so to all. */
const happens = (village: RealVillage, one: Villager, dice: Dice): void => {
  const what = dice.below(5)
  if (what === 0) village.reload(one)
  else if (what === 1)
    for (const connection of one.rtc.open()) connection.close() // the network under it is gone
  else if (what === 2) one.mesh.links.read()[0]?.close()
  else if (what === 3) {
    one.hub.setReachable(false)
    one.mesh.links.read()[0]?.close()
    one.hub.setReachable(true)
  } else for (const how of [false, true]) for (const { hub } of village.villagers) hub.setReachable(how)
}

/** Connections of at least this age, beyond one for each link. */
const orphans = ({ rtc, mesh }: Villager, age: number): number =>
  Math.max(0, rtc.open(age).length - mesh.links.read().length)

/** What it comes down to within the time an attempt takes: at once when there is none. */
const fewest = async (count: () => number): Promise<number> => {
  const began = performance.now()
  while (count() > 0 && performance.now() - began < PATIENCE_MS)
    await new Promise((resolve) => setTimeout(resolve, 100))
  return count()
}

/** Waits as long as anybody would; then fails with how things stand. */
const orSayWhy = async (work: Promise<unknown>, why: () => string): Promise<void> => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(why())), PATIENCE_MS)
  })
  await Promise.race([work, tooLong]).finally(() => clearTimeout(timer))
}

const look = ({ villagers }: RealVillage, text: string): string =>
  villagers
    .map(({ person, mesh }) => {
      const waits = JSON.stringify(person.replica.feeds.waiting())
      const has = person.reads().includes(text)
      return `${person.name}: ${mesh.links.read().length} links, ${has ? 'has it' : `lacks it ${waits}`}`
    })
    .join('; ')

/** Twice: what array buffers hold is counted behind the back of the first collection. */
const memory = (): { readonly heap: number; readonly rss: number } => {
  if (!globalThis.gc) throw new Error('run with --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  return { heap: Math.round((heapUsed + arrayBuffers) / 1000), rss: Math.round(rss / 1000) }
}

process.stdout.write(`${JSON.stringify(await churn(Number(process.argv[2])))}\n`)
process.exit(0)
