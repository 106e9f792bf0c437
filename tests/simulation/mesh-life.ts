import type { Clock } from '../../src/lib/core/clock.ts'
import { deviceIdFrom, type DeviceId } from '../../src/lib/core/ids.ts'
import { createRelay, type Relay } from '../../src/lib/net/relay.ts'
import { createTopology, MOST, type Topology } from '../../src/lib/net/topology.ts'
import { BLOB_BYTES } from '../../src/lib/wire/rendezvous.ts'
import { seededRandom } from '../world/time.ts'
import { Dice } from './dice.ts'

/** A device as far as it matters who is linked with whom and what comes through: topology and relay are the real ones. */
export type Villager = {
  readonly id: DeviceId
  readonly topology: Topology
  readonly relay: Relay
  awake: boolean
  /** On which side of a cut network it is. */
  side: number
  readonly ties: Map<Villager, Tie>
  seeks: ReadonlySet<DeviceId>
  readonly holds: Map<number, number>
  mostTies: number
  trying: number
  plan: () => void
}

type Tie = { open: boolean }

export type MeshLifeOptions = {
  readonly count: number
  readonly seed: number
  /** Whether there is a hub that passes notes between any two who reach it. */
  readonly hub: boolean
  /** One in so many notes is lost, and one in so many messages of a link comes late. */
  readonly lossOneIn?: number
}

const LATENCY_MS = 40
const LATE_MS = 300
const CONNECT_MS = 400
/** As in link.ts, mesh.ts, peer.ts and syncing.ts. */
const SILENCE_MS = 12_000
const ROSTER_SOON_MS = 100
const ROSTER_MS = 20_000
const KNOCK = { first: 1000, most: 6000 }
const TELL_MS = 1000

/** Many devices of one collective, by the dice of a seed: who wakes, who leaves without a word, what is lost. */
export class MeshLife {
  readonly villagers: readonly Villager[]
  /** What went over links: fresh edits, and words about what is held. Notes and rosters apart. */
  readonly messages = { edits: 0, haves: 0, rosters: 0, notes: 0 }
  readonly #queue = new Queue()
  readonly #dice: Dice
  readonly #options: MeshLifeOptions
  readonly #byId = new Map<DeviceId, Villager>()
  readonly #telling = new Set<Villager>()
  readonly #rostering = new Set<Villager>()
  readonly #planning = new Set<Villager>()
  readonly #mailboxes = new Set<string>()
  #now = 1_000_000
  #edits = 0
  #notes = 0

  constructor(options: MeshLifeOptions) {
    this.#options = options
    this.#dice = new Dice(options.seed)
    this.villagers = Array.from({ length: options.count }, (_, i) => this.#villager(i))
    const ids = this.villagers.map(({ id }) => id)
    for (const villager of this.villagers) {
      this.#byId.set(villager.id, villager)
      villager.topology.setPeers(ids)
    }
  }

  get now(): number {
    return this.#now
  }

  live(ms: number): void {
    const until = this.#now + ms
    for (let next = this.#queue.take(until); next; next = this.#queue.take(until)) {
      this.#now = next.at
      next.then()
    }
    this.#now = until
  }

  wakes(villager: Villager): void {
    if (villager.awake) return
    villager.awake = true
    villager.topology.hasten(this.#now)
    villager.plan()
    this.#tellsRosterAgain(villager)
  }

  /** Without a word: others notice by its silence. */
  sleeps(villager: Villager): void {
    villager.awake = false
    const ties = [...villager.ties]
    villager.ties.clear()
    this.#tied(villager)
    for (const [other, tie] of ties) {
      tie.open = false
      this.#after(SILENCE_MS, () => this.#loses(other, villager, tie))
    }
  }

  /** Scanned each other. */
  meet(a: Villager, b: Villager): void {
    this.#connects(a, b)
  }

  /** The network is cut in two: everything between the sides is lost until it is healed. */
  cut(): void {
    this.villagers.forEach((villager, i) => (villager.side = i % 2))
    for (const villager of this.villagers)
      for (const [other, tie] of [...villager.ties]) {
        if (other.side === villager.side) continue
        tie.open = false
        this.#after(SILENCE_MS, () => {
          this.#loses(villager, other, tie)
          this.#loses(other, villager, tie)
        })
      }
  }

  healed(): void {
    for (const villager of this.villagers) villager.side = 0
  }

