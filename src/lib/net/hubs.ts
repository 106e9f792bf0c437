import { hexFromBytes } from '../core/bytes.ts'
import { Cell } from '../core/watched.ts'
import type { FrameChannel } from './channel.ts'
import { createGone } from './gone.ts'
import type { PipeEnd, PipeRequest } from './pipes.ts'
import type { Hub } from './types.ts'

/** Several hubs as one: what reaches us by any of them counts once. */
export interface Hubs extends Hub {
  /** One more. It gets every subscription there is. Returns the undoing, which closes it. */
  add(hub: Hub): () => void
}

/** Blobs remembered for each mailbox. The same one comes by several hubs within moments. */
const SEEN = 64

/** `open` as soon as one of them is. */
export const createHubs = (first: readonly Hub[] = []): Hubs => {
  const state = new Cell<'open' | 'searching' | 'closed'>('searching')
  const members = new Map<Hub, () => void>()
  const subscriptions = new Set<{
    readonly mailbox: Uint8Array
    readonly begin: (hub: Hub) => void
    readonly end: (hub: Hub) => void
  }>()

  let pipes = 0

  const judge = () => {
    if (state.read() === 'closed') return
    state.set([...members.keys()].some((hub) => hub.state.read() === 'open') ? 'open' : 'searching')
  }
  const add = (hub: Hub) => {
    members.set(hub, hub.state.watch(judge))
    for (const { begin } of subscriptions) begin(hub)
    judge()
    return () => {
      const unwatch = members.get(hub)
      if (!unwatch) return
      unwatch()
      members.delete(hub)
      for (const { end } of subscriptions) end(hub)
      hub.close()
      judge()
    }
  }
  for (const hub of first) add(hub)

  return {
    state,
    add,
    subscribe: (mailbox, handler) => {
      const stops = new Map<Hub, () => void>()
      const seen = new Set<string>()
      const take = (blob: Uint8Array) => {
        const name = hexFromBytes(blob)
        if (seen.has(name)) return
        seen.add(name)
        for (const oldest of seen) {
          if (seen.size <= SEEN) break
          seen.delete(oldest)
        }
        handler(blob)
      }
      const subscription = {
        mailbox,
        begin: (hub: Hub) => void stops.set(hub, hub.subscribe(mailbox, take)),
        end: (hub: Hub) => {
          stops.get(hub)?.()
          stops.delete(hub)
        },
      }
      subscriptions.add(subscription)
      for (const hub of members.keys()) subscription.begin(hub)
      return () => {
        subscriptions.delete(subscription)
        for (const stop of stops.values()) stop()
        stops.clear()
      }
    },
    put: (mailbox, blob) => {
      for (const hub of members.keys()) hub.put(mailbox, blob)
    },
    pipe: (request) => {
      let open = [...members.keys()].filter((hub) => hub.pipe && hub.state.read() === 'open')
      // A hub that joins and then passes nothing must not stand in the way of the others for ever.
      if (request.opener && ++pipes % 2 === 0) open = open.slice((pipes >> 1) % open.length).slice(0, 1)
      return firstOf(
        open.map((hub) => hub.pipe!(request)),
        request,
      )
    },
    close: () => {
      state.set('closed')
      for (const [hub, unwatch] of members) {
        unwatch()
        hub.close()
      }
      members.clear()
    },
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
