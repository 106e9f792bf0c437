import type { DeviceId } from '../../src/lib/core/ids.ts'
import { createRealVillage, until, untilReads, type Villager } from '../net/real-village.ts'
import type { Person } from '../world/cast.ts'
import { NAMES } from '../world/names.ts'
import { figure, type Figure } from './report.ts'

/**
 * From the tap that suspends a lost phone until every other of twelve, over real connections, refuses it what is written
 * from then on; typing goes on meanwhile. Beside one edit going around the same mesh.
 */
export const revoke = async ({ rounds }: { rounds: number }): Promise<readonly Figure[]> => {
  const village = await createRealVillage(NAMES)
  const { villagers } = village
  await Promise.all(villagers.map(({ mesh }) => until(mesh.links, (links) => links.length >= 4)))
  const [taps, edits]: [number[], number[]] = [[], []]
  let written = 0
  let honest: readonly Villager[] = villagers
  for (let round = 0; round < rounds; round++) {
    const [writer, tapper, lost] = [honest[0]!, honest[1]!, honest.at(-1)!]
    edits.push(await timed(() => writesToAll(writer, honest, `<${written++}>`)))
    honest = honest.filter((one) => one !== lost)
    const typed = honest.map(({ person }) => person.writes(`<${written++}>`))
    taps.push(
      await timed(() => {
        const refused = honest.map(({ person }) => untilRefuses(person, lost.person.device))
        tapper.person.replica.suspend(lost.person.device, 'lost')
        return Promise.all(refused)
      }),
    )
    await Promise.all(typed)
    for (let n = 0; n < written; n++)
      await Promise.all(honest.map(({ person }) => untilReads(person, `<${n}>`)))
    for (const { mesh } of honest)
      for (const link of mesh.links.read())
        if (link.peer === lost.person.device && link.standing.read() === 'full')
          throw new Error('a link to the lost phone is still full')
  }
  village.stop()
  return [
    figure({
      name: 'revoke (12 devices)',
      unit: 'ms',
      values: taps,
      baseline: edits,
      baselineName: 'one edit to all, ms',
      goal: { atMost: 5 },
    }),
  ]
}

const writesToAll = async (writer: Villager, all: readonly Villager[], text: string): Promise<void> => {
  const read = all.map(({ person }) => untilReads(person, text))
  await writer.person.writes(text)
  await Promise.all(read)
}

const untilRefuses = (person: Person, device: DeviceId): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (person.standingOf(device) === 'full') return
      stop()
      resolve()
    }
    const stop = person.replica.on({ ledgerMoved: look })
  })

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
