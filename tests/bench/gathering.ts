import { systemClock } from '../../src/lib/core/clock.ts'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { HIGH_WATER, type FrameChannel } from '../../src/lib/net/channel.ts'
import { createCardedConnection } from '../../src/lib/net/connection.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { encodeSyncMessage } from '../../src/lib/wire/sync.ts'
import { createNodeRtc } from '../net/node-rtc.ts'
import { createRealVillage } from '../net/real-village.ts'
import type { Person } from '../world/cast.ts'
import { NAMES } from '../world/names.ts'
import { figure, type Figure } from './report.ts'
import { isOnWifi, WIFI_MBIT } from './wifi.ts'

const DAYS = 30
const DAY_MS = 24 * 3_600_000

/**
 * Twelve devices, each written on for a month without any link, meet: from the first knock until all have the same. Beside
 * it the bytes each lacked (records, and acts), at the speed one bare data channel has over the same medium: a wifi of 20
 * Mbit/s for all together where this machine lets us make one (wifi.ts), else this machine itself. What goes to one does not
 * go to another meanwhile.
 */
export const gathering = async ({
  edits,
  rounds,
}: {
  edits: number
  rounds: number
}): Promise<readonly Figure[]> => {
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    let length = 0
    let since = 0
    let acts: readonly (readonly EntryId[])[] = []
    const village = await createRealVillage(NAMES, async (people, world) => {
      for (let day = 0; day < DAYS; day++) {
        for (const person of people)
          for (let n = 0; n < edits; n++) length += await writes(person, `${day} ${n}`)
        world.clock.pass(DAY_MS)
      }
      for (const { replica } of people) await replica.settled()
      acts = people.map(({ replica }) => replica.ledgerHeads())
      since = performance.now()
    })
    const people = village.villagers.map(({ person }) => person)
    await Promise.all(people.map((person) => untilHolds(person, length)))
    ours.push(performance.now() - since)
    const bytes = (await bytesWritten(people[0]!)) + actsSince(people[0]!, acts)
    village.stop()
    bare.push((bytes * (people.length - 1)) / (await linkSpeed(bytes)))
  }
  return [
    figure({
      name: `gathering (12 devices, ${DAYS * edits} edits each, ${isOnWifi() ? `a wifi of ${WIFI_MBIT} Mbit/s` : 'no wifi'})`,
      unit: 'ms',
      values: ours,
      baseline: bare,
      baselineName: 'the bytes that differ over a bare link',
      goal: { atMost: 2 },
    }),
  ]
}

const writes = async (person: Person, what: string): Promise<number> => {
  const text = `${person.name} ${what}: vamos siempre de a dos. `
  await person.writes(text)
  return text.length
}

/** Resolves when this device’s text is so long, however often its document is built anew. */
const untilHolds = (person: Person, length: number): Promise<void> =>
  new Promise((resolve) => {
    let doc = person.doc
    const look = () => {
      doc.off('update', look)
      doc = person.doc
      if (doc.getText('notes').length < length) return void doc.on('update', look)
      stop()
      resolve()
    }
    const stop = person.replica.on({ holdingsMoved: () => queueMicrotask(look) })
    queueMicrotask(look)
  })

/** What has to go over a link to give everybody’s records to somebody who has none. */
const bytesWritten = async ({ replica }: Person): Promise<number> => {
  let bytes = 0
  for (const { feed } of replica.feeds.heads())
    for await (const { records, seal } of replica.packs.read(feed, 0))
      bytes += encodeSyncMessage({ type: 'segment', records, seal }).length
  return bytes
}

/** Acts one of them lacked on the average when they met. */
const actsSince = ({ replica }: Person, heads: readonly (readonly EntryId[])[]): number => {
  const before = new Set(heads.flat())
  const lacking = heads.map(
    (have) => bytesOf(replica.entriesSince(have)) - bytesOf(replica.entriesSince([...before])),
  )
  return Math.round(lacking.reduce((sum, bytes) => sum + bytes, 0) / lacking.length)
}
const bytesOf = (wires: readonly Uint8Array[]): number => wires.reduce((sum, { length }) => sum + length, 0)

/** Bytes in a millisecond from one device to another, with nothing done to them. */
const linkSpeed = async (bytes: number): Promise<number> => {
  const [a, b] = await Promise.all([bareConnection(), bareConnection()])
  a.meet(b.card)
  b.meet(a.card)
  const [from, to] = await Promise.all([channelOf(a), channelOf(b)])
  const began = performance.now()
  let heard = 0
  const all = new Promise<void>((resolve) =>
    to.receive((chunk) => {
      heard += chunk.length
      if (heard >= bytes) resolve()
    }),
  )
  let left = bytes
  const pump = () => {
    while (left > 0 && from.buffered() < HIGH_WATER) {
      const size = Math.min(left, 16 * 1024)
      from.send(new Uint8Array(size))
      left -= size
    }
  }
  from.drain(pump)
  pump()
  await all
  const took = performance.now() - began
  a.close()
  b.close()
  return bytes / took
}

type Bare = Awaited<ReturnType<typeof bareConnection>>
const bareConnection = async () => expectOk(await createCardedConnection(createNodeRtc(), systemClock))
const channelOf = (connection: Bare): Promise<FrameChannel> =>
  new Promise((resolve) => connection.opened(resolve))
