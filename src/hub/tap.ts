import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Sees everything that reaches or leaves the hub, for the tests that look for names and ids in it. A hub that people
 * use has `noTap`: it keeps no record of anything.
 */
export interface Tap {
  /** The head of an HTTP request, also of one that becomes a WebSocket. */
  request(head: string): void
  frame(direction: 'in' | 'out', frame: Uint8Array): void
  close(): Promise<void>
}

export const noTap: Tap = { request: () => {}, frame: () => {}, close: () => Promise.resolve() }

/** Writes raw bytes to a new file: `>` and `<` frames, `?` requests, each before its length as 32 bits, big-endian. */
export const createFileTap = (path: string): Tap => {
  mkdirSync(dirname(path), { recursive: true })
  const file = createWriteStream(path, { mode: 0o600 })
  const write = (mark: string, bytes: Uint8Array): void => {
    const head = Buffer.alloc(5)
    head.write(mark)
    head.writeUInt32BE(bytes.length, 1)
    file.write(Buffer.concat([head, bytes]))
  }
  return {
    request: (head) => write('?', Buffer.from(head)),
    frame: (direction, frame) => write(direction === 'in' ? '>' : '<', frame),
    close: () => new Promise((resolve) => file.end(resolve)),
  }
}