  /** Somebody writes something. Gives its number. */
  writes(villager: Villager): number {
    const edit = this.#edits++
    villager.holds.set(edit, this.#now)
    for (const to of villager.ties.keys()) this.#gives(villager, to, edit, villager)
    this.#tellsSoon(villager)
    return edit
  }

  /** How many devices can be reached from one that is awake. */
  island(from: Villager): number {
    const reached = new Set([from])
    for (const one of reached) for (const [other, tie] of one.ties) if (tie.open) reached.add(other)
    return reached.size
  }

  #villager(i: number): Villager {
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(0, i + 1)
    const id = deviceIdFrom(bytes)!
    const random = seededRandom(this.#options.seed * 7919 + i)
    const topology = createTopology(id, random)
    const clock: Clock = {
      now: () => this.#now,
      after: (ms, then) => this.#after(ms, then),
    }
    const villager: Villager = {
      id,
      topology,
      relay: createRelay({
        own: id,
        clock,
        random,
        neighbours: () => [...villager.ties.keys()].map((other) => other.id),
        reaches: topology.reaches,
        isAwake: (peer) => topology.isAwake(peer, this.#now),
        send: (neighbour, note) => {
          const other = this.#byId.get(neighbour)!
          this.messages.notes++
          this.#over(villager, other, () => other.relay.take(id, note))
        },
      }),
      awake: false,
      side: 0,
      ties: new Map(),
      seeks: new Set(),
      holds: new Map(),
      mostTies: 0,
      trying: 0,
      plan: () => this.#plans(villager),
    }
    return villager
  }

  #plans(villager: Villager): void {
    if (!villager.awake) return
    const { seek, drop, nextAt } = villager.topology.plan(this.#now)
    const before = villager.seeks
    villager.seeks = seek
    for (const peer of seek) if (!before.has(peer)) this.#knocks(villager, this.#byId.get(peer)!, 0)
    for (const peer of drop) {
      const other = this.#byId.get(peer)!
      const tie = villager.ties.get(other)
      if (!tie) continue
      tie.open = false
      this.#loses(villager, other, tie)
      this.#after(LATENCY_MS, () => this.#loses(other, villager, tie))
    }
    const mine = (villager.plan = () => {
      if (villager.plan === mine) this.#plans(villager)
    })
    this.#after(nextAt - this.#now, mine)
  }

  #plansSoon(villager: Villager): void {
    if (this.#planning.has(villager)) return
    this.#planning.add(villager)
    this.#after(0, () => {
      this.#planning.delete(villager)
      villager.plan()
    })
  }

