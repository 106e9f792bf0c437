import type { Clock } from '../lib/core/clock.ts'
import { encodeHubAnswer, parseHubRequest, type HubAnswer, type HubRequest } from '../lib/wire/hub.ts'
import { Bucket } from './bucket.ts'
import type { Line } from './line.ts'
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
/** What may wait for a slow reader, bytes: all its pipes full, and some notes. One who lets more pile up is cut off. */
const BACKLOG = 3 * 1024 * 1024

/** The open connections. Nothing of them is written down: not where they come from, not what they ask for. */
export interface Clients {
  welcome(line: Line, gone: () => void): void
  /** Says goodbye to all. Resolves when the last is gone, after `graceMs` at the latest. */
  dismiss(graceMs: number): Promise<void>
}

export type ClientsOptions = {
  readonly mailboxes: Mailboxes
  readonly pipes: Pipes
  readonly clock: Clock
  readonly tap: Tap
}

export const createClients = (options: ClientsOptions): Clients => {
  const lines = new Set<Line>()

  return {
    welcome: (line, gone) => {
      lines.add(line)
      const client = new Client(line, options)
      line.closed(() => {
        client.leave()
        lines.delete(line)
        gone()
      })
    },
    dismiss: (graceMs) =>
      new Promise((resolve) => {
        if (lines.size === 0) return resolve()
        const callOff = options.clock.after(graceMs, () => lines.forEach((line) => line.cut()))
        for (const line of lines) {
          line.closed(() => {
            if (lines.size > 0) return
            callOff()
            resolve()
          })
          line.close('going away')
        }
      }),
  }
}

/** One of them. A class, because a hub has a thousand, and what they share lies in its methods once. */
class Client implements Watcher {
  readonly #line: Line
  readonly #post: ClientsOptions
  readonly #puts: Bucket
  readonly #messages: Bucket
  /** Most never need a pipe. */
  #ends: Ends | null = null

  constructor(line: Line, post: ClientsOptions) {
    this.#line = line
    this.#post = post
    this.#puts = new Bucket(PUTS, post.clock)
    this.#messages = new Bucket(MESSAGES, post.clock)
    line.receive((frame) => this.#take(frame))
  }

  deliver(mailbox: Uint8Array, blob: Uint8Array): void {
    this.#answer({ type: 'blob', mailbox, blob })
  }

  leave(): void {
    this.#post.mailboxes.leave(this)
    this.#ends?.leave()
  }

  #take(frame: Uint8Array | null): void {
    if (frame) {
      this.#post.tap.frame('in', frame)
      this.#obey(frame)
    } else if (this.#messages.take()) this.#refuse(NOT_UNDERSTOOD)
    else this.#line.close('too much')
  }

  #obey(frame: Uint8Array): void {
    const request = parseHubRequest(frame)
    // What flows in an open pipe has a bound of its own; everything else counts.
    const flows = request.ok && isFlow(request.value) && this.#ends?.flows(request.value.pipe) === true
    if (!flows && !this.#messages.take()) return this.#line.close('too much')
    if (!request.ok) return this.#refuse(NOT_UNDERSTOOD)
    const { mailboxes, pipes } = this.#post
    const { value } = request
    switch (value.type) {
      case 'subscribe':
        return mailboxes.watch(this, value.mailbox) ? undefined : this.#refuse(TOO_MANY_MAILBOXES)
      case 'unsubscribe':
        return mailboxes.unwatch(this, value.mailbox)
      case 'put':
        return this.#puts.take() ? mailboxes.put(value.mailbox, value.blob) : this.#refuse(TOO_OFTEN)
      case 'open':
        if (!this.#puts.take()) return this.#refuse(TOO_OFTEN)
        this.#ends ??= pipes.enter((message) => this.#answer(message))
        return this.#ends.open(value.pipe, value.name)
      default:
        return this.#ends?.pass(value)
    }
  }

  #answer(message: HubAnswer): void {
    if (this.#line.waiting() > BACKLOG) return this.#line.cut()
    const frame = encodeHubAnswer(message)
    this.#post.tap.frame('out', frame)
    this.#line.send(frame)
  }

  #refuse(code: number): void {
    this.#answer({ type: 'refused', code })
  }
}

const isFlow = (request: HubRequest): request is Extract<HubRequest, { type: 'frame' | 'credit' }> =>
  request.type === 'frame' || request.type === 'credit'
