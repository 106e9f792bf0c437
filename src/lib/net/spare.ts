import type { Clock } from '../core/clock.ts'
import type { Card } from '../wire/cards.ts'
import type { FrameChannel } from './channel.ts'
import type { CardedConnection } from './connection.ts'
import { createGate, type Gate } from './gate.ts'
import { createSpareConnection } from './spare-connection.ts'
import type { MetLink, Rtc } from './types.ts'

export type SpareOptions = {
  readonly rtc: Rtc
  readonly clock: Clock
  /** Shared by all peers of a mesh. */
  readonly room: Gate
  /** Tells the peer, over the link, where the spare can be reached. */
  readonly tell: (link: MetLink, card: Card) => void
  /** The link died, and the two spares found each other. Nobody has shown who they are yet. */
  readonly onChannel: (channel: FrameChannel) => void
}

/**
 * What two keep ready while their link lives, in case it dies and nobody can tell them anew where the other is: a
 * connection each, whose cards they have exchanged. At most one with a peer, for one link. Spec: wire.md §13.
 */
export interface Spare {
  /** Makes one for this link, unless it has one, and tells the peer. */
  prepare(link: MetLink): void
  /** The peer told where its spare is: only the first time counts. Without one of its own for this link, this side makes it. */
  take(link: MetLink, theirs: Card): void
  /** The link is gone. If it died, the spares look for each other from now on; if somebody ended it, that was all. */
  lost(link: MetLink): void
  /** Perhaps the network is back: if the spare waits, it tries often again. */
  hasten(): void
  end(): void
}

/** Each is a connection of the browser’s. How many at once, and how often one may be made: at once, then one a quarter minute. */
export const createSpareRoom = (clock: Clock): Gate =>
  createGate(clock, { atOnce: 8, burst: 24, everyMs: 15_000 })

/** A browser tries for fifteen seconds; so often it is told to begin anew. ms. */
const TRY_MS = 4000
/** So long after the loss, or after a sign that the network is back, it tries without a pause. ms. */
const OFTEN_MS = 15 * 60_000
/** After that only at the beginning of each minute. ms. */
const SELDOM = { everyMs: 60_000, forMs: 16_000 }
/** Whoever is not back by then is met by other ways. ms. */
export const WAIT_MS = 2 * 60 * 60_000

type Kept = {
  readonly link: MetLink
  readonly leave: () => void
  connection: CardedConnection | null
  theirs: Card | null
  /** Made into a link, or closed. */
  over: boolean
  callOff: () => void
}

export const createSpare = ({ rtc, clock, room, tell, onChannel }: SpareOptions): Spare => {
  let kept: Kept | null = null
  let tryAgainSoon = () => {}

  const letGo = (own: Kept) => {
    own.over = true
    own.callOff()
    own.leave()
    if (kept !== own) return
    kept = null
    tryAgainSoon = () => {}
  }
  const end = (own: Kept) => {
    if (own.over) return
    letGo(own)
    own.connection?.close()
  }
  const begin = (link: MetLink, theirs: Card | null) => {
    if (kept) end(kept)
    const leave = room.enter()
    if (!leave) return
    const own: Kept = { link, leave, connection: null, theirs, over: false, callOff: () => {} }
    kept = own
    void createSpareConnection(rtc, clock).then((made) => {
      if (!made.ok) return end(own)
      if (own.over) return made.value.close()
      own.connection = made.value
      made.value.closed(() => end(own))
      tell(link, made.value.card)
    })
  }

  const wait = (own: Kept, connection: CardedConnection, theirs: Card) => {
    const lostAt = clock.now()
    let from = lostAt
    const tryOn = () => {
      const now = clock.now()
      if (now - lostAt > WAIT_MS) return end(own)
      connection.tryAgain()
      const intoMinute = (now - from) % SELDOM.everyMs
      const often = now - from < OFTEN_MS || intoMinute < SELDOM.forMs
      own.callOff = clock.after(often ? TRY_MS : SELDOM.everyMs - intoMinute, tryOn)
    }
    tryAgainSoon = () => {
      from = clock.now()
      own.callOff()
      tryOn()
    }
    connection.opened((channel) => {
      letGo(own) // the connection is the link’s from here on
      onChannel(channel)
    })
    connection.waitFor(theirs)
    own.callOff = clock.after(TRY_MS, tryOn)
  }

  return {
    prepare: (link) => {
      if (kept?.link !== link) begin(link, null)
    },
    take: (link, theirs) => {
      if (kept?.link !== link) begin(link, theirs)
      else kept.theirs ??= theirs
    },
    lost: (link) => {
      const own = kept
      if (own?.link !== link) return
      const died = link.ending() === 'silent' || link.ending() === 'cut off'
      if (!died || !own.connection || !own.theirs) return end(own)
      wait(own, own.connection, own.theirs)
    },
    hasten: () => tryAgainSoon(),
    end: () => {
      if (kept) end(kept)
    },
  }
}
