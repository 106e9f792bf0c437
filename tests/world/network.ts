import type { DeviceId } from '../../src/lib/core/ids.ts'
import type { Link, StreamName } from '../../src/lib/sync/ports.ts'

/**
 * A network in memory. Messages wait in queues until the test lets them run, so that nothing depends on time: `settle`
 * delivers until nobody has anything left to say. Links can be cut and made again; a cut link is gone, as in life.
 */
export class Network {
  readonly #links = new Set<MemoryLink>()
  /** Everything that ever travelled, for tests that look for what must not. */
  readonly traffic: Uint8Array[] = []
  /** The same, with whom it was for. */
  readonly sent: { readonly to: DeviceId; readonly message: Uint8Array }[] = []

  /** A pair of links between two devices, one end each. */
  connect(a: DeviceId, b: DeviceId): readonly [MemoryLink, MemoryLink] {
    const left = new MemoryLink(this, b)
    const right = new MemoryLink(this, a)
    left.other = right
    right.other = left
    this.#links.add(left).add(right)
    return [left, right]
  }

  drop(link: MemoryLink): void {
    this.#links.delete(link)
  }

  /** Every open link end, in the order they were made. */
  all(): readonly MemoryLink[] {
    return [...this.#links]
  }

  /** Link ends at which something waits, in the order they were made. */
  busy(): readonly MemoryLink[] {
    return [...this.#links].filter(({ waiting }) => waiting > 0)
  }

  /** Delivers everything, and what it leads to, until it is quiet. */
  async settle(rounds = 10_000): Promise<void> {
    let quiet = 0
    for (let round = 0; round < rounds && quiet < 3; round++) {
      await new Promise((resume) => setImmediate(resume))
      const moved = [...this.#links].map((link) => link.deliver()).some(Boolean)
      quiet = moved ? 0 : quiet + 1
    }
    if (quiet < 3) throw new Error('the network never became quiet')
  }
}

let made = 0

export class MemoryLink implements Link {
  readonly id = `link-${made++}`
  readonly peer: DeviceId
  other: MemoryLink | null = null
  readonly #network: Network
  /** What was delivered here lately, for a peer that says things twice. */
  readonly #heard: { readonly stream: StreamName; readonly message: Uint8Array }[] = []
  readonly #inbox: { readonly stream: StreamName; readonly message: Uint8Array }[] = []
  readonly #handlers = new Map<StreamName, (message: Uint8Array) => void>()
  readonly #onClosed: (() => void)[] = []
  #open = true

  constructor(network: Network, peer: DeviceId) {
    this.#network = network
    this.peer = peer
  }

  send(stream: StreamName, message: Uint8Array): void {
    if (!this.#open || !this.other) return
    this.#network.traffic.push(message.slice())
    this.#network.sent.push({ to: this.peer, message: message.slice() })
    this.other.#inbox.push({ stream, message: message.slice() })
  }

  drained(): Promise<void> {
    return Promise.resolve()
  }

  receive(stream: StreamName, handler: (message: Uint8Array) => void): () => void {
    this.#handlers.set(stream, handler)
    return () => void this.#handlers.delete(stream)
  }

  /** How many messages wait to be delivered at this end. */
  get waiting(): number {
    return this.#inbox.length
  }

  deliver(atMost = Number.POSITIVE_INFINITY): boolean {
    const ready = this.#inbox.splice(0, atMost)
    for (const { stream, message } of ready) this.#handlers.get(stream)?.(message)
    this.#heard.push(...ready)
    this.#heard.splice(0, this.#heard.length - 64)
    return ready.length > 0
  }

  /** How many messages could come again. */
  get heard(): number {
    return this.#heard.length
  }

  /** The peer says something again that it said before, word for word. */
  repeat(which: number): void {
    const said = this.#heard[which]
    if (said && this.#open) this.#handlers.get(said.stream)?.(said.message.slice())
  }

  /** What waits on one stream goes before what waits on the others: only within a stream is there an order. */
  prefer(stream: StreamName): void {
    const [first, rest] = [true, false].map((is) =>
      this.#inbox.filter((one) => (one.stream === stream) === is),
    )
    this.#inbox.splice(0, this.#inbox.length, ...first!, ...rest!)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#network.drop(this)
    for (const then of this.#onClosed.splice(0)) then()
    this.other?.close()
  }

  closed(then: () => void): void {
    if (this.#open) this.#onClosed.push(then)
    else then()
  }
}
