import { equalBytes } from '../core/bytes.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { FrameChannel } from './channel.ts'
import { createGone } from './gone.ts'
import type { PipeEnd, PipeRequest } from './pipes.ts'
import type { Hub } from './types.ts'

/** Several hubs as one. None of them matters by itself: while one is open, what reaches it goes out and comes in. */
export interface JoinedHubs extends Hub {
  /** One more: asked for every mailbox that is watched. Adding one twice is adding it once. */
  add(hub: Hub): void
  /** Without this one from now on. It is not closed: that is for whoever made it. */
  remove(hub: Hub): void
}

/** Blobs of a mailbox that are known for copies when another hub delivers them too. A hub keeps eight of each. */
const REMEMBERED = 16

type Subscription = {
  readonly mailbox: Uint8Array
  readonly take: (blob: Uint8Array) => void
  readonly stops: Map<Hub, () => void>
}

/**
 * Watches a mailbox at all hubs, puts into it at all, and hands every blob on once. `open` while any hub is, `searching`
 * while any may become so. Watchers of the state hear of every hub that opens, also when another was open before: what
 * it held for us is gone when it comes back, and somebody may be found there and nowhere else. `close` closes all.
 */
export const joinHubs = (hubs: readonly Hub[]): JoinedHubs => {
  const joined = new Map<Hub, () => void>()
  const subscriptions = new Set<Subscription>()
  /** Counts what watchers of the state should look at. */
  const moves = new Cell(0)
  let closed = false
  let pipes = 0

  const stateNow = (): 'open' | 'searching' | 'closed' => {
    const states = new Set([...joined.keys()].map((hub) => hub.state.read()))
    if (closed) return 'closed'
    return states.has('open') ? 'open' : states.has('searching') ? 'searching' : 'closed'
  }
  let before = stateNow()
  const look = (opened: 'one opened' | 'none opened') => {
    const now = stateNow()
    if (now === before && opened === 'none opened') return
    before = now
    moves.set(moves.read() + 1)
  }

  const ask = (hub: Hub, { mailbox, take, stops }: Subscription) => {
    stops.set(hub, () => {})
    const stop = hub.subscribe(mailbox, take)
    // What it held may have come at once, and whoever waited for it may have had enough.
    if (stops.has(hub)) stops.set(hub, stop)
    else stop()
  }
  const remove = (hub: Hub) => {
    joined.get(hub)?.()
    joined.delete(hub)
    for (const { stops } of subscriptions) {
      stops.get(hub)?.()
      stops.delete(hub)
    }
    look('none opened')
  }
  const add = (hub: Hub) => {
    if (closed || joined.has(hub)) return
    let was = hub.state.read()
    joined.set(
      hub,
      hub.state.watch(() => {
        const is = hub.state.read()
        const opened = is === 'open' && was !== 'open'
        was = is
        look(opened ? 'one opened' : 'none opened')
      }),
    )
    for (const subscription of [...subscriptions]) ask(hub, subscription)
    look(was === 'open' ? 'one opened' : 'none opened')
  }
  hubs.forEach(add)

  const state: Watched<'open' | 'searching' | 'closed'> = {
    read: stateNow,
    watch: (then) => moves.watch(then),
  }
  return {
    state,
    add,
    remove,
    subscribe: (mailbox, handler) => {
      const subscription: Subscription = { mailbox, take: once(handler), stops: new Map() }
      subscriptions.add(subscription)
      for (const hub of [...joined.keys()]) ask(hub, subscription)
      return () => {
        subscriptions.delete(subscription)
        for (const stop of subscription.stops.values()) stop()
        subscription.stops.clear()
      }
    },
    put: (mailbox, blob) => {
      for (const hub of [...joined.keys()]) hub.put(mailbox, blob)
    },
    pipe: (request) => {
      let open = [...joined.keys()].filter((hub) => hub.pipe && hub.state.read() === 'open')
      // A hub that joins and then passes nothing must not stand in the way of the others for ever.
      if (request.opener && ++pipes % 2 === 0) open = open.slice((pipes >> 1) % open.length).slice(0, 1)
      return firstOf(
        open.map((hub) => hub.pipe!(request)),
        request,
      )
    },
    wake: () => {
      for (const hub of [...joined.keys()]) hub.wake?.()
    },
    close: () => {
      closed = true
      const all = [...joined.keys()]
      for (const hub of all) remove(hub)
      subscriptions.clear()
      for (const hub of all) hub.close()
      look('none opened')
    },
  }
}

/** Compared whole: a hub that could make a blob look like another one’s copy could keep it from being read. */
const once = (handler: (blob: Uint8Array) => void): ((blob: Uint8Array) => void) => {
  const known: Uint8Array[] = []
  return (blob) => {
    if (known.some((other) => equalBytes(other, blob))) return
    known.push(Uint8Array.from(blob))
    if (known.length > REMEMBERED) known.shift()
    handler(blob)
  }
}

/**
 * One pipe of several hubs’. Both sides must choose the same: the opener takes the first whose other end is there, and
 * speaks first on it; the other side takes the one on which it hears something.
 */
const firstOf = (ends: readonly PipeEnd[], { opener }: PipeRequest): PipeEnd => {
  const gone = createGone()
  let left = ends.length
  let chosen: { readonly end: PipeEnd; readonly channel: FrameChannel } | null = null
  let onOpen: ((channel: FrameChannel) => void) | null = null

  const choose = (end: PipeEnd, channel: FrameChannel) => {
    if (chosen) return
    chosen = { end, channel }
    for (const other of ends) if (other !== end) other.close()
    onOpen?.(channel)
  }
  for (const end of ends) {
    end.closed(() => {
      left -= 1
      if (chosen ? chosen.end === end : left === 0) gone.happen()
    })
    end.opened((channel) => {
      if (opener) return choose(end, channel)
      channel.receive((first) => choose(end, withFirst(channel, first)))
    })
  }
  if (ends.length === 0) gone.happen()
  return {
    opened: (then) => {
      onOpen = then
      if (chosen) then(chosen.channel)
    },
    close: () => {
      for (const end of ends) end.close()
    },
    closed: gone.then,
  }
}

/** The channel, with what was already heard on it coming first, to the first who listens. */
const withFirst = (channel: FrameChannel, first: Uint8Array): FrameChannel => {
  let told = false
  return {
    ...channel,
    receive: (handler) => {
      channel.receive(handler)
      if (told) return
      told = true
      handler(first)
    },
  }
}
