import { afterEach } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock, type Clock } from '../../src/lib/core/clock.ts'
import type { CollId } from '../../src/lib/core/ids.ts'
import type { Watched } from '../../src/lib/core/watched.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createHub as createHubClient, type HubSocket } from '../../src/lib/net/hub-client.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Mesh } from '../../src/lib/net/types.ts'
import { createNodeRtc } from '../net/node-rtc.ts'
import { knows } from '../net/people.ts'
import type { OpenHub } from './open-hub.ts'

const awake = new Set<() => void>()
afterEach(() => awake.forEach((sleep) => sleep()))

export type AwakeOptions = {
  readonly hub: OpenHub
  readonly coll: CollId
  readonly people: readonly OwnDevice[]
  readonly own: OwnDevice
  readonly clock?: Clock
}

/** A device with real WebRTC that finds the others of `people` through a hub's real socket. */
export const wake = ({ hub, coll, people, own, clock = systemClock }: AwakeOptions): Mesh => {
  const client = createHubClient({
    url: `${hub.origin.replace('http', 'ws')}/post`,
    clock,
    random: systemRandom,
    socket: (url) => new WebSocket(url, { origin: hub.origin }) as unknown as HubSocket,
  })
  const mesh = createMesh({
    coll,
    own,
    hub: client,
    rtc: createNodeRtc(),
    clock,
    random: systemRandom,
    judge: knows(...people),
  })
  const stop = (): void => {
    awake.delete(stop)
    mesh.stop()
    client.close()
  }
  awake.add(stop)
  mesh.setPeers(people.map(({ id, device }) => ({ id, device })))
  return { ...mesh, stop }
}

/** Resolves when a watched value is as it should be. */
export const until = <T>(source: Watched<T>, holds: (value: T) => boolean): Promise<T> =>
  new Promise((resolve) => {
    let stop = (): void => {}
    const look = (): void => {
      const value = source.read()
      if (!holds(value)) return
      stop()
      resolve(value)
    }
    stop = source.watch(look)
    look()
  })

/** The id of the one link each of two devices has to the other, once both have it. */
export const linkOf = async (a: Mesh, b: Mesh): Promise<string> => {
  const [ofA, ofB] = await Promise.all([a, b].map(({ links }) => until(links, (links) => links.length === 1)))
  const id = ofA![0]!.id
  if (ofB![0]!.id !== id) throw new Error('the two hold different links')
  return id
}
