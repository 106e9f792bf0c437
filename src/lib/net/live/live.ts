import { removeAwarenessStates, Awareness } from 'y-protocols/awareness'
import { WebrtcConn, WebrtcProvider, type Room } from 'y-webrtc'
import * as Y from 'yjs'
import { concatBytes, textFromUtf8, utf8FromText } from '../../core/bytes.ts'
import type { MetLink } from '../types.ts'
import { admitLive } from './inbound.ts'
import { VerifiedAwareness, type Signing } from './verified-awareness.ts'
import { VirtualConnection } from './virtual-connection.ts'

/** What begins each message of the `live` stream. */
const HELLO = 0
const SIGNAL = 1
const DATA = 2

export type LiveOptions = Signing & {
  /** This device's Yjs client id in the collective: presence is known by it. */
  readonly clientId: number
}

/**
 * What is alive and never stored: who is here, cursors, the round in progress. y-webrtc, unmodified, over streams of our
 * links. Its document is not the workspace's and its word is not believed: see `inbound.ts` and `verified-awareness.ts`.
 */
export interface Live {
  /** Ephemeral: the facilitated round in progress. */
  readonly doc: Y.Doc
  readonly awareness: VerifiedAwareness
  /** Speaks with a device over its link, as long as it is in good standing. Returns the leaving. */
  attach(link: MetLink, peerClient: number): () => void
  stop(): void
}

/** simple-peer makes its connection inside `new WebrtcConn`: this says over what. */
let making: VirtualConnection | null = null

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
  doc.clientID = options.clientId
  const raw = new Awareness(doc)
  raw.setLocalState(null)
  // The name is this device's alone: no signaling server and no other tab ever hears it.
  const name = crypto.getRandomValues(new Uint32Array(4)).join('-')
  const provider = new WebrtcProvider(name, doc, {
    signaling: [],
    awareness: raw,
    maxConns: Number.POSITIVE_INFINITY,
    filterBcConns: false,
    peerOpts,
  })
  // Disconnected at once, so that it never speaks over a BroadcastChannel. Its handlers are attached by hand below.
  provider.disconnect()
  const awareness = new VerifiedAwareness(raw, doc, options)
  awareness.setLocalState(null)
  let stopped = false

  const ready: Promise<Room> = Promise.resolve(provider.key).then(() => {
    const { room } = provider
    if (!room) throw new Error('y-webrtc made no room')
    doc.on('update', room._docUpdateHandler)
    raw.on('update', (changes: { added: number[]; updated: number[]; removed: number[] }) => {
      // Everybody tells their own presence to everybody: passing on others' would be a flood of N².
      const mine = (clients: number[]) => clients.filter((client) => client === options.clientId)
      const [added, updated, removed] = [mine(changes.added), mine(changes.updated), mine(changes.removed)]
      if (added.length + updated.length + removed.length > 0)
        room._awarenessUpdateHandler({ added, updated, removed }, null)
    })
    return room
  })

  const attach = (link: MetLink, peerClient: number): (() => void) => {
    let connection: VirtualConnection | null = null
    let conn: WebrtcConn | null = null
    let left = false
    const say = (kind: number, bytes: Uint8Array) =>
      link.send('live', concatBytes(Uint8Array.of(kind), bytes))
    const signaling = {
      send: (message: { readonly data?: { readonly signal?: unknown } }) => {
        if (message.data?.signal) say(SIGNAL, utf8FromText(JSON.stringify(message.data.signal)))
      },
    }

    const end = () => {
      const old = conn
      conn = null
      connection = null
      if (!old) return
      provider.room?.webrtcConns.delete(link.id)
      old.destroy()
    }
    const begin = (room: Room, initiator: boolean) => {
      end()
      making = connection = new VirtualConnection({ send: (bytes) => say(DATA, bytes) })
      try {
        conn = new WebrtcConn(signaling as never, initiator, link.id, room)
      } finally {
        making = null
      }
      room.webrtcConns.set(link.id, conn)
    }

    const hear = (room: Room, message: Uint8Array) => {
      const body = message.subarray(1)
      if (message[0] === HELLO && link.introduction.initiator) begin(room, true)
      else if (message[0] === SIGNAL) {
        const signal = signalFrom(body)
        if (!signal) return
        if (signal.type === 'offer' && !link.introduction.initiator) begin(room, false)
        ;(conn?.peer as { signal(signal: object): void } | undefined)?.signal(signal)
      } else if (message[0] === DATA) {
        const admitted = admitLive(body, peerClient)
        if (admitted) connection?.receive(admitted)
      }
    }

    let unreceive = () => {}
    void ready.then((room) => {
      if (left || stopped) return
      unreceive = link.receive('live', (message) => hear(room, message))
      say(HELLO, new Uint8Array())
    })
    const leave = () => {
      if (left) return
      left = true
      unreceive()
      end()
      removeAwarenessStates(raw, [peerClient], 'left')
    }
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
      awareness.destroy()
      raw.destroy()
      void ready.then(() => {
        provider.destroy()
        doc.destroy()
      })
    },
  }
}

/** What simple-peer says: an offer or an answer, nothing with addresses in it. */
const signalFrom = (bytes: Uint8Array): { readonly type: string } | null => {
  try {
    const signal: unknown = JSON.parse(textFromUtf8(bytes) ?? '')
    const type = typeof signal === 'object' && signal !== null && 'type' in signal ? signal.type : null
    return type === 'offer' || type === 'answer'
      ? ({ type, ...(signal as object), sdp: 'virtual' } as never)
      : null
  } catch {
    return null
  }
}
