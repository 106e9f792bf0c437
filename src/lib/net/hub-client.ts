import { hexFromBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { Cell } from '../core/watched.ts'
import { encodeHubRequest, parseHubAnswer, type HubRequest } from '../wire/hub.ts'
import { BLOB_BYTES, MAILBOX_BYTES } from '../wire/rendezvous.ts'
import { createPipeDesk } from './pipes.ts'
import type { Hub } from './types.ts'
import { backOff } from './waiting.ts'

/** The part of a WebSocket we use. */
export type HubSocket = Pick<
  WebSocket,
  'binaryType' | 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose'
> & { readonly readyState: number }

export type HubOptions = {
  /** `ws:` or `wss:`, of the hub’s one place for mail: nothing in it says who asks. */
  readonly url: string
  readonly clock: Clock
  readonly random: Random
  readonly socket?: (url: string) => HubSocket
}

/** A hub reached over a WebSocket. */
export interface HubClient extends Hub {
  /** The page woke or the network came back: reaches for the hub now, or makes sure that it is still there. */
  wake(): void
}

/** A lost network is back within ten seconds of being back: no wait is longer than half of that. ms. */
const RETRY = { first: 500, most: 5000 }
/** A socket that is not open by then is not coming. ms. */
const OPENING_MS = 10_000
/** How often we make sure that the hub is still there, and how long it may take. ms. */
const ECHO_EVERY_MS = 30_000
const ECHO_MS = 10_000
/** After the page woke, or the network came back, a hub that is slower than this is reached for anew. ms. */
const WOKEN_MS = 3000
const OPEN = 1

/** Keeps one connection to a hub for as long as it is not closed, and asks again for every mailbox when it is new. */
export const createHub = ({
  url,
  clock,
  random,
  socket: openSocket = (to) => new WebSocket(to),
}: HubOptions): HubClient => {
  const state = new Cell<'open' | 'searching' | 'closed'>('searching')
  const mailboxes = new Map<string, { readonly id: Uint8Array; readonly handlers: Set<Handler> }>()
  let socket: HubSocket | null = null
  let tries = 0
  let callOff = () => {}
  let callOffEcho = () => {}
  let begunAt = 0
  /** The echo that is waited for, and until when. Milliseconds since 1970. */
  let waiting: { readonly until: number; readonly unsubscribe: () => void } | null = null

  const ask = (request: HubRequest): boolean => {
    if (socket?.readyState !== OPEN) return false
    socket.send(encodeHubRequest(request) as Uint8Array<ArrayBuffer>)
    return true
  }
  const pipes = createPipeDesk(ask, clock)

  const connect = () => {
    callOff()
    const mine = create(openSocket, url)
    if (!mine) return later()
    socket = mine
    begunAt = clock.now()
    mine.binaryType = 'arraybuffer'
    callOff = clock.after(OPENING_MS, () => lose(mine))
    mine.onopen = () => {
      if (socket !== mine) return
      callOff()
      for (const { id } of mailboxes.values()) ask({ type: 'subscribe', mailbox: id })
      callOffEcho = clock.after(ECHO_EVERY_MS, () => echo(ECHO_MS))
      state.set('open')
    }
    mine.onmessage = ({ data }) => {
      if (socket === mine && data instanceof ArrayBuffer) take(new Uint8Array(data))
    }
    mine.onclose = () => lose(mine)
  }
  const lose = (lost: HubSocket) => {
    if (socket !== lost) return
    socket = null
    lost.close()
    callOff()
    stopWaiting()
    pipes.reset()
    if (state.read() === 'closed') return
    state.set('searching')
    later()
  }
  const later = () => {
    callOff = clock.after(backOff(tries++, random, RETRY), connect)
  }

  const take = (bytes: Uint8Array) => {
    const answer = parseHubAnswer(bytes)
    if (!answer.ok) return
    if (answer.value.type !== 'blob') return pipes.take(answer.value)
    const { mailbox, blob } = answer.value
    for (const handler of [...(mailboxes.get(hexFromBytes(mailbox))?.handlers ?? [])]) handler(blob)
  }

  // A dead network closes no socket: a blob to ourselves shows whether the hub still hears. To the hub it is a mailbox
  // like any other.
  const echo = (patience: number) => {
    const asked = socket
    const until = clock.now() + patience
    // Asked again it has no longer than it had.
    if (!asked || (waiting && waiting.until <= until)) return
    stopWaiting()
    const id = random.bytes(MAILBOX_BYTES)
    ask({ type: 'put', mailbox: id, blob: random.bytes(BLOB_BYTES) })
    const unsubscribe = subscribe(id, () => {
      stopWaiting()
      tries = 0
      callOffEcho = clock.after(ECHO_EVERY_MS, () => echo(ECHO_MS))
    })
    waiting = { until, unsubscribe }
    callOffEcho = clock.after(patience, () => lose(asked))
  }
  const stopWaiting = () => {
    callOffEcho()
    waiting?.unsubscribe()
    waiting = null
  }

  const subscribe = (id: Uint8Array, handler: Handler): (() => void) => {
    const name = hexFromBytes(id)
    const known = mailboxes.get(name)
    if (known) known.handlers.add(handler)
    else {
      mailboxes.set(name, { id, handlers: new Set([handler]) })
      ask({ type: 'subscribe', mailbox: id })
    }
    return () => {
      const mailbox = mailboxes.get(name)
      if (!mailbox?.handlers.delete(handler) || mailbox.handlers.size > 0) return
      mailboxes.delete(name)
      ask({ type: 'unsubscribe', mailbox: id })
    }
  }

  connect()
  return {
    state,
    subscribe,
    put: (mailbox, blob) => void ask({ type: 'put', mailbox, blob }),
    pipe: pipes.open,
    wake: () => {
      if (state.read() === 'open') return echo(WOKEN_MS)
      if (state.read() === 'closed' || (socket && clock.now() - begunAt < WOKEN_MS)) return
      // What was begun over a network that is gone will not open.
      if (socket) lose(socket)
      tries = 0
      connect()
    },
    close: () => {
      state.set('closed')
      callOff()
      stopWaiting()
      socket?.close()
      socket = null
      pipes.reset()
      mailboxes.clear()
    },
  }
}

type Handler = (blob: Uint8Array) => void

/** `null`: the address is none, or the page may not reach it. */
const create = (open: (url: string) => HubSocket, url: string): HubSocket | null => {
  try {
    return open(url)
  } catch {
    return null
  }
}
