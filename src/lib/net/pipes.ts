import type { Clock } from '../core/clock.ts'
import {
  CREDIT_STEP,
  frameCost,
  PIPE_NUMBERS,
  PIPE_WINDOW,
  type HubAnswer,
  type HubRequest,
} from '../wire/hub.ts'
import { LOW_WATER, type FrameChannel } from './channel.ts'
import { createGone } from './gone.ts'

/** Which pipe. The two sides agree beforehand who is opener; the hub has no say in it. */
export type PipeRequest = { readonly name: Uint8Array; readonly opener: boolean }

/** One end of a pipe through a hub: waits for the other end, then is a channel like any other. Spec: wire.md §12. */
export interface PipeEnd {
  /** Sets who receives the channel when the other end is there; at once if it is. */
  opened(then: (channel: FrameChannel) => void): void
  close(): void
  closed(then: () => void): void
}

/** All pipes over one connection to one hub. */
export interface PipeDesk {
  open(request: PipeRequest): PipeEnd
  take(answer: HubAnswer): void
  /** The connection is gone, and every pipe with it. */
  reset(): void
}

/** What was sent may take so long to leave after `close`. ms. */
const LINGER_MS = 1000
/** Messages kept before anybody listens. A handshake needs one. */
const MAX_EARLY = 64

type Entry = { readonly take: (answer: HubAnswer) => void; readonly end: () => void }

/** `ask` hands a request to the hub and says whether there is one. */
export const createPipeDesk = (ask: (request: HubRequest) => boolean, clock: Clock): PipeDesk => {
  const entries = new Map<number, Entry>()
  let last = 0

  const freeNumber = (): number => {
    do last = (last + 1) % PIPE_NUMBERS
    while (entries.has(last))
    return last
  }

  return {
    open: (request) => {
      const pipe = freeNumber()
      const { entry, end } = createEnd({
        pipe,
        opener: request.opener,
        ask,
        clock,
        forget: () => entries.delete(pipe),
      })
      entries.set(pipe, entry)
      if (!ask({ type: 'open', pipe, name: request.name })) entry.end()
      return end
    },
    take: (answer) => {
      if ('pipe' in answer) entries.get(answer.pipe)?.take(answer)
    },
    reset: () => {
      for (const { end } of [...entries.values()]) end()
    },
  }
}

type EndOptions = {
  readonly pipe: number
  readonly opener: boolean
  readonly ask: (request: HubRequest) => boolean
  readonly clock: Clock
  readonly forget: () => void
}

const createEnd = ({ pipe, opener, ask, clock, forget }: EndOptions): { entry: Entry; end: PipeEnd } => {
  const gone = createGone()
  let channel: FrameChannel | null = null
  let onOpen: ((channel: FrameChannel) => void) | null = null
  let handler: ((bytes: Uint8Array) => void) | null = null
  let onDrain = () => {}
  const early: Uint8Array[] = []
  const queue: Uint8Array[] = []
  let queued = 0
  let underWay = 0
  let untaken = 0
  let closing = false
  let callOff = () => {}

  const end = () => {
    if (gone.happened()) return
    callOff()
    forget()
    queue.length = 0
    gone.happen()
  }
  /** Tells the hub too. */
  const leave = () => {
    if (!gone.happened()) ask({ type: 'close', pipe })
    end()
  }
  const pump = () => {
    for (let next = queue[0]; next && underWay + frameCost(next) <= PIPE_WINDOW; next = queue[0]) {
      queue.shift()
      queued -= next.length
      underWay += frameCost(next)
      ask({ type: 'frame', pipe, frame: next })
    }
    if (closing && queue.length === 0) leave()
  }
  const buffered = () => queued + underWay

  const arrive = (frame: Uint8Array) => {
    if (!channel || closing) return
    if (handler) handler(frame)
    else if (early.push(frame) > MAX_EARLY) return leave()
    untaken += frameCost(frame)
    if (untaken < CREDIT_STEP || gone.happened()) return
    const cost = Math.min(untaken, PIPE_WINDOW)
    untaken -= cost
    ask({ type: 'credit', pipe, cost })
  }
  const open = () => {
    if (channel) return
    channel = {
      transport: 'relay',
      fingerprints: null,
      opener,
      send: (bytes) => {
        if (closing || gone.happened()) return
        queue.push(bytes)
        queued += bytes.length
        pump()
      },
      buffered,
      receive: (then) => {
        handler = then
        for (const bytes of early.splice(0)) then(bytes)
      },
      drain: (then) => {
        onDrain = then
      },
      close,
      closed: gone.then,
    }
    onOpen?.(channel)
  }
  const close = () => {
    if (closing || gone.happened()) return
    closing = true
    if (queue.length === 0) return leave()
    callOff = clock.after(LINGER_MS, leave)
  }

  const take = (answer: HubAnswer) => {
    switch (answer.type) {
      case 'joined':
        return open()
      case 'frame':
        return arrive(answer.frame)
      case 'credit':
        underWay = Math.max(0, underWay - answer.cost)
        pump()
        if (!gone.happened() && buffered() <= LOW_WATER) onDrain()
        return
      case 'close':
        return end()
      default:
    }
  }
  return {
    entry: { take, end },
    end: {
      opened: (then) => {
        onOpen = then
        if (channel) then(channel)
      },
      close,
      closed: gone.then,
    },
  }
}
