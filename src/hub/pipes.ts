import { hexFromBytes } from '../lib/core/bytes.ts'
import type { Clock } from '../lib/core/clock.ts'
import { frameCost, PIPE_WINDOW, type HubAnswer, type PipeMessage } from '../lib/wire/hub.ts'

/** How much is passed between two devices that cannot reach each other, whoever they are. */
export type PipeBounds = {
  readonly ofOne: number
  readonly ofAll: number
  /** An end alone waits this long for the other. ms. */
  readonly waitMs: number
  /** What one visitor’s frames may cost at once, and in a second after that. Beyond it they wait at the sender. */
  readonly burst: number
  readonly perSecond: number
}

export const PIPE_BOUNDS: PipeBounds = {
  ofOne: 12,
  ofAll: 512,
  waitMs: 30_000,
  burst: 16 * 1024 * 1024,
  perSecond: 4 * 1024 * 1024,
}

/**
 * Pipes between two visitors who know the same random name: what one says the other hears, unread. Nothing is kept: a
 * frame goes at once to the other’s line, and never more than a window is under way, so a slow reader slows the sender
 * and costs no memory. A visitor who sends beyond the window loses that pipe.
 */
export interface Pipes {
  /** `answer` speaks to this visitor. */
  enter(answer: (message: HubAnswer) => void): Ends
  held(): { readonly pipes: number; readonly waiting: number }
}

/** One visitor’s ends of pipes. */
export interface Ends {
  open(pipe: number, name: Uint8Array): void
  pass(message: PipeMessage): void
  /** Whether the other end of this pipe is there, so that what goes through it is bounded by its window. */
  flows(pipe: number): boolean
  leave(): void
}

type End = {
  readonly name: string
  readonly pipe: number
  readonly visitor: Visitor
  /** `null` while it is alone. */
  other: End | null
  /** Cost of what it sent and may not send again yet; of this, what the other has not taken. */
  underWay: number
  untaken: number
  callOff: () => void
}

type Visitor = {
  readonly answer: (message: HubAnswer) => void
  readonly ends: Map<number, End>
  /** When all that was sent has been paid for at the allowed rate. ms. */
  paidAt: number
}

const LONGEST_DEBT_MS = 5000

export const createPipes = (clock: Clock, bounds: PipeBounds = PIPE_BOUNDS): Pipes => {
  const waiting = new Map<string, End>()
  let pipes = 0

  /** Ends one side; the other is told. */
  const end = (mine: End): void => {
    const { visitor, other } = mine
    if (visitor.ends.get(mine.pipe) !== mine) return
    visitor.ends.delete(mine.pipe)
    mine.callOff()
    pipes--
    if (waiting.get(mine.name) === mine) waiting.delete(mine.name)
    if (!other) return
    mine.other = null
    other.other = null
    end(other)
    other.visitor.answer({ type: 'close', pipe: other.pipe })
  }
  const refuse = (visitor: Visitor, mine: End): void => {
    end(mine)
    visitor.answer({ type: 'close', pipe: mine.pipe })
  }

  const open = (visitor: Visitor, pipe: number, name: string): void => {
    if (visitor.ends.has(pipe) || visitor.ends.size >= bounds.ofOne || pipes >= bounds.ofAll)
      return visitor.answer({ type: 'close', pipe })
    const mine: End = { name, pipe, visitor, other: null, underWay: 0, untaken: 0, callOff: () => {} }
    visitor.ends.set(pipe, mine)
    pipes++
    const other = waiting.get(name)
    if (!other) {
      waiting.set(name, mine)
      mine.callOff = clock.after(bounds.waitMs, () => refuse(visitor, mine))
      return
    }
    // Two, and nobody after them: the name is used up.
    waiting.delete(name)
    other.callOff()
    mine.other = other
    other.other = mine
    for (const end of [other, mine]) end.visitor.answer({ type: 'joined', pipe: end.pipe })
  }

  const passFrame = (mine: End, other: End, frame: Uint8Array): void => {
    mine.underWay += frameCost(frame)
    mine.untaken += frameCost(frame)
    if (mine.underWay > PIPE_WINDOW) return refuse(mine.visitor, mine)
    other.visitor.answer({ type: 'frame', pipe: other.pipe, frame })
  }
  /** What the other has taken is given back to the sender, no faster than the sender may send. */
  const passCredit = (taker: End, sender: End, cost: number): void => {
    if (cost > sender.untaken) return refuse(taker.visitor, taker)
    sender.untaken -= cost
    const now = clock.now()
    const { visitor } = sender
    const longAgo = now - (bounds.burst * 1000) / bounds.perSecond
    // A clock set back must not stop everything.
    const paidAt = Math.min(Math.max(visitor.paidAt, longAgo), now + LONGEST_DEBT_MS)
    visitor.paidAt = paidAt + (cost * 1000) / bounds.perSecond
    const tell = (): void => {
      if (!sender.other) return
      sender.underWay -= cost
      visitor.answer({ type: 'credit', pipe: sender.pipe, cost })
    }
    if (visitor.paidAt <= now) tell()
    else clock.after(visitor.paidAt - now, tell)
  }

  return {
    enter: (answer) => {
      const visitor: Visitor = { answer, ends: new Map(), paidAt: 0 }
      return {
        open: (pipe, name) => open(visitor, pipe, hexFromBytes(name)),
        flows: (pipe) => (visitor.ends.get(pipe)?.other ?? null) !== null,
        pass: (message) => {
          const mine = visitor.ends.get(message.pipe)
          if (!mine) return // closed from the other side, a moment ago
          if (message.type === 'close') return end(mine)
          if (!mine.other) return refuse(visitor, mine)
          if (message.type === 'frame') passFrame(mine, mine.other, message.frame)
          else passCredit(mine, mine.other, message.cost)
        },
        leave: () => {
          for (const mine of [...visitor.ends.values()]) end(mine)
        },
      }
    },
    held: () => ({ pipes, waiting: waiting.size }),
  }
}
