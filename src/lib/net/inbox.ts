import { concatBytes } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import { STREAMS, type StreamName } from '../sync/ports.ts'
import type { Frame } from '../wire/frames.ts'

/** The other side broke the rules of framing, or sends more than it may. The link is over. */
export type BadFrame = { readonly type: 'BadFrame' }

export type Arrived = { readonly stream: StreamName; readonly message: Uint8Array }

/** Pieces put together again, stream by stream. */
export interface Inbox {
  /** The message this piece completes, or `null`. */
  take(frame: Frame): Result<Arrived | null, BadFrame>
}

type Partial = { readonly total: number; readonly pieces: Uint8Array[]; held: number }

/** Holds at most `limit` bytes of unfinished messages. */
export const createInbox = (limit: number): Inbox => {
  const partials = STREAMS.map((): Partial | null => null)
  let held = 0

  return {
    take: (frame) => {
      if (frame.type === 'beat') return ok(null)
      const stream = STREAMS[frame.stream]
      const running = partials[frame.stream] ?? null
      if (stream === undefined || (frame.total === null) === (running === null)) return bad
      const partial = running ?? { total: frame.total!, pieces: [], held: 0 }
      partial.held += frame.bytes.length
      held += frame.bytes.length
      if (partial.total > limit || held > limit || partial.held > partial.total) return bad
      if (frame.last !== (partial.held === partial.total)) return bad
      // A piece without bytes says nothing and costs: only an empty message has one.
      if (frame.bytes.length === 0 && partial.total > 0) return bad
      partial.pieces.push(frame.bytes)
      partials[frame.stream] = frame.last ? null : partial
      if (!frame.last) return ok(null)
      held -= partial.total
      return ok({ stream, message: concatBytes(...partial.pieces) })
    },
  }
}

const bad = err({ type: 'BadFrame' })
