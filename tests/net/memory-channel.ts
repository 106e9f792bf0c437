import type { FrameChannel } from '../../src/lib/net/channel.ts'
import { createGone } from '../../src/lib/net/gone.ts'

/** What a wire in between does with each message: `null` loses it. */
export type Meddle = (bytes: Uint8Array, index: number) => readonly Uint8Array[] | null

export type MemoryEnds = {
  readonly fingerprints?: { readonly a: Uint8Array; readonly b: Uint8Array }
  /** What b believes a’s certificate to be, when somebody stands in between; and a about b. */
  readonly believed?: { readonly a: Uint8Array; readonly b: Uint8Array }
  readonly fromA?: Meddle
  readonly fromB?: Meddle
  readonly transport?: string
}

export type MemoryPipe = {
  readonly a: FrameChannel
  readonly b: FrameChannel
  /** Everything that went over the wire, as the sender sent it. */
  readonly sent: { readonly a: Uint8Array[]; readonly b: Uint8Array[] }
  /** The wire goes, without a word. */
  cut(): void
}

/**
 * Two ends of a pipe in memory. Messages arrive in later turns, in order, as on a data channel; the wire in between
 * may be somebody’s.
 */
export const createMemoryPipe = (ends: MemoryEnds = {}): MemoryPipe => {
  const gone = createGone()
  const sent = { a: [] as Uint8Array[], b: [] as Uint8Array[] }
  const { fingerprints, believed = fingerprints } = ends
  const a = createEnd(
    ends.transport ?? 'memory',
    fingerprints && { mine: fingerprints.a, theirs: believed!.b },
    true,
  )
  const b = createEnd(
    ends.transport ?? 'memory',
    fingerprints && { mine: fingerprints.b, theirs: believed!.a },
    false,
  )

  const connect = (from: End, to: End, log: Uint8Array[], meddle: Meddle = (bytes) => [bytes]) => {
    let order = Promise.resolve()
    from.onSend = (bytes) => {
      const passed = meddle(bytes, log.push(bytes.slice()) - 1) ?? []
      order = order.then(() => passed.forEach((message) => to.arrive(message.slice())))
    }
    from.onClose = () => void (order = order.then(gone.happen))
  }
  connect(a, b, sent.a, ends.fromA)
  connect(b, a, sent.b, ends.fromB)
  gone.then(() => {
    a.end()
    b.end()
  })
  return { a: a.channel, b: b.channel, sent, cut: gone.happen }
}

type End = {
  readonly channel: FrameChannel
  arrive(bytes: Uint8Array): void
  end(): void
  onSend: (bytes: Uint8Array) => void
  onClose: () => void
}

const createEnd = (
  transport: string,
  fingerprints: FrameChannel['fingerprints'] | undefined,
  opener: boolean,
): End => {
  const gone = createGone()
  let handler: ((bytes: Uint8Array) => void) | null = null
  let closing = false
  const early: Uint8Array[] = []
  const end: End = {
    onSend: () => {},
    onClose: () => {},
    arrive: (bytes) => {
      if (gone.happened()) return
      if (handler) handler(bytes)
      else early.push(bytes)
    },
    end: gone.happen,
    channel: {
      transport,
      fingerprints: fingerprints ?? null,
      opener,
      send: (bytes) => {
        if (!closing && !gone.happened()) end.onSend(bytes)
      },
      buffered: () => 0,
      receive: (then) => {
        handler = then
        for (const bytes of early.splice(0)) then(bytes)
      },
      drain: () => {},
      close: () => {
        if (closing) return
        closing = true
        end.onClose()
      },
      closed: gone.then,
    },
  }
  return end
}

/** Lets everything that is on its way in memory arrive: a turn of the machine comes only after all that was promised. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
