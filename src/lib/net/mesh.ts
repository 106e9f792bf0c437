import { randomBelow } from '../core/clock.ts'
import type { DeviceId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { encodeControlMessage, parseControlMessage, type ControlMessage } from '../wire/control.ts'
import { createGate } from './gate.ts'
import { createPeer, type Peer } from './peer.ts'
import { createRelay } from './relay.ts'
import { createSpareRoom } from './spare.ts'
import { createTopology, MOST } from './topology.ts'
import type { Hub, Mesh, MeshOptions, MetLink, PresencePort } from './types.ts'

/** All devices of a waking network do not knock in the same instant. ms. */
const JITTER_MS = 250
/** What changes together is told together. ms. */
const TELL_MS = 100
/** Neighbours are told again now and then whom this device heard of. ms, and as much as half more by chance. */
const TELL_AGAIN_MS = 20_000
/** After the network changed neighbours are told at once, and again after so long. ms. */
const TELL_TWICE_MS = 1000
/** A link that has lived so long, with no hub to fall back on, is given a spare; and so many of them at a time. ms. */
const SPARE_AFTER_MS = 1000
const SPARES_SOUGHT = 3
/** Somebody heard of within this time is sought often. ms. */
const NEAR_MS = 600_000

export const createMesh = (options: MeshOptions): Mesh => {
  const { own, hub, clock, random } = options
  const gate = createGate(clock)
  const spareRoom = createSpareRoom(clock)
  const links = new Cell<readonly MetLink[]>([])
  const trying = new Cell(0)
  const topology = createTopology(own.id, random)
  const signs = new Map<DeviceId, number>()
  const heardOn = new Set<MetLink>()
  let peers = new Map<DeviceId, Peer>()
  let onPresence: Parameters<PresencePort['receive']>[0] = () => {}
  let callOffPlan = () => {}
  let callOffTelling = () => {}
  let callOffSpares = () => {}
  let tellingSoon = false
  let stopped = false

  const isFull = (link: MetLink) => link.standing.read() === 'full'
  const full = () => links.read().filter(isFull)
  const say = (link: MetLink, message: ControlMessage) => {
    if (isFull(link)) link.send('control', encodeControlMessage(message))
  }
  const relay = createRelay({
    own: own.id,
    clock,
    random,
    neighbours: () => full().map(({ peer }) => peer),
    reaches: topology.reaches,
    isAwake: (peer) => topology.isAwake(peer, clock.now()),
    send: (neighbour, note) => {
      const link = full().find(({ peer }) => peer === neighbour)
      if (link) say(link, { type: 'note', note })
    },
  })

  const sign = (peer: DeviceId) => {
    signs.set(peer, clock.now())
    topology.heardFrom(peer, clock.now())
  }
  const hear = (link: MetLink, bytes: Uint8Array) => {
    if (!isFull(link)) return
    const message = parseControlMessage(bytes)
    if (!message.ok) return
    switch (message.value.type) {
      case 'roster':
        if (topology.hear(link.peer, message.value, clock.now())) planSoon()
        return
      case 'note':
        return relay.take(link.peer, message.value.note)
      case 'presence':
        return onPresence(link, message.value.presences)
      case 'spare':
        return peers.get(link.peer)?.takeSpare(link, message.value.card)
    }
  }

  /** To one peer over every way there is: the hub, and whoever has a link to it. */
  const waysTo = (peer: DeviceId): Hub => ({
    state: hub.state,
    subscribe: (mailbox, handler) => {
      const stops = [hub.subscribe(mailbox, handler), relay.subscribe(mailbox, handler)]
      return () => stops.forEach((stop) => stop())
    },
    put: (mailbox, blob) => {
      hub.put(mailbox, blob)
      relay.put(peer, mailbox, blob)
    },
    wake: () => hub.wake?.(),
    ...(hub.pipe && { pipe: (request) => hub.pipe!(request) }),
    close: () => {},
  })

  const publish = () => {
    const now = [...peers.values()].flatMap((peer) => peer.link() ?? [])
    const before = links.read()
    const gone = before.filter((link) => !now.includes(link))
    for (const link of now)
      if (!heardOn.has(link)) {
        heardOn.add(link)
        link.receive('control', (bytes) => hear(link, bytes))
      }
    for (const link of gone) {
      heardOn.delete(link)
      relay.forget(link.peer)
    }
    if (gone.length > 0 || now.length !== before.length) links.set(now)
    trying.set([...peers.values()].filter((peer) => peer.connecting()).length)
    tie()
  }
  /** The topology learns of links as they are now, and what follows from it is done. */
  let tied = ''
  const tie = () => {
    const ties = links.read().map((link) => ({ peer: link.peer, full: isFull(link) }))
    const now = links
      .read()
      .map((link) => `${link.id} ${isFull(link)}`)
      .join()
    if (now === tied) return
    tied = now
    for (const { peer } of ties) signs.set(peer, clock.now())
    topology.setTies(ties, clock.now())
    tellSoon()
    planSoon()
    keepSparesSoon()
  }

  /**
   * Where a hub is open whoever is lost is found again there. A neighbour would do as well, but when the network itself
   * goes all neighbours are lost at once; whoever is back brings the others. Those come first whom no neighbour reaches.
   */
  const keepSpares = () => {
    if (stopped || hub.state.read() === 'open') return
    const near = full().map(({ peer }) => peer)
    const alone = near.filter((peer) => !near.some((other) => topology.reaches(other, peer)))
    const inOrder = [...new Set([...alone, ...near])]
    for (const peer of inOrder.slice(0, SPARES_SOUGHT)) peers.get(peer)?.keepSpare()
  }
  const keepSparesSoon = () => {
    callOffSpares()
    if (!stopped) callOffSpares = clock.after(SPARE_AFTER_MS, keepSpares)
  }

  const plan = () => {
    callOffPlan()
    if (stopped) return
    const { seek, drop, nextAt } = topology.plan(clock.now())
    for (const [id, peer] of peers)
      if (seek.has(id)) peer.seek()
      else peer.rest()
    callOffPlan = clock.after(Math.max(1, nextAt - clock.now()), plan)
    for (const id of drop) peers.get(id)?.drop()
  }
  const planSoon = () => {
    callOffPlan()
    if (!stopped) callOffPlan = clock.after(0, plan)
  }

  const tell = () => {
    callOffTelling()
    tellingSoon = false
    if (stopped) return
    const roster = topology.roster(clock.now())
    for (const link of full()) say(link, { type: 'roster', ...roster })
    callOffTelling = clock.after(TELL_AGAIN_MS + randomBelow(random, TELL_AGAIN_MS / 2), tell)
  }
  const tellSoon = () => {
    if (tellingSoon || stopped) return
    tellingSoon = true
    callOffTelling()
    callOffTelling = clock.after(TELL_MS, tell)
  }

  const wake = () => {
    topology.hasten(clock.now())
    plan()
    peers.forEach((peer) => peer.hasten(randomBelow(random, JITTER_MS)))
  }
  // What a hub held for us is gone when it comes back: whoever is missing is asked again.
  const unwatch = hub.state.watch(() => {
    if (hub.state.read() === 'open') wake()
    else keepSparesSoon()
  })
  tell()

  return {
    links,
    trying,
    mayLack: topology.mayLack,
    presence: {
      receive: (handler) => {
        onPresence = handler
      },
      send: (to, presences) => say(to, { type: 'presence', presences }),
      isPartial: () =>
        [...peers.keys()].some((id) => topology.isAwake(id, clock.now()) && !peers.get(id)?.link()),
    },
    setPeers: (wanted) => {
      const next = new Map<DeviceId, Peer>()
      for (const { id, device } of wanted) {
        if (id === own.id || next.has(id)) continue
        const peer =
          peers.get(id) ??
          createPeer({
            ...options,
            gate,
            spareRoom,
            tellSpare: (link, card) => say(link, { type: 'spare', card }),
            hub: waysTo(id),
            peer: { id, device },
            onChange: publish,
            onSign: () => sign(id),
            isNear: () => clock.now() - (signs.get(id) ?? Number.NEGATIVE_INFINITY) < NEAR_MS,
            hasRoom: () => links.read().length + trying.read() < MOST,
          })
        if (peer) next.set(id, peer)
      }
      const left = [...peers].filter(([id]) => !next.has(id))
      const isSame = left.length === 0 && next.size === peers.size
      peers = next
      for (const [, peer] of left) peer.stop()
      publish()
      if (isSame) return
      topology.setPeers([...next.keys()])
      plan()
    },
    adopt: (owned) => {
      const peer = peers.get(owned.link.peer)
      if (peer) peer.adopt(owned)
      else owned.link.close()
    },
    rejudge: () => {
      peers.forEach((peer) => peer.rejudge())
      tie()
    },
    wake,
    networkChanged: () => {
      // Whoever hears this over a link that still leads somewhere need not doubt it: a wifi that is back is so for all,
      // though not for all in the same instant.
      tell()
      clock.after(TELL_TWICE_MS, tell)
      peers.forEach((peer) => peer.doubt())
      wake()
    },
    stop: () => {
      unwatch()
      stopped = true
      callOffPlan()
      callOffTelling()
      callOffSpares()
      const all = [...peers.values()]
      peers = new Map()
      for (const peer of all) peer.stop()
      publish()
    },
  }
}
