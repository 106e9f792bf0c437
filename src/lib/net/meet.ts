import { hexFromBytes } from '../core/bytes.ts'
import type { DeviceId } from '../core/ids.ts'
import { Cell } from '../core/watched.ts'
import { MAILBOX_BYTES } from '../wire/rendezvous.ts'
import { createDialer, type Dialer } from './dialer.ts'
import { createGate } from './gate.ts'
import type { HandshakeOptions } from './handshake.ts'
import { guestMailbox, hostMailbox, invitationPsk, sealNote } from './mailboxes.ts'
import { createPostbox } from './postbox.ts'
import type { GuestMeeting, HostMeeting, MeetingOptions, MetLink, OwnedLink } from './types.ts'
import { backOff } from './waiting.ts'

/** Guests who may knock with one invitation before the first of them are forgotten. */
const MAX_GUESTS = 32
/** Notes all guests together may send at once. */
const BURST = 64
const KNOCK = { first: 1000, most: 10_000 }

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

  const postbox = createPostbox({
    hub,
    clock,
    inbound: (day) => hostMailbox(seed, day),
    outbound: (day) => hostMailbox(seed, day),
    burst: BURST,
    onNote: (note) => {
      if (note.type === 'card') for (const dialer of dialers.values()) dialer.take(note)
      else if (note.type === 'knock' && note.reply) dialerFor(note.reply).answer(note.id)
    },
  })
  return {
    guests,
    stop: () => {
      postbox.stop()
      for (const { stop } of dialers.values()) stop()
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
  let tries = 0
  let stopped = false
  let callOff = () => {}

  const meet = ({ link: met }: OwnedLink) => {
    if (stopped) return met.close()
    // The host keeps the newest and closes the one before.
    link.set(met)
    callOff()
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
      if (!dialer.busy()) dialer.knock()
      seek(backOff(tries++, random, KNOCK))
    })
  }

  const dialer = createDialer({
    rtc,
    clock,
    random,
    send: (note) => postbox.send(note),
    reply,
    handshake: {
      ...handshakeOf(options),
      judge: (id, presented) => (isHost(id) ? acceptStranger(id, presented) : null),
    },
    onLink: meet,
    onChange: () => {},
  })
  const postbox = createPostbox({
    hub,
    clock,
    inbound: () => guestMailbox(seed, reply),
    outbound: (day) => hostMailbox(seed, day),
    burst: BURST,
    onNote: (note) => {
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
