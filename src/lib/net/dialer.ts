import { equalBytes } from '../core/bytes.ts'
import type { Clock, Random } from '../core/clock.ts'
import { NOTE_ID_BYTES, SESSION_BYTES, type Note } from '../wire/rendezvous.ts'
import { createCardedConnection, type CardedConnection } from './connection.ts'
import { shakeHands, type HandshakeOptions } from './handshake.ts'
import { createLink } from './link.ts'
import type { OwnedLink, Rtc } from './types.ts'

export type CardNote = Extract<Note, { type: 'card' }>

export type DialerOptions = {
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly send: (note: Note) => void
  /** Where the other side answers knocks, if it cannot know (`null`: it can). */
  readonly reply: Uint8Array | null
  readonly handshake: Pick<HandshakeOptions, 'own' | 'context' | 'psk' | 'present' | 'judge' | 'gate'>
  readonly onLink: (link: OwnedLink) => void
  /** A connection came about, and hands were not shaken: one of the two will not have the other. */
  readonly onRefused?: () => void
  /** Called when an attempt begins or ends. */
  readonly onChange: () => void
}

/**
 * Makes links to one other side by exchanging notes: a knock is answered with a card, a card with a card. Both may
 * knock at once, notes may come twice, late or never: at worst an attempt runs out and the next one succeeds.
 */
export interface Dialer {
  /** Asks the other side for a card. */
  knock(): void
  /** The other side knocked: shows it a card. */
  answer(knockId: Uint8Array): void
  /** Takes a card. `false`: nobody here waits for it. */
  take(note: CardNote): boolean
  /** Whether cards are on their way, so that a knock now would only make a second link. */
  busy(): boolean
  /** Whether the other side has answered, and a link is being made. */
  connecting(): boolean
  stop(): void
}

/** From the first card to the end of the handshake. ms. */
export const ATTEMPT_MS = 20_000
/** For so long a knock is taken to ask for the connection that is being made already. ms. */
const PAIRING_MS = 3000
/** For so long a card shown to somebody who knocked is thought to be under way. ms. */
const SHOWING_MS = 1000
/** Each is a connection of the browser’s. How often one may begin, the other side’s notes bound (postbox). */
const MAX_ATTEMPTS = 3
/** Knocks of ours that may still be answered. */
const KNOCKS = 8

type Attempt = {
  readonly session: Uint8Array
  connection: CardedConnection | null
  /** What our card answers: the latest knock, or the other side’s card. */
  answers: Uint8Array
  theirs: CardNote | null
  /** When both cards were known; until then, when it began. ms. */
  since: number
  over: boolean
  callOff: () => void
}

export const createDialer = (options: DialerOptions): Dialer => {
  const { rtc, clock, random, send, reply, handshake, onLink, onRefused, onChange } = options
  const knocks: Uint8Array[] = []
  let attempts: readonly Attempt[] = []

  const end = (attempt: Attempt) => {
    if (attempt.over) return
    attempt.over = true
    attempt.callOff()
    attempt.connection?.close()
    forget(attempt)
  }
  const forget = (attempt: Attempt) => {
    attempts = attempts.filter((other) => other !== attempt)
    onChange()
  }

  const begin = (answers: Uint8Array, theirs: CardNote | null): void => {
    if (attempts.length >= MAX_ATTEMPTS) end(attempts[0]!)
    const session = random.bytes(SESSION_BYTES)
    const attempt: Attempt = {
      session,
      connection: null,
      answers,
      theirs,
      since: clock.now(),
      over: false,
      callOff: () => {},
    }
    attempt.callOff = clock.after(ATTEMPT_MS, () => end(attempt))
    attempts = [...attempts, attempt]
    onChange()
    void createCardedConnection(rtc, clock).then((made) => {
      if (!made.ok) return end(attempt)
      if (attempt.over) return made.value.close()
      attempt.connection = made.value
      made.value.closed(() => end(attempt))
      made.value.opened((channel) => {
        shakeHands({ ...handshake, channel, clock, random }, (met) => {
          if (!met.ok) {
            if (!attempt.over) onRefused?.()
            return end(attempt)
          }
          if (attempt.over) return channel.close()
          attempt.over = true // the connection is the link’s from here on
          attempt.callOff()
          onLink(createLink(channel, met.value, clock))
          forget(attempt)
        })
      })
      show(attempt)
      if (attempt.theirs) made.value.meet(attempt.theirs.card)
    })
  }

  const show = ({ session, answers, connection }: Attempt) => {
    if (!connection) return
    send({ type: 'card', id: random.bytes(NOTE_ID_BYTES), session, answers, card: connection.card })
  }

  const pair = (attempt: Attempt, theirs: CardNote) => {
    attempt.theirs = theirs
    attempt.since = clock.now()
    attempt.answers = theirs.session
    attempt.connection?.meet(theirs.card)
    onChange()
  }

  return {
    knock: () => {
      const id = random.bytes(NOTE_ID_BYTES)
      knocks.push(id)
      if (knocks.length > KNOCKS) knocks.shift()
      send({ type: 'knock', id, reply })
    },
    answer: (knockId) => {
      // A knock from before their card: what we are making is what they want. If it fails they knock again.
      if (attempts.some(({ theirs, since }) => theirs && clock.now() - since < PAIRING_MS)) return
      const waiting = attempts.find(({ theirs }) => theirs === null)
      if (!waiting) return begin(knockId, null)
      waiting.answers = knockId
      show(waiting)
    },
    take: (note) => {
      const answered = attempts.find(({ session }) => equalBytes(session, note.answers))
      if (answered) {
        if (!answered.theirs) pair(answered, note)
        return true
      }
      const knock = knocks.findIndex((id) => equalBytes(id, note.answers))
      if (knock < 0) return false
      if (attempts.some(({ theirs }) => theirs && equalBytes(theirs.session, note.session))) return true
      knocks.splice(knock, 1) // one knock, one connection
      const waiting = attempts.find(({ theirs }) => theirs === null)
      if (!waiting) begin(note.session, note)
      else {
        // Both knocked at once. Our card answered a knock they may have forgotten: now it answers their card.
        pair(waiting, note)
        show(waiting)
      }
      return true
    },
    busy: () => attempts.some(({ theirs, since }) => theirs || clock.now() - since < SHOWING_MS),
    connecting: () => attempts.some(({ theirs }) => theirs !== null),
    stop: () => attempts.forEach(end),
  }
}
