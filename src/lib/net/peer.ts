import { idBytes, type DeviceId } from '../core/ids.ts'
import type { Device } from '../crypto/device.ts'
import { agree } from '../crypto/rendezvous.ts'
import type { Card } from '../wire/cards.ts'
import type { Note } from '../wire/rendezvous.ts'
import { createDialer } from './dialer.ts'
import type { Gate } from './gate.ts'
import { shakeHands } from './handshake.ts'
import { createLink } from './link.ts'
import { pairMailbox, pairPsk } from './mailboxes.ts'
import { createPostbox } from './postbox.ts'
import { createRelayDialer } from './relay-dialer.ts'
import { createSpare } from './spare.ts'
import type { MeshOptions, MetLink, OwnedLink } from './types.ts'
import { backOff, createDenial } from './waiting.ts'
import { createWayOut } from './way-out.ts'

export type PeerOptions = MeshOptions & {
  readonly gate: Gate
  readonly peer: { readonly id: DeviceId; readonly device: Device }
  readonly onChange: () => void
  /** A note came from it: it is awake. */
  readonly onSign: () => void
  /** Whether it was heard of lately: then it is sought more often. */
  readonly isNear: () => boolean
  /** Whether there is room for a link that this device does not seek itself. */
  readonly hasRoom: () => boolean
  /** How many spares there may be, with all peers. */
  readonly spareRoom: Gate
  /** Tells it over a link where this side’s spare is. */
  readonly tellSpare: (link: MetLink, card: Card) => void
}

/** One other device of the collective: sought while it is wanted and there is no link, and answered always. */
export interface Peer {
  /** The link in use, or `null`. */
  link(): MetLink | null
  /** Whether the other side has answered and a link is being made. */
  connecting(): boolean
  /** Knocks from now on, until there is a link. Asked again it changes nothing. */
  seek(): void
  /** Knocks no more; answers all the same. */
  rest(): void
  /** If it is sought: begins anew, after `ms` milliseconds. */
  hasten(ms: number): void
  /** Its link may lead nowhere: unless something is heard on it soon, a new one is made beside it. */
  doubt(): void
  /** Sees to it that the link has a spare. */
  keepSpare(): void
  /** It told over `link` where its spare is. */
  takeSpare(link: MetLink, theirs: Card): void
  rejudge(): void
  /** Closes the link to it. */
  drop(): void
  /** Takes a link to this device that was made another way. */
  adopt(link: OwnedLink): void
  stop(): void
}

const KNOCK = { first: 1000, most: 60_000 }
/** Whoever was here a moment ago is soon here again. */
const KNOCK_NEAR = { first: 1000, most: 6000 }
/** A device that shook no hands is left alone for so long, longer each time. */
const DENY = { first: 5000, most: 60_000 }
/** Notes a peer may send at once. */
const BURST = 16
/** After so many vain knocks at somebody who is heard, we meet in a pipe at the hub. */
const RELAY_AFTER = 3
/** After the network changed a link is given so long to show that it still leads somewhere. ms. */
const DOUBT_MS = 2000
/** Nor is anything heard for so long on a link that leads somewhere: a sign of life comes every 5 s. ms. */
const QUIET_MS = 6000
/** What is heard so soon after the change was on its way before. ms. */
const ON_ITS_WAY_MS = 500
/** A pipe that gave way to another link is closed after so long. ms. */
const HAND_OVER_MS = 5000
/** Somebody heard within this time is there. ms. */
const HEARD_MS = 60_000

