import { expect, test } from 'vitest'
import { MOST } from '../../src/lib/net/topology.ts'
import { NAMES } from '../world/names.ts'
import { Dice } from '../simulation/dice.ts'
import { createRealVillage, until, untilReads, type RealVillage, type Villager } from './real-village.ts'

const LONG = process.env.SLOW === '1'
/** How long it goes on: twenty minutes, or a dozen happenings. */
const LONG_MS = 20 * 60_000
const HAPPENINGS = 12
const PATIENCE_MS = 120_000

/** Something happens to one of them, as it does: nobody is told. */
const happens = (village: RealVillage, one: Villager, dice: Dice): void => {
  const what = dice.below(4)
  if (what === 0) village.reload(one)
  else if (what === 1)
    for (const connection of one.rtc.open()) connection.close() // the network under it is gone
  else if (what === 2) one.mesh.links.read()[0]?.close()
  else {
    one.hub.setReachable(false)
    one.mesh.links.read()[0]?.close()
    one.hub.setReachable(true)
  }
}

const openConnections = ({ villagers }: RealVillage): number =>
  villagers.reduce((sum, { rtc }) => sum + rtc.open().length, 0)

/** A turn of the machine: what was closed is told so later. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test(
  'twelve phones come, go, and lose their links while all write: nothing is lost, and no connection stays open',
  async () => {
    const village = await createRealVillage(NAMES)
    const { villagers } = village
    const dice = new Dice(12)
    await Promise.all(villagers.map(({ mesh }) => until(mesh.links, (links) => links.length >= 4)))
    const began = performance.now()
    const early = memory()
    let written = 0
    for (let n = 0; LONG ? performance.now() - began < LONG_MS : n < HAPPENINGS; n++) {
      const [one, other] = [dice.pick(villagers)!, dice.pick(villagers)!]
      happens(village, one, dice)
      await other.person.writes(`<${written++}>`)
      await one.person.writes(`<${written++}>`)
      const last = `<${written - 1}>`
      const all = [
        until(one.mesh.links, (links) => links.length >= 3),
        ...villagers.map(({ person }) => untilReads(person, last)),
      ]
      await orSayWhy(Promise.all(all), () => `happening ${n} to ${one.person.name}: ${look(village, last)}`)
    }
    for (const { person } of villagers) for (let n = 0; n < written; n++) await untilReads(person, `<${n}>`)
    const texts = new Set(villagers.map(({ person }) => person.reads()))
    expect(texts.size).toBe(1)
    for (const { mesh } of villagers) expect(mesh.links.read().length).toBeLessThanOrEqual(MOST)

    const made = villagers.reduce((sum, { rtc }) => sum + rtc.made(), 0)
    village.stop()
    const stopping = performance.now()
    while (openConnections(village) > 0 && performance.now() - stopping < PATIENCE_MS) await turn()
    expect(openConnections(village)).toBe(0)
    const seconds = Math.round((performance.now() - began) / 1000)
    const figures = { name: 'churn', seconds, edits: written, connections: made, early, late: memory() }
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  },
  LONG ? LONG_MS + 300_000 : 400_000,
)

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

/** MiB in use, by the machine and by the heap. */
const memory = (): { readonly rss: number; readonly heap: number } => {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss: Math.round(rss / 2 ** 20), heap: Math.round(heapUsed / 2 ** 20) }
}
