import { systemClock } from '../../src/lib/core/clock.ts'
import type { Watched } from '../../src/lib/core/watched.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Mesh, MetLink, Rtc } from '../../src/lib/net/types.ts'
import { Syncing } from '../../src/lib/workspace/syncing.ts'
import { World, type Person } from '../world/cast.ts'
import { createMemoryHub, type HubClientInMemory } from './memory-hub.ts'
import { createNodeRtc } from './node-rtc.ts'

/** A device with everything below the screens: replica, mesh, and links that are real WebRTC on this machine. */
export type Villager = {
  readonly person: Person
  readonly rtc: CountedRtc
  mesh: Mesh
  hub: HubClientInMemory
  readonly attached: Map<string, ReturnType<Syncing['attach']>>
}

/** Knows what it made, and what of that is still open. */
export type CountedRtc = Rtc & {
  /** Those that were made at least so long ago. ms. */
  open(since?: number): readonly RTCPeerConnection[]
  made(): number
}

export type RealVillage = {
  readonly villagers: readonly Villager[]
  /** Closes the page and opens it again. */
  reload(villager: Villager): void
  /** Forgets what the hub in memory wrote down for tests of what it sees. */
  forgetLog(): void
  stop(): void
}

const createCountedRtc = (): CountedRtc => {
  let made = 0
  const all = new Map<RTCPeerConnection, number>()
  const inner = createNodeRtc()
  return {
    createConnection: (way) => {
      made++
      const connection = inner.createConnection(way)
      all.set(connection, performance.now())
      return connection
    },
    open: (since = 0) => {
      for (const [connection] of all) if (connection.connectionState === 'closed') all.delete(connection)
      const before = performance.now() - since
      return [...all].flatMap(([connection, at]) => (at <= before ? connection : []))
    },
    made: () => made,
  }
}

/**
 * So many people of one collective, each with a phone of their own, around a hub in memory. `apart`: what they do before,
 * without any link; when it is done they meet at once.
 */
export const createRealVillage = async (
  names: readonly string[],
  apart: (people: readonly Person[], world: World) => Promise<void> = () => Promise.resolve(),
): Promise<RealVillage> => {
  const world = new World(names.length)
  const people = await world.found(...names)
  for (const person of people) world.cut(person)
  await apart(people, world)
  const hub = createMemoryHub(systemClock)

  const begin = (villager: Villager): void => {
    const { person } = villager
    const { replica } = person
    const judge = (id: Parameters<Person['standingOf']>[0]) => {
      const known = replica.state.devices.get(id)
      const standing = person.standingOf(id)
      return known && standing ? { device: known.device, standing } : null
    }
    villager.hub = hub.connect()
    villager.mesh = createMesh({
      coll: replica.coll,
      own: replica.own,
      hub: villager.hub,
      rtc: villager.rtc,
      clock: systemClock,
      random: systemRandom,
      judge,
    })
    const { mesh } = villager
    mesh.links.watch(() => relink(villager, mesh.links.read()))
    mesh.setPeers([...replica.state.devices.values()].map(({ id, device }) => ({ id, device })))
  }
  const relink = ({ person, attached }: Villager, links: readonly MetLink[]): void => {
    for (const [id, sync] of [...attached])
      if (!links.some((link) => link.id === id)) {
        sync.detach()
        attached.delete(id)
      }
    for (const link of links) if (!attached.has(link.id)) attached.set(link.id, person.syncing.attach(link))
  }

  const villagers = people.map((person): Villager => {
    person.syncing.stop()
    const villager = { person, rtc: createCountedRtc(), attached: new Map() } as unknown as Villager
    person.syncing = new Syncing(person.replica, systemClock, {
      mayLack: (neighbour, of) => villager.mesh.mayLack(neighbour, of),
    })
    person.replica.on({
      ledgerMoved: () => {
        for (const link of villager.mesh.links.read()) villager.attached.get(link.id)?.judge()
        villager.mesh.rejudge()
      },
    })
    begin(villager)
    return villager
  })
  return {
    villagers,
    reload: (villager) => {
      villager.mesh.stop()
      villager.hub.close()
      begin(villager)
    },
    forgetLog: () => {
      hub.log.length = 0
      hub.asked.length = 0
    },
    stop: () => {
      for (const { mesh, hub, person } of villagers) {
        mesh.stop()
        hub.close()
        person.syncing.stop()
        person.replica.close()
      }
    },
  }
}

/** Resolves when a watched value is as it should be. */
export const until = <T>(source: Watched<T>, holds: (value: T) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if (!holds(source.read())) return
      stop()
      resolve()
    }
    const stop = source.watch(look)
    queueMicrotask(look)
  })

/**
 * Resolves when this device holds a text, however often its document is built anew. What is held is told before it stands in
 * the document, which on a busy machine may be a while later.
 */
export const untilReads = (person: Person, text: string): Promise<void> =>
  new Promise((resolve) => {
    const { doc } = person.replica.documents
    let watched = doc.read()
    const look = () => {
      watched.off('update', look)
      watched = doc.read()
      if (!person.reads().includes(text)) return watched.on('update', look)
      stop()
      resolve()
    }
    const stop = doc.watch(look)
    queueMicrotask(look)
  })
