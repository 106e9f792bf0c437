import { removeAwarenessStates, Awareness } from 'y-protocols/awareness'
import { WebrtcProvider, type Room } from 'y-webrtc'
import * as Y from 'yjs'
import type { MetLink } from '../types.ts'
import { admitLive } from './admit.ts'
import { talk } from './talk.ts'
import { VerifiedAwareness, type Signing } from './verified-awareness.ts'
import type { VirtualConnection } from './virtual-connection.ts'

export type LiveOptions = Signing & {
  /** This device's Yjs client id in the collective: presence is known by it. */
  readonly clientId: number
}

/**
 * What is alive and never stored: who is here, cursors, the round in progress. y-webrtc, unmodified, over streams of our
 * links. Its document is not the workspace's and its word is not believed: see `admit.ts` and `verified-awareness.ts`.
 */
export interface Live {
  /** Ephemeral: the facilitated round in progress. Small: a message of more than 64 KiB is not sent. Unsigned: any member in good standing may write all of it. */
  readonly doc: Y.Doc
  readonly awareness: VerifiedAwareness
  /** Speaks with a device over its link, as long as it is in good standing. A newer link takes the place of an older one. Returns the leaving. */
  attach(link: MetLink, peerClient: number): () => void
  stop(): void
}

/** What one device may say about the round while this page lives: nobody fills another's memory. Bytes. */
const MAX_ROUND_BYTES = 16 * 1024 * 1024

/** simple-peer makes its connection inside `new WebrtcConn`: this says over what. */
let making: VirtualConnection | null = null

const over = <T>(connection: VirtualConnection, make: () => T): T => {
  making = connection
  try {
    return make()
  } finally {
    making = null
  }
}

const peerOpts = {
  config: { iceServers: [] },
  get wrtc() {
    return {
      RTCPeerConnection: function () {
        if (!making) throw new Error('a connection of y-webrtc outside our links')
        return making
      },
      RTCSessionDescription: function (description: unknown) {
        return description
      },
      RTCIceCandidate: function (candidate: unknown) {
        return candidate
      },
    }
  },
}

export const createLive = (options: LiveOptions): Live => {
  const doc = new Y.Doc()
  const ownId = doc.clientID
  doc.clientID = options.clientId
  const raw = new Awareness(doc)
  raw.setLocalState(null)
  const awareness = new VerifiedAwareness(raw, doc, options)
  // Presence is known by the device; the round is written under an id of this page alone. Nothing of it is kept, so that
  // after a reload the device would count its changes from zero again, over those others still have.
  doc.clientID = ownId
  const room = openRoom(doc, raw)
  const leavings = new Map<number, () => void>()
  const heardOfRound = new Map<number, number>()
  let stopped = false

  void room.then((opened) => {
    if (stopped) return
    doc.on('update', opened._docUpdateHandler)
    raw.on('update', (changes: { added: number[]; updated: number[]; removed: number[] }) => {
      // Everybody tells their own presence to everybody: passing on others' would be a flood of N².
      const mine = (clients: number[]) => clients.filter((client) => client === options.clientId)
      const [added, updated, removed] = [mine(changes.added), mine(changes.updated), mine(changes.removed)]
      if (added.length + updated.length + removed.length > 0)
        opened._awarenessUpdateHandler({ added, updated, removed }, null)
    })
  })

  const attach = (link: MetLink, peerClient: number): (() => void) => {
    leavings.get(peerClient)?.()
    let left = false
    let endTalk = () => {}
    const forget = () => {
      removeAwarenessStates(raw, [peerClient], 'left')
      // It may come back as a new page, which counts from zero.
      raw.meta.delete(peerClient)
    }
    const mayHear = (message: Uint8Array): Uint8Array | null => {
      const admitted = admitLive(message, peerClient)
      if (admitted?.kind !== 'round') return admitted?.bytes ?? null
      const heard = (heardOfRound.get(peerClient) ?? 0) + admitted.bytes.length
      heardOfRound.set(peerClient, heard)
      return heard > MAX_ROUND_BYTES ? null : admitted.bytes
    }
    const maySay = (message: Uint8Array) => admitLive(message, options.clientId)?.bytes ?? null
    void room.then((opened) => {
      if (!left) endTalk = talk({ link, room: opened, over, mayHear, maySay, onClosed: forget })
    })
    const leave = () => {
      if (left) return
      left = true
      if (leavings.get(peerClient) === leave) leavings.delete(peerClient)
      endTalk()
      forget()
    }
    leavings.set(peerClient, leave)
    link.closed(leave)
    return leave
  }

  return {
    doc,
    awareness,
    attach,
    stop: () => {
      stopped = true
      awareness.setLocalState(null)
      for (const leave of [...leavings.values()]) leave()
      awareness.destroy()
      raw.destroy()
      // Destroys y-webrtc's provider too, once it is there.
      void room.then(() => doc.destroy())
    },
  }
}

/** A room of y-webrtc that hears and says nothing by itself. */
const openRoom = async (doc: Y.Doc, awareness: Awareness): Promise<Room> => {
  // The name is this page's alone: no signaling server and no other tab ever hears it.
  const name = crypto.getRandomValues(new Uint32Array(4)).join('-')
  const provider = new WebrtcProvider(name, doc, {
    signaling: [],
    awareness,
    maxConns: Number.POSITIVE_INFINITY,
    filterBcConns: false,
    peerOpts,
  })
  // Disconnected at once, so that it never speaks over a BroadcastChannel. Its handlers are attached by hand.
  provider.disconnect()
  await provider.key
  const { room } = provider
  if (!room) throw new Error('y-webrtc made no room')
  // Also fires when somebody follows a mail address and stays: it would end all connections, and none would come back.
  globalThis.removeEventListener?.('beforeunload', room._beforeUnloadHandler)
  globalThis.process?.off?.('exit', room._beforeUnloadHandler)
  return room
}
