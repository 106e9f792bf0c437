import { WebSocket, type RawData } from 'ws'
import { MOST_WAITING, type Line, type Listener } from './line.ts'

/** WebSocket close codes (RFC 6455 §7.4.1). */
const CODES = { 'going away': 1001, 'too much': 1008 } as const

/**
 * A socket that is its own line. What it hears it hands over in `emit`, which ws calls for everything: listeners of each
 * socket's own, and an object between socket and visitor, would be a good part of what a visitor costs.
 */
export class SocketLine extends WebSocket implements Line {
  address = ''
  #listener: Listener | null = null
  #answered = true

  hear(listener: Listener): void {
    this.#listener = listener
  }

  ask(): void {
    if (!this.#answered) return this.terminate()
    this.#answered = false
    this.ping()
  }

  override send(frame: Uint8Array): void {
    if (this.readyState === this.OPEN) super.send(frame)
  }

  waiting(): number {
    return this.bufferedAmount
  }

  dismiss(why: 'going away' | 'too much'): void {
    this.close(CODES[why])
  }

  cut(): void {
    this.terminate()
  }

  /** ws closes by itself what breaks the protocol or is too long; for its `error` there is nothing left to do. */
  override emit(event: string | symbol, ...[data, isBinary]: unknown[]): boolean {
    if (event === 'message') this.#listener?.take(isBinary === true ? bytesOf(data as RawData) : null)
    else if (event === 'ping') this.#pong(data as Buffer)
    else if (event === 'pong') this.#answered = true
    else if (event === 'close') this.#listener?.leave()
    return true
  }

  #pong(data: Buffer): void {
    if (this.readyState !== this.OPEN) return
    if (this.bufferedAmount > MOST_WAITING) return this.terminate()
    this.pong(data)
  }
}

/** ws hands over one buffer that is nobody else’s, or several where a message came in fragments. */
const bytesOf = (data: RawData): Uint8Array => {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const { buffer, byteOffset, length } = Array.isArray(data) ? Buffer.concat(data) : data
  return new Uint8Array(buffer, byteOffset, length)
}
