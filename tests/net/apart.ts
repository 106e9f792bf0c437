import { afterEach } from 'vitest'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Hub, Mesh } from '../../src/lib/net/types.ts'
import { createHandClock, type HandClock } from './hand-clock.ts'
import { createLineHub, type LineHub, type LineHubOptions } from './line-hub.ts'
import { settle } from './memory-channel.ts'
import { createMemoryNetwork, type DeviceRtc } from './memory-rtc.ts'
import { createPerson, knows, someCollective } from './people.ts'
import { collIdFrom, type DeviceId } from '../../src/lib/core/ids.ts'

export type Apart = {
  readonly own: OwnDevice
  readonly rtc: DeviceRtc
  mesh: Mesh
  hub: Hub
  /** Whom it will not have. Asked again with `mesh.rejudge`. */
  readonly refuses: Set<DeviceId>
  /** How often it had to judge the other. */
  judged: number
  /** As if the page were opened again. */
  comesBack(): void
}

const stops: (() => void)[] = []
afterEach(() => stops.splice(0).forEach((stop) => stop()))

/** So long a time goes by in larger steps. */
const LONG_MS = 600_000

export type ApartOptions = LineHubOptions & {
  readonly clock?: HandClock
  readonly connect?: () => Hub
}

/** Two of one collective whom their wifi keeps apart, so that no packet goes from one to the other; and a hub. */
export const createApart = ({ clock = createHandClock(), connect, ...options }: ApartOptions = {}) => {
  const hub: LineHub = createLineHub(clock, options)
  const people = [createPerson(), createPerson()]
  const coll = collIdFrom(someCollective)!

  const wifi = createMemoryNetwork()
  const begin = (own: OwnDevice): Apart => {
    const rtc = wifi.rtc()
    rtc.setReachable(false)
    const enter = (apart: Apart) => {
      apart.hub = (connect ?? hub.connect)()
      apart.mesh = createMesh({
        coll,
        own,
        hub: apart.hub,
        rtc,
        clock,
        random: systemRandom,
        judge: (id) => {
          apart.judged++
          return apart.refuses.has(id) ? null : knows(...people)(id)
        },
      })
      apart.mesh.setPeers(people.map(({ id, device }) => ({ id, device })))
    }
    const apart = { own, rtc, refuses: new Set(), judged: 0 } as unknown as Apart
    enter(apart)
    stops.push(() => {
      apart.mesh.stop()
      apart.hub.close()
    })
    return Object.assign(apart, {
      comesBack: () => {
        apart.mesh.stop()
        enter(apart)
      },
    })
  }
  const [ana, bea] = people.map(begin) as [Apart, Apart]
  return {
    clock,
    hub,
    ana,
    bea,
    /** Whether their wifi keeps them apart from now on. No browser notices either. */
    setApart: (how: 'apart' | 'together') => {
      for (const { rtc } of [ana, bea]) rtc.setReachable(how === 'together')
    },
    /** Time goes by, in small steps, and everything under way arrives. */
    live: async (ms: number): Promise<void> => {
      const step = ms > LONG_MS ? 1000 : 250
      for (let passed = 0; passed < ms; passed += step) {
        clock.pass(step)
        for (let turn = 0; turn < 8; turn++) await settle()
      }
    },
  }
}
