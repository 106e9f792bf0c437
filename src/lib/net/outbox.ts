import { STREAMS, type StreamName } from '../sync/ports.ts'
import { FIRST_PIECE_BYTES, MAX_MESSAGE_BYTES, NEXT_PIECE_BYTES, type Frame } from '../wire/frames.ts'

/** Messages waiting to go out on one link: cut into frames, the highest lane first, a sign of life before all. */
export interface Outbox {
  /** Keeps the array itself until it is handed out: it must not change. Throws over 64 MiB: our bug. */
  push(stream: StreamName, message: Uint8Array): void
  beat(): void
  /** The frame that goes next, or `null` when there is nothing to say. */
  next(): Frame | null
  /** Bytes not yet handed out. */
  waiting(): number
  /** Whether anything of these streams is not yet handed out whole. */
  holds(streams: readonly StreamName[]): boolean
}

export const createOutbox = (): Outbox => {
  const lanes = STREAMS.map((): { message: Uint8Array; sent: number }[] => [])
  let waiting = 0
  let beat = false

  const cut = (stream: number): Frame => {
    const lane = lanes[stream]!
    const head = lane[0]!
    const { message, sent } = head
    const first = sent === 0
    const bytes = message.subarray(sent, sent + (first ? FIRST_PIECE_BYTES : NEXT_PIECE_BYTES))
    head.sent += bytes.length
    waiting -= bytes.length
    const last = head.sent === message.length
    if (last) lane.shift()
    return { type: 'piece', stream, last, total: first ? message.length : null, bytes }
  }

  return {
    push: (stream, message) => {
      if (message.length > MAX_MESSAGE_BYTES) throw new Error('a message is longer than 64 MiB')
      lanes[STREAMS.indexOf(stream)]!.push({ message, sent: 0 })
      waiting += message.length
    },
    beat: () => {
      beat = true
    },
    next: () => {
      if (beat) {
        beat = false
        return { type: 'beat' }
      }
      const stream = lanes.findIndex((lane) => lane.length > 0)
      return stream < 0 ? null : cut(stream)
    },
    waiting: () => waiting,
    holds: (streams) => streams.some((stream) => lanes[STREAMS.indexOf(stream)]!.length > 0),
  }
}
