import type { WebSocket } from 'ws'
import type { Clock } from '../lib/core/clock.ts'
import type { Line } from './line.ts'

/** How often we ask whether the other side is there. One question unanswered when the next is due, and it is gone. */
const PING_MS = 30_000

/** WebSocket close codes (RFC 6455 §7.4.1). */
const CODES = { 'going away': 1001, 'too much': 1008 } as const

/** Makes lines of sockets, and asks all of them in one round: a timer for each would be a good part of what each costs. */
export interface SocketLines {
  lineOf(socket: WebSocket): Line
  stop(): void
}

export const createSocketLines = (clock: Clock): SocketLines => {
  const lines = new Set<SocketLine>()
  const ask = (): void => {
    for (const line of lines) line.ask()
    callOff = clock.after(PING_MS, ask)
  }
  let callOff = clock.after(PING_MS, ask)
  return {
    lineOf: (socket) => {
      const line = new SocketLine(socket)
      lines.add(line)
      socket.on('close', () => lines.delete(line))
      return line
    },
    stop: () => callOff(),
  }
}

class SocketLine implements Line {
  readonly #socket: WebSocket
  #answered = true

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('pong', () => void (this.#answered = true))
    // ws closes by itself what breaks the protocol or is too long; without a listener it would end the process.
    socket.on('error', nothing)
  }

  /** Whether the other side is there. */
  ask(): void {
    if (!this.#answered) return this.#socket.terminate()
    this.#answered = false
    this.#socket.ping()
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame)
  }

  waiting(): number {
    return this.#socket.bufferedAmount
  }

  receive(handler: (frame: Uint8Array | null) => void): void {
    this.#socket.on('message', (data, isBinary) => handler(isBinary ? bytesOf(data) : null))
  }

  close(why: 'going away' | 'too much'): void {
    this.#socket.close(CODES[why])
  }

  cut(): void {
    this.#socket.terminate()
  }

  closed(then: () => void): void {
    this.#socket.on('close', then)
  }
}

/** ws hands over one buffer that is nobody else’s, or several where a message came in fragments. */
const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Uint8Array => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const { buffer, byteOffset, length } = Array.isArray(data) ? Buffer.concat(data) : data
  return new Uint8Array(buffer, byteOffset, length)
}

const nothing = (): void => {}
