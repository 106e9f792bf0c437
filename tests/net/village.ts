import { collIdFrom, type DeviceId } from '../../src/lib/core/ids.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createLink } from '../../src/lib/net/link.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Mesh, MetLink } from '../../src/lib/net/types.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { createMemoryHub, type HubClientInMemory, type MemoryHub, type Mischief } from './memory-hub.ts'
import { createMemoryNetwork, type DeviceRtc } from './memory-rtc.ts'
import { createMemoryPipe, settle } from './memory-channel.ts'
import { createPerson, knows, shake } from './people.ts'

export const villageColl = collIdFrom(hash('led', 'the village'))!

/** One device of a village, with its mesh and its ways out. */
export type Neighbour = {
  readonly own: OwnDevice
  mesh: Mesh
  hub: HubClientInMemory
  readonly rtc: DeviceRtc
  /** How this device judges each other one; `null` refuses. */
  readonly standing: Map<DeviceId, Standing | null>
  /** How often it had to judge another: once for each pair of hands it let itself be held out, and once more for a link. */
  judged: number
}

export type Village = {
  readonly clock: HandClock
  readonly hub: MemoryHub
  readonly neighbours: readonly Neighbour[]
  /** Time goes by, in small steps, and everything under way arrives. */
  live(ms: number): Promise<void>
  /** As if the page were closed and opened again. */
  restart(neighbour: Neighbour): void
  linksOf(neighbour: Neighbour): readonly MetLink[]
  /** Two of them scan each other: a link that no hub knows of. */
  scan(a: Neighbour, b: Neighbour): Promise<void>
}

export type VillageOptions = {
  readonly mischief?: Mischief
  /** Milliseconds since 1970 when it begins. */
  readonly start?: number
  /** How wrong each device’s clock is, in milliseconds. */
  readonly wrong?: readonly number[]
}

/** So many devices of one collective around a hub, on one wifi, all in memory. */
export const createVillage = (count: number, { mischief, start, wrong }: VillageOptions = {}): Village => {
  const clock = createHandClock(start)
  const hub = createMemoryHub(clock, mischief)
  const network = createMemoryNetwork()
  const people = Array.from({ length: count }, createPerson)
  const wanted = people.map(({ id, device }) => ({ id, device }))

  const begin = (neighbour: Neighbour) => {
    neighbour.hub = hub.connect()
    neighbour.mesh = createMesh({
      coll: villageColl,
      own: neighbour.own,
      hub: neighbour.hub,
      rtc: neighbour.rtc,
      clock: { ...clock, now: () => clock.now() + (wrong?.[people.indexOf(neighbour.own)] ?? 0) },
      random: systemRandom,
      judge: (id) => {
        neighbour.judged++
        const person = people.find((other) => other.id === id)
        const standing = neighbour.standing.get(id)
        if (!person || standing === null) return null
        return { device: person.device, standing: standing ?? 'full' }
      },
    })
    neighbour.mesh.setPeers(wanted)
  }
  const neighbours = people.map((own): Neighbour => {
    const neighbour = { own, rtc: network.rtc(), standing: new Map(), judged: 0 } as unknown as Neighbour
    begin(neighbour)
    return neighbour
  })

  return {
    clock,
    hub,
    neighbours,
    live: async (ms) => {
      for (let passed = 0; passed < ms; passed += STEP_MS) {
        clock.pass(STEP_MS)
        for (let turn = 0; turn < 4; turn++) await settle()
      }
      for (let turn = 0; turn < 20; turn++) await settle()
    },
    restart: (neighbour) => {
      neighbour.mesh.stop()
      neighbour.hub.close()
      begin(neighbour)
    },
    linksOf: (neighbour) => neighbour.mesh.links.read(),
    scan: async (a, b) => {
      const pipe = createMemoryPipe()
      for (const [one, other, channel] of [
        [a, b, pipe.a],
        [b, a, pipe.b],
      ] as const)
        shake(channel, { own: one.own, judge: knows(other.own) }, clock, (met) => {
          if (met.ok) one.mesh.adopt(createLink(channel, met.value, clock))
        })
      for (let turn = 0; turn < 4; turn++) await settle()
    },
  }
}

const STEP_MS = 250

/** Everybody has exactly one link to everybody else, and the two ends of each are of the same link. */
export const isWhole = ({ neighbours }: Village): boolean =>
  neighbours.every(({ own, mesh }) => {
    const links = mesh.links.read()
    const peers = new Set(links.map(({ peer }) => peer))
    return (
      links.length === neighbours.length - 1 &&
      peers.size === links.length &&
      links.every((link) => {
        const other = neighbours.find((neighbour) => neighbour.own.id === link.peer)
        return other?.mesh.links.read().some(({ id, peer }) => id === link.id && peer === own.id)
      })
    )
  })
