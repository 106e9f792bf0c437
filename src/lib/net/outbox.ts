import { STREAMS, type StreamName } from '../sync/ports.ts'
import { FIRST_PIECE_BYTES, MAX_MESSAGE_BYTES, NEXT_PIECE_BYTES, type Frame } from '../wire/frames.ts'

/** Messages waiting to go out on one link: cut into frames, the highest lane first, a sign of life before all. */
export interface Outbox {
  /** Throws over 64 MiB: our bug. */
  push(stream: StreamName, message: Uint8Array): void
  beat(): void
  /** The frame that goes next, or `null` when there is nothing to say. */
  next(): Frame | null
  /** Bytes not yet handed out. */
  waiting(): number
  /** Forgets whole messages that have not begun. What has begun is finished: the other side waits for the rest. */
  drop(streams: readonly StreamName[]): void
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
    drop: (streams) => {
      for (const stream of streams) {
        const lane = lanes[STREAMS.indexOf(stream)]!
        const begun = lane[0] && lane[0].sent > 0 ? lane.splice(0, 1) : []
        waiting -= lane.reduce((total, { message }) => total + message.length, 0)
        lane.splice(0, lane.length, ...begun)
      }
    },
  }
}
