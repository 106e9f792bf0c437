import type { Clock, Random } from '../core/clock.ts'
import { NOTE_ID_BYTES, PIPE_NAME_BYTES, type Note } from '../wire/rendezvous.ts'
import { shakeHands, type HandshakeOptions } from './handshake.ts'
import { createLink } from './link.ts'
import type { PipeEnd } from './pipes.ts'
import type { Hub, OwnedLink } from './types.ts'

export type RelayNote = Extract<Note, { type: 'relay' }>

export type RelayDialerOptions = {
  readonly hub: Hub
  readonly clock: Clock
  readonly random: Random
  readonly send: (note: Note) => void
  readonly handshake: Pick<HandshakeOptions, 'own' | 'context' | 'psk' | 'present' | 'judge' | 'gate'>
  /** Whether this side begins the handshake: known to both beforehand, so that the hub cannot choose. */
  readonly opener: boolean
  readonly onLink: (link: OwnedLink) => void
  /** Both were in the pipe, and hands were not shaken: one of the two will not have the other. */
  readonly onRefused?: () => void
}

/**
 * Makes a link through the hub where a direct one cannot be: a wifi that keeps its guests apart, say. The hub passes
 * frames it cannot read between two ends of a pipe whose name one side made up and sealed for the other. The
 * handshake is the same as on any channel. Spec: wire.md §12.
 */
export interface RelayDialer {
  /** Asks the other side into a pipe, unless one is on its way. */
  offer(): void
  take(note: RelayNote): void
  stop(): void
}

/** From the note to the end of the handshake. ms. */
const ATTEMPT_MS = 15_000

export const createRelayDialer = (options: RelayDialerOptions): RelayDialer => {
  const { hub, clock, random, send, handshake, opener, onLink, onRefused } = options
  let attempt: { readonly mine: boolean; readonly stop: () => void } | null = null

  /** Goes into the pipe. `mine`: this side made up its name. */
  const begin = (name: Uint8Array, mine: boolean): boolean => {
    const end: PipeEnd | undefined = hub.pipe?.({ name, opener })
    if (!end) return false
    let over = false
    let joined = false
    const current = {
      mine,
      stop: () => {
        if (over) return
        over = true
        callOff()
        end.close()
        if (attempt === current) attempt = null
      },
    }
    const callOff = clock.after(ATTEMPT_MS, current.stop)
    attempt = current
    /** Whoever refuses leaves the pipe, which is all the other side sees of it. */
    const fail = () => {
      if (over) return
      current.stop()
      if (joined) onRefused?.()
    }
    end.closed(fail)
    end.opened((channel) => {
      joined = true
      shakeHands({ ...handshake, channel, clock, random }, (met) => {
        if (!met.ok) return fail()
        if (over) return
        over = true // the pipe is the link’s from here on
        callOff()
        if (attempt === current) attempt = null
        onLink(createLink(channel, met.value, clock))
      })
    })
    return attempt === current
  }

  return {
    offer: () => {
      if (attempt) return
      const pipe = random.bytes(PIPE_NAME_BYTES)
      if (begin(pipe, true)) send({ type: 'relay', id: random.bytes(NOTE_ID_BYTES), pipe })
    },
    take: ({ pipe }) => {
      // Both offered at once: the pipe of the side that begins the handshake counts.
      if (attempt?.mine && opener) return
      attempt?.stop()
      begin(pipe, false)
    },
    stop: () => attempt?.stop(),
  }
}
