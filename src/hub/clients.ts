import type { WebSocket } from 'ws'
import type { Clock } from '../lib/core/clock.ts'
import { encodeHubAnswer, parseHubRequest, type HubAnswer } from '../lib/wire/hub.ts'
import { createBucket } from './bucket.ts'
import type { Mailboxes, Watcher } from './mailboxes.ts'
import type { Tap } from './tap.ts'

/** Codes of `refused`. Spec: wire.md §3. */
export const NOT_UNDERSTOOD = 0
export const TOO_OFTEN = 1
export const TOO_MANY_MAILBOXES = 2

/** A device that comes back puts two knocks (two days) for each of a few dozen others; a person cannot outrun this. */
const PUTS = { burst: 256, perSecond: 16 }
/** Any message at all, also one we refuse: beyond this nobody is asking for anything. */
const MESSAGES = { burst: 2048, perSecond: 64 }
/** What may wait for a slow reader, bytes. One who lets more pile up is cut off. */
const BACKLOG = 1024 * 1024
/** How often we ask whether the other side is there. One question unanswered when the next is due, and it is gone. */
const PING_MS = 30_000

/** WebSocket close codes (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008

/** The open connections. Nothing of them is written down: not where they come from, not what they ask for. */
export interface Clients {
  welcome(socket: WebSocket, gone: () => void): void
  /** Says goodbye to all. Resolves when the last is gone, after `graceMs` at the latest. */
  dismiss(graceMs: number): Promise<void>
}

export const createClients = (mailboxes: Mailboxes, clock: Clock, tap: Tap): Clients => {
  const sockets = new Set<WebSocket>()

  return {
    welcome: (socket, gone) => {
      sockets.add(socket)
      const mayPut = createBucket(PUTS, clock)
      const maySpeak = createBucket(MESSAGES, clock)

      const answer = (message: HubAnswer): void => {
        if (socket.readyState !== socket.OPEN) return
        if (socket.bufferedAmount > BACKLOG) return socket.terminate()
        const frame = encodeHubAnswer(message)
        tap.frame('out', frame)
        socket.send(frame)
      }
      const refuse = (code: number): void => answer({ type: 'refused', code })
      const watcher: Watcher = { deliver: (mailbox, blob) => answer({ type: 'blob', mailbox, blob }) }

      const obey = (frame: Uint8Array): void => {
        const request = parseHubRequest(frame)
        if (!request.ok) return refuse(NOT_UNDERSTOOD)
        const { value } = request
        switch (value.type) {
          case 'subscribe':
            return mailboxes.watch(watcher, value.mailbox) ? undefined : refuse(TOO_MANY_MAILBOXES)
          case 'unsubscribe':
            return mailboxes.unwatch(watcher, value.mailbox)
          case 'put':
            return mayPut() ? mailboxes.put(value.mailbox, value.blob) : refuse(TOO_OFTEN)
        }
      }

      let answered = true
      let callOff = (): void => {}
      const ping = (): void => {
        if (!answered) return socket.terminate()
        answered = false
        socket.ping()
        callOff = clock.after(PING_MS, ping)
      }
      callOff = clock.after(PING_MS, ping)

      socket.on('pong', () => void (answered = true))
      socket.on('message', (data, isBinary) => {
        const frame = bytesOf(data)
        tap.frame('in', frame)
        if (!maySpeak()) return socket.close(POLICY_VIOLATION)
        if (isBinary) obey(frame)
        else refuse(NOT_UNDERSTOOD)
      })
      // ws closes by itself what breaks the protocol or is too long; without a listener it would end the process.
      socket.on('error', () => {})
      socket.on('close', () => {
        callOff()
        mailboxes.leave(watcher)
        sockets.delete(socket)
        gone()
      })
    },
    dismiss: (graceMs) =>
      new Promise((resolve) => {
        if (sockets.size === 0) return resolve()
        const callOff = clock.after(graceMs, () => sockets.forEach((socket) => socket.terminate()))
        for (const socket of sockets) {
          socket.on('close', () => {
            if (sockets.size > 0) return
            callOff()
            resolve()
          })
          socket.close(GOING_AWAY)
        }
      }),
  }
}

/** ws hands over one buffer, or several where a message came in fragments. */
const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data)
