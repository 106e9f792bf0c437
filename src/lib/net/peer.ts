import { idBytes, type DeviceId } from '../core/ids.ts'
import type { Device } from '../crypto/device.ts'
import { agree } from '../crypto/rendezvous.ts'
import { createDialer } from './dialer.ts'
import type { Gate } from './gate.ts'
import { pairMailbox, pairPsk } from './mailboxes.ts'
import { createPostbox } from './postbox.ts'
import type { MeshOptions, MetLink, OwnedLink } from './types.ts'
import { backOff } from './waiting.ts'

export type PeerOptions = MeshOptions & {
  readonly gate: Gate
  readonly peer: { readonly id: DeviceId; readonly device: Device }
  readonly onChange: () => void
}

/** One other device of the collective: sought until there is a link, and again when it is lost. */
export interface Peer {
  /** The link in use, or `null`. */
  link(): MetLink | null
  /** Whether the other side has answered and a link is being made. */
  connecting(): boolean
  /** Knocks after `ms` milliseconds, if there is still no link then, and on until there is. */
  seek(ms: number): void
  rejudge(): void
  /** Takes a link to this device that was made another way. */
  adopt(link: OwnedLink): void
  stop(): void
}

const KNOCK = { first: 1000, most: 60_000 }
/** Notes a peer may send at once. */
const BURST = 16

/** `null` when the peer’s keys agree on nothing (a point of small order): such a device cannot be found. */
export const createPeer = (options: PeerOptions): Peer | null => {
  const { coll, own, hub, rtc, clock, random, judge, gate, peer, onChange } = options
  const agreed = agree(own.rvSk, peer.device.rvPk)
  if (!agreed.ok) return null
  const secret = agreed.value
  let links: readonly OwnedLink[] = [] // the newest last; more than one only while an old one gives way
  let tries = 0
  let callOff = () => {}
  let stopped = false

  const meet = (owned: OwnedLink) => {
    const judged = judge(peer.id) // again: a suspension may have come while we shook hands
    if (stopped || !judged) return owned.link.close()
    owned.setStanding(judged.standing)
    const older = links
    links = [...links, owned]
    owned.link.closed(() => lose(owned))
    callOff()
    tries = 0
    onChange()
    // One side alone decides which of two links goes, so that they cannot each close the one the other keeps. It
    // keeps the newer: whoever made it has proved to be there now.
    if (own.id < peer.id) for (const { link } of older) link.close()
  }
  const lose = (owned: OwnedLink) => {
    links = links.filter((other) => other !== owned)
    onChange()
    if (links.length === 0) seek(backOff(0, random, KNOCK))
  }

  const seek = (ms: number) => {
    callOff()
    if (stopped || links.length > 0) return
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
    reply: null,
    onLink: meet,
    onChange,
    handshake: {
      own,
      context: idBytes(coll),
      psk: pairPsk(secret, coll),
      present: 'id',
      gate,
      judge: (id) => (id === peer.id ? judge(id) : null),
    },
  })
  const postbox = createPostbox({
    hub,
    clock,
    inbound: (day) => pairMailbox({ secret, coll, from: peer.id, to: own.id }, day),
    outbound: (day) => pairMailbox({ secret, coll, from: own.id, to: peer.id }, day),
    burst: BURST,
    onNote: (note) => {
      if (note.type === 'card') dialer.take(note)
      else dialer.answer(note.id)
    },
  })

  return {
    link: () => links.at(-1)?.link ?? null,
    connecting: () => links.length === 0 && dialer.connecting(),
    seek: (ms) => {
      tries = 0
      seek(ms)
    },
    rejudge: () => {
      const judged = judge(peer.id)
      for (const { link, setStanding } of links) {
        if (judged) setStanding(judged.standing)
        else link.close()
      }
    },
    adopt: meet,
    stop: () => {
      stopped = true
      callOff()
      postbox.stop()
      dialer.stop()
      for (const { link } of links) link.close()
    },
  }
}