  #knocks(from: Villager, to: Villager, tries: number): void {
    if (!from.awake || !from.seeks.has(to.id) || from.ties.has(to)) return
    const mailbox = new Uint8Array(32)
    mailbox.set(
      from.id
        .slice(0, 8)
        .match(/../g)!
        .map((pair) => Number.parseInt(pair, 16)),
    )
    mailbox.set(
      to.id
        .slice(0, 8)
        .match(/../g)!
        .map((pair) => Number.parseInt(pair, 16)),
      4,
    )
    const name = `${from.id} ${to.id}`
    if (!this.#mailboxes.has(name)) {
      this.#mailboxes.add(name)
      to.relay.subscribe(mailbox, () => this.#hearsKnock(to, from))
    }
    if (this.#options.hub && to.awake && to.side === from.side && !this.#isLost()) {
      this.messages.notes++
      this.#after(LATENCY_MS, () => this.#hearsKnock(to, from))
    }
    const blob = new Uint8Array(BLOB_BYTES)
    new DataView(blob.buffer).setUint32(0, ++this.#notes)
    from.relay.put(to.id, mailbox, blob)
    const wait = Math.min(KNOCK.most, KNOCK.first * 2 ** tries)
    this.#after(wait / 2 + this.#dice.below(wait / 2), () => this.#knocks(from, to, tries + 1))
  }

  #hearsKnock(to: Villager, from: Villager): void {
    if (!to.awake) return
    to.topology.heardFrom(from.id, this.#now)
    if (to.ties.has(from) || !(to.seeks.has(from.id) || to.ties.size + to.trying < MOST)) return
    to.trying++
    this.#after(CONNECT_MS, () => {
      to.trying--
      this.#connects(to, from)
    })
  }

  #connects(a: Villager, b: Villager): void {
    if (!a.awake || !b.awake || a.side !== b.side || a.ties.has(b) || b.ties.has(a)) return
    const tie = { open: true }
    a.ties.set(b, tie)
    b.ties.set(a, tie)
    for (const one of [a, b]) {
      this.#tied(one)
      this.#tellsSoon(one)
    }
  }

  #loses(villager: Villager, other: Villager, tie: Tie): void {
    if (villager.ties.get(other) !== tie) return
    villager.ties.delete(other)
    villager.relay.forget(other.id)
    this.#tied(villager)
  }

  #tied(villager: Villager): void {
    villager.mostTies = Math.max(villager.mostTies, villager.ties.size)
    villager.topology.setTies(
      [...villager.ties.keys()].map(({ id }) => ({ peer: id, full: true })),
      this.#now,
    )
    if (!this.#rostering.has(villager)) {
      this.#rostering.add(villager)
      this.#after(ROSTER_SOON_MS, () => {
        this.#rostering.delete(villager)
        this.#tellsRoster(villager)
      })
    }
    this.#plansSoon(villager)
  }

  #tellsRoster(villager: Villager): void {
    if (!villager.awake) return
    const roster = villager.topology.roster(this.#now)
    for (const other of villager.ties.keys()) {
      this.messages.rosters++
      this.#over(villager, other, () => {
        if (other.topology.hear(villager.id, roster, this.#now)) this.#plansSoon(other)
      })
    }
  }

  #tellsRosterAgain(villager: Villager): void {
    this.#after(ROSTER_MS + this.#dice.below(ROSTER_MS / 2), () => {
      if (!villager.awake) return
      this.#tellsRoster(villager)
      this.#tellsRosterAgain(villager)
    })
  }

  /** An edit goes over a link, and on from there where it may be lacking. */
  #gives(from: Villager, to: Villager, edit: number, author: Villager): void {
    this.messages.edits++
    this.#over(from, to, () => {
      if (to.holds.has(edit)) return
      to.holds.set(edit, this.#now)
      for (const next of to.ties.keys())
        if (to.topology.mayLack(next.id, { author: author.id, from: from.id }))
          this.#gives(to, next, edit, author)
      this.#tellsSoon(to)
    })
  }

  /** What is held is said to neighbours, at most once a second; whoever lacks some of it gets it. */
  #tellsSoon(villager: Villager): void {
    if (this.#telling.has(villager)) return
    this.#telling.add(villager)
    this.#after(TELL_MS, () => {
      this.#telling.delete(villager)
      for (const other of villager.ties.keys()) {
        this.messages.haves++
        const held = [...villager.holds.keys()]
        this.#over(villager, other, () => {
          const lacking = held.filter((edit) => !other.holds.has(edit))
          if (lacking.length === 0) return
          this.messages.haves++
          this.#over(other, villager, () => {
            for (const edit of lacking) this.#gives(villager, other, edit, villager)
          })
        })
      }
    })
  }

  /** Over a link: in the end, or not at all when it breaks before. */
  #over(from: Villager, to: Villager, arrives: () => void): void {
    const tie = from.ties.get(to)
    this.#after(LATENCY_MS + (this.#isLost() ? LATE_MS : 0), () => {
      if (tie?.open && to.ties.get(from) === tie) arrives()
    })
  }

  #isLost(): boolean {
    const { lossOneIn } = this.#options
    return lossOneIn !== undefined && this.#dice.once(lossOneIn)
  }

  #after(ms: number, then: () => void): () => void {
    const event = { at: this.#now + ms, then }
    this.#queue.put(event)
    return () => {
      event.then = () => {}
    }
  }
}

type Event = { readonly at: number; then: () => void; order?: number }

/** What falls due, the earliest first, and of two at once the one that was put first. */
class Queue {
  readonly #heap: Event[] = []
  #order = 0

  put(event: Event): void {
    event.order = this.#order++
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(heap[at]!, heap[parent]!)) break
      ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
      at = parent
    }
  }

  take(until: number): Event | null {
    const heap = this.#heap
    const first = heap[0]
    if (!first || first.at > until) return null
    const last = heap.pop()!
    if (last === first) return first
    heap[0] = last
    for (let at = 0; ;) {
      const children = [2 * at + 1, 2 * at + 2].filter((child) => child < heap.length)
      const child = children.reduce((x, y) => (isBefore(heap[y]!, heap[x]!) ? y : x), children[0] ?? -1)
      if (child < 0 || !isBefore(heap[child]!, heap[at]!)) return first
      ;[heap[at], heap[child]] = [heap[child]!, heap[at]!]
      at = child
    }
  }
}

const isBefore = (x: Event, y: Event) => x.at < y.at || (x.at === y.at && x.order! < y.order!)
