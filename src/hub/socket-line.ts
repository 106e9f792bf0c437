import type { WebSocket } from 'ws'
import type { Clock } from '../lib/core/clock.ts'
import type { Line } from './line.ts'

/** How often we ask whether the other side is there. One question unanswered when the next is due, and it is gone. */
const PING_MS = 30_000

/** WebSocket close codes (RFC 6455 §7.4.1). */
const CODES = { 'going away': 1001, 'too much': 1008 } as const

export const lineOfSocket = (socket: WebSocket, clock: Clock): Line => {
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
  socket.on('close', () => callOff())
  // ws closes by itself what breaks the protocol or is too long; without a listener it would end the process.
  socket.on('error', () => {})
  return {
    send: (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(frame)
    },
    waiting: () => socket.bufferedAmount,
    receive: (handler) => socket.on('message', (data, isBinary) => handler(isBinary ? bytesOf(data) : null)),
    close: (why) => socket.close(CODES[why]),
    cut: () => socket.terminate(),
    closed: (then) => socket.on('close', then),
  }
}

/** ws hands over one buffer, or several where a message came in fragments. */
const bytesOf = (data: Buffer | ArrayBuffer | Buffer[]): Uint8Array =>
  Array.isArray(data) ? Buffer.concat(data) : new Uint8Array(data)
