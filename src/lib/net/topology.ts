import { drawn, randomBelow, type Random } from '../core/clock.ts'
import type { DeviceId } from '../core/ids.ts'
import { MAX_ROSTER, type HeardOf } from '../wire/control.ts'

/** A link as far as it matters who is linked with whom. Only full ones count: nothing goes on through the others. */
export type Tie = { readonly peer: DeviceId; readonly full: boolean }

export type Plan = {
  /** Peers to be sought now. */
  readonly seek: ReadonlySet<DeviceId>
  /** Links too many: to be closed. */
  readonly drop: readonly DeviceId[]
  /** When to look again, if nothing happens before. Milliseconds since 1970. */
  readonly nextAt: number
}

export type Roster = { readonly linked: readonly DeviceId[]; readonly heard: readonly HeardOf[] }

/** Up to so many devices awake, this one included, everybody is linked with everybody. */
export const FULL_MESH = 8
/** Above that a device looks for more links below LOW, and lets go of some above HIGH. */
export const LOW = 5
export const HIGH = 6
/** Above this it lets go of links that no neighbour makes up for. */
const HIGHER = 8
/** A device never has more links than this for long, and answers no knock beyond. */
export const MOST = 12
/** Strangers to our present, tried at once. */
const PARALLEL = 6
/** How long each of them is given, doubling with every round in vain up to `most`. ms. */
const PATIENCE = { first: 3000, most: 60_000 }
/** Whoever was heard of within this time counts as awake. ms. */
export const AWAKE_MS = 120_000
/** How often somebody is knocked at that we need not, because they may sit on an island of their own. ms, and how many. */
const PROBE_MS = 25_000
const PROBES = 1
/** A link stays at least this long, and no two go within it. ms. */
const SETTLED_MS = 5000
/** How many others a roster tells of. */
const HEARD_TOLD = MAX_ROSTER

/**
 * Who should be linked with whom: a full mesh of few, a random graph of many in which each has five or six links. Knows
 * nothing of connections and has no clock of its own: it is told what happens, and asked what to do. See docs/adr/0040.
 */
export interface Topology {
  /** All devices one may be linked with. */
  setPeers(peers: readonly DeviceId[]): void
  setTies(ties: readonly Tie[], now: number): void
  /** A neighbour told whom it is linked with. `false`: it told nothing that was not known. */
  hear(from: DeviceId, roster: Roster, now: number): boolean
  /** A sign of life of somebody, over whatever way. */
  heardFrom(peer: DeviceId, now: number): void
  /** The page woke or the network came back: whoever was given up is tried again. */
  hasten(now: number): void
  plan(now: number): Plan
  /** What to tell neighbours. */
  roster(now: number): Roster
  /** Whether `neighbour`, by its own word, is linked with `other`. */
  reaches(neighbour: DeviceId, other: DeviceId): boolean
  /**
   * Whether `neighbour` may lack something fresh of `author` that came here over `from`: it is linked with neither, as far
   * as is known, so neither gives it. Where all are linked with all nothing is ever passed on.
   */
  mayLack(neighbour: DeviceId, of: { readonly author: DeviceId; readonly from: DeviceId }): boolean
  isAwake(peer: DeviceId, now: number): boolean
}

