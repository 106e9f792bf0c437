import { hexFromBytes } from '../core/bytes.ts'
import type { DeviceId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import type { Device } from '../crypto/device.ts'
import { MAILBOX_BYTES, type Note } from '../wire/rendezvous.ts'
import { createDialer, type Dialer } from './dialer.ts'
import { createGate } from './gate.ts'
import type { HandshakeOptions } from './handshake.ts'
import { guestMailbox, hostMailbox, invitationPsk, sealNote } from './mailboxes.ts'
import { createPostbox } from './postbox.ts'
import { createRelayDialer, type RelayDialer, type RelayNote } from './relay-dialer.ts'
import type { GuestMeeting, HostMeeting, MeetingOptions, MetLink, OwnedLink } from './types.ts'
import { backOff, createDenial } from './waiting.ts'

/** Guests who may knock with one invitation before the first of them are forgotten. */
const MAX_GUESTS = 32
/** Notes all guests together may send at once. */
const BURST = 64
const KNOCK = { first: 1000, most: 10_000 }
/** After so many vain knocks at a host that was heard, a guest asks it into a pipe at the hub. */
const RELAY_AFTER = 3
/** Heard within this time it is there. ms. */
const HEARD_MS = 60_000
/** A host that shook no hands in a pipe is asked into none for so long, longer each time. */
const DENY = { first: 5000, most: 60_000 }
/** Pipes a host stands in for guests, before the oldest that is no link gives way. */
const MAX_PIPES = 8

/** Waits for guests who hold the seed: each becomes a link of standing `stranger`, one per device, the newest counts. */
export const hostMeeting = (options: MeetingOptions): HostMeeting => {
  const { hub, rtc, clock, random, seed } = options
  const guests = new Cell<readonly MetLink[]>([])
  const dialers = new Map<string, Dialer>()
  const gate = createGate(clock)

  const meet = ({ link }: OwnedLink) => {
    const older = guests.read().filter(({ peer }) => peer === link.peer)
    guests.set([...guests.read().filter(({ peer }) => peer !== link.peer), link])
    link.closed(() => guests.set(guests.read().filter((other) => other !== link)))
    for (const replaced of older) replaced.close()
  }
  const dialerFor = (reply: Uint8Array): Dialer => {
    const name = hexFromBytes(reply)
    const known = dialers.get(name)
    if (known) return known
    const mailbox = guestMailbox(seed, reply)
    const dialer = createDialer({
      rtc,
      clock,
      random,
      send: (note) => hub.put(mailbox.id, sealNote(mailbox, note)),
      reply: null,
      handshake: { ...handshakeOf(options), judge: acceptStranger, gate },
      onLink: meet,
      onChange: () => {},
    })
    dialers.set(name, dialer)
    for (const [oldest, { stop }] of dialers) {
      if (dialers.size <= MAX_GUESTS) break
      stop()
      dialers.delete(oldest)
    }
    return dialer
  }

  /** A name made up by a guest, which one is not known: each pipe is a dialer of its own. */
  const pipes: RelayDialer[] = []
  const enter = (note: RelayNote) => {
    const dialer = createRelayDialer({
      hub,
      clock,
      random,
      send: () => {},
      handshake: { ...handshakeOf(options), judge: acceptStranger, gate },
      opener: false,
      onLink: meet,
    })
    pipes.push(dialer)
    if (pipes.length > MAX_PIPES) pipes.shift()!.stop()
    dialer.take(note)
  }

  const postbox = createPostbox({
    hub,
    clock,
    inbound: (day) => hostMailbox(seed, day),
    outbound: (day) => hostMailbox(seed, day),
    burst: BURST,
    onNote: (note) => {
      if (note.type === 'card') for (const dialer of dialers.values()) dialer.take(note)
      else if (note.type === 'relay') enter(note)
      else if (note.reply) dialerFor(note.reply).answer(note.id)
    },
  })
  return {
    guests,
    stop: () => {
      postbox.stop()
      for (const { stop } of [...dialers.values(), ...pipes]) stop()
      for (const link of guests.read()) link.close()
    },
  }
}

/** Looks for the host until there is a link, and again when it is lost. Any device that `isHost` does not know is refused. */
export const joinMeeting = (
  options: MeetingOptions & { readonly isHost: (device: DeviceId) => boolean },
): GuestMeeting => {
  const { hub, rtc, clock, random, seed, isHost } = options
  const link = new Cell<MetLink | null>(null)
  const reply = random.bytes(MAILBOX_BYTES)
  const denied = createDenial(clock, random, DENY)
  let tries = 0
  let heardAt = -Infinity
  let stopped = false
  let callOff = () => {}

  const meet = ({ link: met }: OwnedLink) => {
    if (stopped) return met.close()
    // The host keeps the newest and closes the one before.
    link.set(met)
    callOff()
    denied.lift()
    // Whichever way came about first; the other would only take its place.
    dialer.stop()
    relay.stop()
    met.closed(() => {
      if (link.read() !== met) return
      link.set(null)
      tries = 0
      seek(backOff(0, random, KNOCK))
    })
  }
  const seek = (ms: number) => {
    callOff()
    if (stopped || link.read()) return
    callOff = clock.after(ms, () => {
      const isThere = clock.now() - heardAt < HEARD_MS
      if (tries >= RELAY_AFTER && isThere && denied.left() === 0) relay.offer()
      if (!dialer.busy()) dialer.knock()
      seek(backOff(tries++, random, KNOCK))
    })
  }

  const handshake = {
    ...handshakeOf(options),
    judge: (id: DeviceId, presented: Device | null) => (isHost(id) ? acceptStranger(id, presented) : null),
  }
  const send = (note: Note) => postbox.send(note)
  const dialer = createDialer({
    rtc,
    clock,
    random,
    send,
    reply,
    handshake,
    onLink: meet,
    onChange: () => {},
  })
  const relay = createRelayDialer({
    hub,
    clock,
    random,
    send,
    handshake,
    opener: true,
    onLink: meet,
    onRefused: denied.refused,
  })
  const postbox = createPostbox({
    hub,
    clock,
    inbound: () => guestMailbox(seed, reply),
    outbound: (day) => hostMailbox(seed, day),
    burst: BURST,
    onNote: (note) => {
      heardAt = clock.now()
      if (note.type === 'card') dialer.take(note)
    },
  })
  const unwatch = hub.state.watch(() => {
    if (hub.state.read() !== 'open') return
    tries = 0
    seek(0)
  })
  seek(0)

  return {
    link,
    stop: () => {
      stopped = true
      callOff()
      unwatch()
      postbox.stop()
      dialer.stop()
      relay.stop()
      link.read()?.close()
    },
  }
}

const handshakeOf = ({ own, context, seed }: MeetingOptions) => ({
  own,
  context,
  psk: invitationPsk(seed, context),
  present: 'device' as const,
})

/** Holding the seed is enough to be heard; who it is, the words decide. */
const acceptStranger: HandshakeOptions['judge'] = (_, presented) =>
  presented && { device: presented, standing: 'stranger' }