/** `null` when the peer’s keys agree on nothing (a point of small order): such a device cannot be found. */
export const createPeer = (options: PeerOptions): Peer | null => {
  const { coll, own, hub, rtc, clock, random, judge, gate, peer, onChange, onSign, isNear, hasRoom } = options
  const agreed = agree(own.rvSk, peer.device.rvPk)
  if (!agreed.ok) return null
  const secret = agreed.value
  let links: readonly OwnedLink[] = [] // the newest last; more than one only while an old one gives way
  let sought = false
  let tries = 0
  const denied = createDenial(clock, random, DENY)
  /** Kept apart: a hub that ends pipes must not keep two from a direct link. */
  const deniedPipes = createDenial(clock, random, DENY)
  let callOff = () => {}
  let callOffDoubt = () => {}
  let callOffWatch = () => {}
  let doubted: { readonly owned: OwnedLink; readonly since: number } | null = null
  let lost = false
  let stopped = false
  let heardAt = -Infinity

  /** Whether there is a link that is not in doubt. */
  const isLinked = () => {
    const newest = links.at(-1)
    if (doubted && (doubted.owned !== newest || newest.heardAt() > doubted.since)) doubted = null
    return newest !== undefined && !doubted
  }
  const meet = (owned: OwnedLink) => {
    const judged = judge(peer.id) // again: a suspension may have come while we shook hands
    if (stopped || !judged) return owned.link.close()
    owned.setStanding(judged.standing)
    spare.end() // of an earlier link
    const older = links
    links = [...links, owned]
    owned.link.closed(() => lose(owned))
    callOff()
    if (owned.transport !== 'relay') relay.stop() // or it would take the place of this one
    wayOut.look()
    watchQuiet()
    tries = 0
    forgive()
    onChange()
    // One side alone decides which of two links goes, so that they cannot each close the one the other keeps. It
    // keeps the newer: whoever made it has proved to be there now.
    if (own.id < peer.id) for (const one of older) leave(one)
  }
  /** A pipe leads somewhere until the last: it goes when the other side has the new link too. */
  const leave = (older: OwnedLink) => {
    if (older.transport !== 'relay') return older.link.close()
    clock.after(HAND_OVER_MS, () => {
      if (older !== links.at(-1)) older.link.close()
    })
  }
  const forgive = () => {
    denied.lift()
    deniedPipes.lift()
  }
  const doubt = (since: number) => {
    const owned = links.at(-1)
    callOffDoubt()
    if (!owned) return
    callOffDoubt = clock.after(DOUBT_MS, () => {
      doubted = { owned, since }
      tries = 0
      knockAfter(0)
    })
  }
  /** Where no browser says that the network changed, links fall silent. Before they end another is sought. */
  const watchQuiet = () => {
    callOffWatch()
    const newest = links.at(-1)
    if (stopped || !newest) return
    const left = newest.heardAt() + QUIET_MS - clock.now()
    callOffWatch = clock.after(left > 0 ? left : QUIET_MS, watchQuiet)
    if (left > 0) return
    doubt(clock.now())
    hub.wake?.()
  }
  const lose = (owned: OwnedLink) => {
    links = links.filter((other) => other !== owned)
    if (links.length === 0) sought = false // whether it is wanted again, the mesh says now
    lost = true
    wayOut.look()
    if (owned.link.ending() === 'silent') hub.wake?.() // perhaps it is the network that is gone
    spare.lost(owned.link)
    onChange()
  }

  const knockAfter = (ms: number) => {
    callOff()
    if (stopped || isLinked() || !(sought || doubted)) return
    callOff = clock.after(Math.max(ms, denied.left()), () => {
      if (isLinked()) return
      const isThere = clock.now() - heardAt < HEARD_MS
      if (tries >= RELAY_AFTER && isThere && deniedPipes.left() === 0) relay.offer()
      if (!dialer.busy()) dialer.knock()
      knockAfter(backOff(tries++, random, isNear() ? KNOCK_NEAR : KNOCK))
    })
  }

  const handshake = {
    own,
    context: idBytes(coll),
    psk: pairPsk(secret, coll),
    present: 'id',
    gate,
    judge: (id: DeviceId) => (id === peer.id ? judge(id) : null),
  } as const
  const send = (note: Note) => postbox.send(note)
  const dialer = createDialer({
    rtc,
    clock,
    random,
    send,
    reply: null,
    onLink: meet,
    onRefused: denied.refused,
    onChange,
    handshake,
  })
  const relay = createRelayDialer({
    hub,
    clock,
    random,
    send,
    handshake,
    opener: own.id < peer.id,
    onLink: meet,
    onRefused: deniedPipes.refused,
  })
  // Of the two one side is enough: whoever is knocked at answers.
  const isInPipe = () => own.id < peer.id && links.at(-1)?.transport === 'relay'
  const wayOut = createWayOut({
    clock,
    random,
    isInPipe,
    knock: () => {
      if (denied.left() === 0 && !dialer.busy()) dialer.knock()
    },
  })
  const spare = createSpare({
    rtc,
    clock,
    room: options.spareRoom,
    tell: options.tellSpare,
    onChannel: (channel) =>
      shakeHands({ ...handshake, channel, clock, random }, (met) => {
        if (met.ok) meet(createLink(channel, met.value, clock))
      }),
  })
  const postbox = createPostbox({
    hub,
    clock,
    inbound: (day) => pairMailbox({ secret, coll, from: peer.id, to: own.id }, day),
    outbound: (day) => pairMailbox({ secret, coll, from: own.id, to: peer.id }, day),
    burst: BURST,
    onNote: (note) => {
      heardAt = clock.now()
      onSign()
      const mayAnswer = denied.left() === 0 && (sought || hasRoom())
      if (note.type === 'card') dialer.take(note)
      else if (!mayAnswer) return
      else if (note.type === 'knock') dialer.answer(note.id)
      else if (links.length === 0 && deniedPipes.left() === 0) relay.take(note)
    },
  })

  return {
    link: () => links.at(-1)?.link ?? null,
    connecting: () => links.length === 0 && dialer.connecting(),
    seek: () => {
      if (sought) return
      sought = true
      tries = 0
      knockAfter(lost ? backOff(0, random, KNOCK) : 0)
    },
    rest: () => {
      sought = false
      if (!doubted) callOff()
    },
    hasten: (ms) => {
      tries = 0
      knockAfter(ms)
      wayOut.hasten(ms)
      spare.hasten()
    },
    keepSpare: () => {
      const link = links.at(-1)?.link
      if (link?.standing.read() === 'full') spare.prepare(link)
    },
    takeSpare: (link, theirs) => {
      if (link === links.at(-1)?.link) spare.take(link, theirs)
    },
    doubt: () => doubt(clock.now() + ON_ITS_WAY_MS),
    rejudge: () => {
      const judged = judge(peer.id)
      forgive() // what was refused may be welcome now
      if (judged?.standing !== 'full') spare.end()
      for (const { link, setStanding } of links) {
        if (judged) setStanding(judged.standing)
        else link.close()
      }
    },
    drop: () => {
      for (const { link } of links) link.close()
    },
    adopt: meet,
    stop: () => {
      stopped = true
      callOff()
      callOffDoubt()
      callOffWatch()
      postbox.stop()
      dialer.stop()
      relay.stop()
      wayOut.stop()
      spare.end()
      for (const { link } of links) link.close()
    },
  }
}
