import type { Clock } from '../lib/core/clock.ts'
import { encodeHubAnswer, parseHubRequest, type HubAnswer, type HubRequest } from '../lib/wire/hub.ts'
import { createBucket } from './bucket.ts'
import type { Line } from './line.ts'
import type { Mailboxes, Watcher } from './mailboxes.ts'
import type { Pipes } from './pipes.ts'
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

export const createClients = ({ mailboxes, pipes, clock, tap }: ClientsOptions): Clients => {
  const lines = new Set<Line>()

  return {
    welcome: (line, gone) => {
      lines.add(line)
      const mayPut = createBucket(PUTS, clock)
      const maySpeak = createBucket(MESSAGES, clock)

      const answer = (message: HubAnswer): void => {
        if (line.waiting() > BACKLOG) return line.cut()
        const frame = encodeHubAnswer(message)
        tap.frame('out', frame)
        line.send(frame)
      }
      const refuse = (code: number): void => answer({ type: 'refused', code })
      const watcher: Watcher = { deliver: (mailbox, blob) => answer({ type: 'blob', mailbox, blob }) }
      const ends = pipes.enter(answer)

      const obey = (frame: Uint8Array): void => {
        const request = parseHubRequest(frame)
        // What flows in an open pipe has a bound of its own; everything else counts.
        if (!(request.ok && isFlow(request.value) && ends.flows(request.value.pipe)) && !maySpeak())
          return line.close('too much')
        if (!request.ok) return refuse(NOT_UNDERSTOOD)
        const { value } = request
        switch (value.type) {
          case 'subscribe':
            return mailboxes.watch(watcher, value.mailbox) ? undefined : refuse(TOO_MANY_MAILBOXES)
          case 'unsubscribe':
            return mailboxes.unwatch(watcher, value.mailbox)
          case 'put':
            return mayPut() ? mailboxes.put(value.mailbox, value.blob) : refuse(TOO_OFTEN)
          case 'open':
            return mayPut() ? ends.open(value.pipe, value.name) : refuse(TOO_OFTEN)
          default:
            return ends.pass(value)
        }
      }

      line.receive((frame) => {
        if (frame) {
          tap.frame('in', frame)
          obey(frame)
        } else if (maySpeak()) refuse(NOT_UNDERSTOOD)
        else line.close('too much')
      })
      line.closed(() => {
        mailboxes.leave(watcher)
        ends.leave()
        lines.delete(line)
        gone()
      })
    },
    dismiss: (graceMs) =>
      new Promise((resolve) => {
        if (lines.size === 0) return resolve()
        const callOff = clock.after(graceMs, () => lines.forEach((line) => line.cut()))
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

const isFlow = (request: HubRequest): request is Extract<HubRequest, { type: 'frame' | 'credit' }> =>
  request.type === 'frame' || request.type === 'credit'
