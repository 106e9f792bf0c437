import type { Clock } from '../lib/core/clock.ts'
import { encodeHubAnswer, parseHubRequest, type HubAnswer, type HubRequest } from '../lib/wire/hub.ts'
import { fullOf, ONE, refilled } from './bucket.ts'
import { MOST_WAITING, type Line, type Listener } from './line.ts'
import type { Mailboxes, Watcher } from './mailboxes.ts'
import type { Ends, Pipes } from './pipes.ts'
import type { Tap } from './tap.ts'

/** Codes of `refused`. Spec: wire.md §3. */
export const NOT_UNDERSTOOD = 0
export const TOO_OFTEN = 1
export const TOO_MANY_MAILBOXES = 2

/** A device that comes back puts two knocks (two days) for each of a few dozen others; a person cannot outrun this. */
const PUTS = { burst: 256, perSecond: 16 }
/** Any message at all, also one we refuse: beyond this nobody is asking for anything. What flows in a pipe is bounded there. */
const MESSAGES = { burst: 2048, perSecond: 64 }
/** The open connections. Nothing of them is written down: not where they come from, not what they ask for. */
export interface Clients {
  welcome(line: Line): void
  /** Asks all of them whether they are there: in one round, for a timer for each would be a good part of what it costs. */
  ask(): void
  /** Says goodbye to all. Resolves when the last is gone, after `graceMs` at the latest. */
  dismiss(graceMs: number): Promise<void>
}

export type ClientsOptions = {
  readonly mailboxes: Mailboxes
  readonly pipes: Pipes
  readonly clock: Clock
  readonly tap: Tap
  /** Told of every line that is over. */
  readonly gone?: (line: Line) => void
}

export const createClients = ({ gone, ...options }: ClientsOptions): Clients => {
  const clients = new Set<Client>()
  let whenEmpty = (): void => {}
  const post: Post = {
    ...options,
    since: options.clock.now(),
    left: (client) => {
      clients.delete(client)
      gone?.(client.line)
      if (clients.size === 0) whenEmpty()
    },
  }

  return {
    welcome: (line) => {
      const client = new Client(line, post)
      clients.add(client)
      line.hear(client)
    },
    ask: () => {
      for (const { line } of clients) line.ask()
    },
    dismiss: (graceMs) =>
      new Promise((resolve) => {
        if (clients.size === 0) return resolve()
        const callOff = options.clock.after(graceMs, () => clients.forEach(({ line }) => line.cut()))
        whenEmpty = () => {
          callOff()
          resolve()
        }
        for (const { line } of clients) line.dismiss('going away')
      }),
  }
}

/** What all of them share. `since`: times are counted from here, which keeps them small. */
type Post = Omit<ClientsOptions, 'gone'> & {
  readonly since: number
  readonly left: (client: Client) => void
}

/** One of them. A class, because a hub has a thousand, and what they share lies in its methods once. */
class Client implements Listener, Watcher {
  readonly line: Line
  readonly #post: Post
  // What their rates leave. Whole numbers beside each other: two buckets would be three times as much.
  #puts = fullOf(PUTS)
  #messages = fullOf(MESSAGES)
  #filledAt: number
  /** Most never need a pipe. */
  #ends: Ends | null = null

  constructor(line: Line, post: Post) {
    this.line = line
    this.#post = post
    this.#filledAt = post.clock.now() - post.since
  }

  deliver(mailbox: Uint8Array, blob: Uint8Array): void {
    this.#answer({ type: 'blob', mailbox, blob })
  }

  leave(): void {
    this.#post.mailboxes.leave(this)
    this.#ends?.leave()
    this.#post.left(this)
  }

  take(frame: Uint8Array | null): void {
    if (frame) {
      this.#post.tap.frame('in', frame)
      this.#obey(frame)
    } else if (this.#maySpeak()) this.#refuse(NOT_UNDERSTOOD)
    else this.line.dismiss('too much')
  }

  #obey(frame: Uint8Array): void {
    const request = parseHubRequest(frame)
    // What flows in an open pipe has a bound of its own; everything else counts.
    const flows = request.ok && isFlow(request.value) && this.#ends?.flows(request.value.pipe) === true
    if (!flows && !this.#maySpeak()) return this.line.dismiss('too much')
    if (!request.ok) return this.#refuse(NOT_UNDERSTOOD)
    const { mailboxes, pipes } = this.#post
    const { value } = request
    switch (value.type) {
      case 'subscribe':
        return mailboxes.watch(this, value.mailbox) ? undefined : this.#refuse(TOO_MANY_MAILBOXES)
      case 'unsubscribe':
        return mailboxes.unwatch(this, value.mailbox)
      case 'put':
        return this.#mayPut() ? mailboxes.put(value.mailbox, value.blob) : this.#refuse(TOO_OFTEN)
      case 'open':
        if (!this.#mayPut()) return this.#refuse(TOO_OFTEN)
        this.#ends ??= pipes.enter((message) => this.#answer(message))
        return this.#ends.open(value.pipe, value.name)
      default:
        return this.#ends?.pass(value)
    }
  }

  #answer(message: HubAnswer): void {
    if (this.line.waiting() > MOST_WAITING) return this.line.cut()
    const frame = encodeHubAnswer(message)
    this.#post.tap.frame('out', frame)
    this.line.send(frame)
  }

  #refuse(code: number): void {
    this.#answer({ type: 'refused', code })
  }

  #maySpeak(): boolean {
    this.#refill()
    if (this.#messages < ONE) return false
    this.#messages -= ONE
    return true
  }

  #mayPut(): boolean {
    this.#refill()
    if (this.#puts < ONE) return false
    this.#puts -= ONE
    return true
  }

  #refill(): void {
    const now = this.#post.clock.now() - this.#post.since
    const ms = now - this.#filledAt
    this.#puts = refilled(PUTS, this.#puts, ms)
    this.#messages = refilled(MESSAGES, this.#messages, ms)
    this.#filledAt = now
  }
}

const isFlow = (request: HubRequest): request is Extract<HubRequest, { type: 'frame' | 'credit' }> =>
  request.type === 'frame' || request.type === 'credit'
