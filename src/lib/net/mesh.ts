import { randomBelow } from '../core/clock.ts'
import type { DeviceId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { createGate } from './gate.ts'
import { createPeer, type Peer } from './peer.ts'
import type { Mesh, MeshOptions, MetLink } from './types.ts'

/** All devices of a waking network do not knock in the same instant. ms. */
const JITTER_MS = 250

/** A link to every peer, found through the hub. For collectives of up to some eight devices awake at once. */
export const createMesh = (options: MeshOptions): Mesh => {
  const { own, hub, clock, random } = options
  const gate = createGate(clock)
  const links = new Cell<readonly MetLink[]>([])
  const trying = new Cell(0)
  let peers = new Map<DeviceId, Peer>()

  const publish = () => {
    const now = [...peers.values()].flatMap((peer) => peer.link() ?? [])
    const before = links.read()
    if (now.length !== before.length || now.some((link, i) => link !== before[i])) links.set(now)
    trying.set([...peers.values()].filter((peer) => peer.connecting()).length)
  }
  const wake = () => peers.forEach((peer) => peer.seek(randomBelow(random, JITTER_MS)))
  // What a hub held for us is gone when it comes back: whoever is missing is asked again.
  const unwatch = hub.state.watch(() => {
    if (hub.state.read() === 'open') wake()
  })

  return {
    links,
    trying,
    setPeers: (wanted) => {
      const next = new Map<DeviceId, Peer>()
      const fresh: Peer[] = []
      for (const { id, device } of wanted) {
        if (id === own.id || next.has(id)) continue
        const peer =
          peers.get(id) ?? createPeer({ ...options, gate, peer: { id, device }, onChange: publish })
        if (!peer) continue
        if (!peers.has(id)) fresh.push(peer)
        next.set(id, peer)
      }
      const left = [...peers].filter(([id]) => !next.has(id))
      peers = next
      for (const [, peer] of left) peer.stop()
      publish()
      for (const peer of fresh) peer.seek(0)
    },
    adopt: (owned) => {
      const peer = peers.get(owned.link.peer)
      if (peer) peer.adopt(owned)
      else owned.link.close()
    },
    rejudge: () => peers.forEach((peer) => peer.rejudge()),
    wake,
    stop: () => {
      unwatch()
      const all = [...peers.values()]
      peers = new Map()
      for (const peer of all) peer.stop()
      publish()
    },
  }
}
