import { hexFromBytes } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import { Cell } from '../core/watched.ts'
import { createSealedStream, openSealedStream, type OpenedStream } from '../crypto/stream.ts'
import type { Standing, StreamName } from '../sync/ports.ts'
import { encodeFrame, parseFrame } from '../wire/frames.ts'
import { HIGH_WATER, LOW_WATER, type FrameChannel } from './channel.ts'
import { createGone } from './gone.ts'
import type { Met } from './handshake.ts'
import { createInbox } from './inbox.ts'
import { createOutbox } from './outbox.ts'
import type { LinkEnding, MetLink, OwnedLink } from './types.ts'

/** A sign of life goes out this often. ms. */
export const BEAT_MS = 5000
/** Silence for so long ends a link. ms. */
export const SILENCE_MS = 12_000
/** A page that slept looks at what came meanwhile before it calls the other side silent. ms. */
const GRACE_MS = 2000
/** A traffic key seals at most this much, for at most this long. */
const REKEY_BYTES = 64 * 1024 * 1024
const REKEY_MS = 10 * 60_000
/** Bytes of unfinished, and of undelivered, messages a peer may make us hold. */
const HELD_BYTES = 128 * 1024 * 1024
const HELD_BYTES_OF_STRANGERS = 16 * 1024 * 1024

/** What only a link in full standing carries: presence and files. What goes over the others is for sync to decide. */
const FULL_ONLY: readonly StreamName[] = ['live', 'files']

/**
 * Makes a link of a channel on which the handshake has just finished. From here on every byte is one sealed frame in a
 * stream per direction: a lost, repeated, swapped or missing one ends the link. Spec: wire.md §5.
 */
export const createLink = (channel: FrameChannel, met: Met, clock: Clock): OwnedLink => {
  const standing = new Cell<Standing>(met.standing)
  const gone = createGone()
  let ending: LinkEnding | null = null
  const end = (why: LinkEnding) => {
    if (ending) return
    ending = why
    callOffBeat()
    callOffSilence()
    for (const resolve of waiters.splice(0)) resolve()
    if (why !== 'closed there') sendFinal()
    channel.close()
    gone.happen()
  }
  const carries = (stream: StreamName) => standing.read() === 'full' || !FULL_ONLY.includes(stream)

  // What goes out
  const outbox = createOutbox()
  const sealed = createSealedStream(met.keys.mine)
  const waiters: (() => void)[] = []
  let sealedBytes = 0
  let keySince = clock.now()
  const pump = () => {
    while (!ending && channel.buffered() < HIGH_WATER) {
      const frame = outbox.next()
      if (!frame) break
      const plaintext = encodeFrame(frame)
      sealedBytes += plaintext.length
      const due = sealedBytes >= REKEY_BYTES || clock.now() - keySince >= REKEY_MS
      channel.send(sealed.push(plaintext, due ? 'rekey' : undefined))
      if (due) [sealedBytes, keySince] = [0, clock.now()]
    }
    if (outbox.waiting() <= LOW_WATER) for (const resolve of waiters.splice(0)) resolve()
  }
  const sendFinal = () => channel.send(sealed.push(encodeFrame({ type: 'beat' }), 'final'))
  const beat = () => {
    outbox.beat()
    pump()
    callOffBeat = clock.after(BEAT_MS, beat)
  }

  // What comes in
  const inbox = createInbox(met.standing === 'stranger' ? HELD_BYTES_OF_STRANGERS : HELD_BYTES)
  const handlers = new Map<StreamName, (message: Uint8Array) => void>()
  const early: { readonly stream: StreamName; readonly message: Uint8Array }[] = []
  let earlyBytes = 0
  let opened: OpenedStream | null = null
  let heard = clock.now()
  let watchDue = clock.now() + SILENCE_MS
  const watchSilence = () => {
    const late = clock.now() - watchDue
    const left = late > GRACE_MS ? GRACE_MS : heard + SILENCE_MS - clock.now()
    if (left <= 0) return end('silent')
    watchDue = clock.now() + left
    callOffSilence = clock.after(left, watchSilence)
  }
  const deliver = (stream: StreamName, message: Uint8Array) => {
    if (!carries(stream)) return
    const handler = handlers.get(stream)
    if (handler) return handler(message)
    early.push({ stream, message })
    earlyBytes += message.length + EARLY_OVERHEAD
    if (earlyBytes > (met.standing === 'stranger' ? HELD_BYTES_OF_STRANGERS : HELD_BYTES)) end('broken')
  }
  const take = (chunk: Uint8Array) => {
    if (ending) return
    heard = clock.now()
    if (!opened) {
      const stream = openSealedStream(met.keys.theirs, chunk)
      if (!stream.ok) return end('broken')
      opened = stream.value
      return
    }
    const plain = opened.pull(chunk)
    if (!plain.ok) return end('broken')
    if (plain.value.final) return end('closed there')
    const frame = parseFrame(plain.value.plaintext)
    const arrived = frame.ok ? inbox.take(frame.value) : frame
    if (!arrived.ok) return end('broken')
    if (arrived.value) deliver(arrived.value.stream, arrived.value.message)
  }

  const link: MetLink = {
    id: hexFromBytes(met.th),
    peer: met.peer,
    introduction: {
      device: met.device,
      th: met.th,
      exported: met.exported,
      initiator: met.initiator,
    },
    standing,
    ending: () => ending,
    send: (stream, message) => {
      if (ending || !carries(stream)) return
      outbox.push(stream, message)
      pump()
    },
    drained: () =>
      new Promise((resolve) => {
        if (ending || outbox.waiting() <= LOW_WATER) resolve()
        else waiters.push(resolve)
      }),
    receive: (stream, handler) => {
      handlers.set(stream, handler)
      const mine = early.filter((item) => item.stream === stream)
      early.splice(0, early.length, ...early.filter((item) => item.stream !== stream))
      for (const { message } of mine) {
        earlyBytes -= message.length + EARLY_OVERHEAD
        handler(message)
      }
      return () => {
        if (handlers.get(stream) === handler) handlers.delete(stream)
      }
    },
    close: () => end('closed here'),
    closed: gone.then,
  }

  let callOffBeat = clock.after(BEAT_MS, beat)
  let callOffSilence = clock.after(SILENCE_MS, watchSilence)
  channel.send(sealed.header)
  channel.drain(pump)
  channel.closed(() => end('cut off'))
  channel.receive(take)

  return {
    link,
    transport: channel.transport,
    heardAt: () => heard,
    setStanding: (now) => {
      // What waits was meant for somebody trusted. It cannot be taken back singly, so the link ends; the next begins anew.
      const narrower = standing.read() === 'full' && now !== 'full'
      if (narrower && outbox.holds(['live', 'records', 'files'])) return end('closed here')
      standing.set(now)
    },
  }
}

/** An empty message still costs memory. */
const EARLY_OVERHEAD = 64