export const createTopology = (own: DeviceId, random: Random): Topology => {
  let peers: readonly DeviceId[] = []
  let known: ReadonlySet<DeviceId> = new Set()
  let ties = new Map<DeviceId, { readonly full: boolean; readonly since: number }>()
  const said = new Map<DeviceId, ReadonlySet<DeviceId>>()
  const heardAt = new Map<DeviceId, number>()
  const triedAt = new Map<DeviceId, number>()
  const sought = new Map<DeviceId, { readonly until: number; readonly probe: boolean }>()
  let patience = PATIENCE.first
  let left = 0 // how many are still to be tried before this round is over
  let probeAt = 0
  /** After a while away what was heard of others says little: whoever was near may be on the other side now. */
  let probesAll = false
  let droppedAt = 0

  const reaches = (neighbour: DeviceId, other: DeviceId) => said.get(neighbour)?.has(other) ?? false
  const fullTies = () => [...ties].filter(([, { full }]) => full)
  const isAwake = (peer: DeviceId, now: number) =>
    ties.has(peer) || now - (heardAt.get(peer) ?? Number.NEGATIVE_INFINITY) < AWAKE_MS
  const awakeUpTo = (most: number, now: number): number => {
    let count = 0
    for (const peer of peers) if (count < most && isAwake(peer, now)) count++
    return count
  }
  const noteHeard = (peer: DeviceId, at: number): boolean => {
    const before = heardAt.get(peer)
    if (before !== undefined && before >= at) return false
    heardAt.set(peer, at)
    return true
  }
  const anew = () => {
    patience = PATIENCE.first
    left = peers.length
  }

  /** Awake ones first, then whoever was not tried for longest; a different order on every device. */
  const candidates = (now: number, count: number): readonly DeviceId[] => {
    const free = peers.filter((peer) => !ties.has(peer) && !sought.has(peer))
    const awake = free.filter((peer) => isAwake(peer, now) && (triedAt.get(peer) ?? 0) < now - PATIENCE.first)
    const first = drawn(awake, count, random)
    if (first.length === count) return first
    const others = free.filter((peer) => !first.includes(peer))
    others.sort((x, y) => (triedAt.get(x) ?? 0) - (triedAt.get(y) ?? 0))
    return [...first, ...others.slice(0, count - first.length)]
  }

  const search = (now: number, wanted: number) => {
    for (const [peer, { until, probe }] of sought) {
      if (until > now && !ties.has(peer) && (probe || wanted > 0)) continue
      sought.delete(peer)
      if (probe || until > now) continue
      left -= 1
      if (left > 0) continue
      left = peers.length
      patience = Math.min(PATIENCE.most, patience * 2)
    }
    if (wanted <= 0) return
    const room = Math.min(PARALLEL, wanted * 2) - [...sought.values()].filter(({ probe }) => !probe).length
    if (room <= 0) return
    for (const peer of candidates(now, room)) begin(peer, { until: now + patience, probe: false }, now)
  }
  const begin = (peer: DeviceId, of: { readonly until: number; readonly probe: boolean }, now: number) => {
    sought.set(peer, of)
    triedAt.set(peer, now)
  }

  /** Whoever sits on an island of their own is not heard of here: so those are knocked at of whom nothing is known. */
  const probe = (now: number) => {
    if (now < probeAt) return
    const isFirst = probeAt === 0
    probeAt = now + PROBE_MS - randomBelow(random, 5000)
    if (isFirst) return
    const free = peers.filter((peer) => !ties.has(peer) && !sought.has(peer))
    const unheard = probesAll ? free : free.filter((peer) => !isAwake(peer, now))
    probesAll = false
    for (const peer of drawn(unheard, PROBES, random))
      begin(peer, { until: now + PATIENCE.first, probe: true }, now)
  }

  /** One that is not missed: its other end has enough without it, and best a neighbour goes on linking the two. */
  const surplus = (now: number): readonly DeviceId[] => {
    const full = fullTies()
    if (full.length <= HIGH || now - droppedAt < SETTLED_MS) return []
    const settled = full.filter(([, { since }]) => now - since >= SETTLED_MS)
    const rich = settled.filter(([peer]) => (said.get(peer)?.size ?? 0) > LOW)
    const doubled = rich.filter(([peer]) => full.some(([other]) => other !== peer && reaches(peer, other)))
    const from =
      doubled.length > 0
        ? doubled
        : full.length > MOST && rich.length === 0
          ? settled
          : full.length > HIGHER
            ? rich
            : []
    const peer = drawn(from, 1, random)[0]?.[0]
    if (peer === undefined) return []
    droppedAt = now
    return [peer]
  }

  return {
    setPeers: (now) => {
      peers = drawn(
        now.filter((peer) => peer !== own),
        now.length,
        random,
      )
      known = new Set(peers)
      for (const map of [said, heardAt, triedAt, sought])
        for (const peer of [...map.keys()]) if (!known.has(peer)) map.delete(peer)
      anew()
    },
    setTies: (all, now) => {
      const next = new Map(
        all.map(({ peer, full }) => [peer, { full, since: ties.get(peer)?.since ?? now }] as const),
      )
      for (const [peer] of ties) if (!next.has(peer)) heardAt.set(peer, now)
      if ([...next.keys()].some((peer) => !ties.has(peer))) anew()
      ties = next
      for (const peer of [...said.keys()]) if (!ties.get(peer)?.full) said.delete(peer)
    },
    hear: (from, { linked, heard }, now) => {
      if (!ties.get(from)?.full) return false
      said.set(from, new Set(linked))
      let news = false
      for (const peer of linked) {
        if (!known.has(peer)) continue
        if (!isAwake(peer, now)) news = true
        noteHeard(peer, now)
      }
      for (const { device, age } of heard) {
        if (!known.has(device)) continue
        const woke = !isAwake(device, now)
        if (noteHeard(device, now - age * 1000) && woke && isAwake(device, now)) news = true
      }
      if (news) anew()
      return news
    },
    heardFrom: (peer, now) => {
      if (known.has(peer)) noteHeard(peer, now)
    },
    hasten: (now) => {
      anew()
      probeAt = Math.min(probeAt, now)
      probesAll = true
      sought.clear()
      triedAt.clear()
    },
    plan: (now) => {
      const links = fullTies().length
      if (peers.length < FULL_MESH)
        return {
          seek: new Set(peers.filter((peer) => !ties.has(peer))),
          drop: [],
          nextAt: now + PROBE_MS,
        }
      const partial = awakeUpTo(FULL_MESH, now) === FULL_MESH // with this one, one more than that
      search(now, (partial ? LOW : FULL_MESH - 1) - links)
      if (partial) probe(now)
      const near = partial ? [] : peers.filter((peer) => !ties.has(peer) && isAwake(peer, now))
      const drop = partial ? surplus(now) : []
      const ends = [...sought.values()].map(({ until }) => until)
      return {
        seek: new Set([...sought.keys(), ...near]),
        drop,
        nextAt: Math.min(now + SETTLED_MS, ...ends),
      }
    },
    roster: (now) => {
      const linked = fullTies().map(([peer]) => peer)
      const others = peers.filter((peer) => !ties.has(peer) && isAwake(peer, now))
      return {
        linked: linked.slice(0, MAX_ROSTER),
        heard: drawn(others, HEARD_TOLD, random).map((device) => ({
          device,
          age: Math.max(0, Math.ceil((now - heardAt.get(device)!) / 1000)),
        })),
      }
    },
    reaches,
    mayLack: (neighbour, { author, from }) =>
      neighbour !== author && neighbour !== from && !reaches(neighbour, author) && !reaches(neighbour, from),
    isAwake,
  }
}
