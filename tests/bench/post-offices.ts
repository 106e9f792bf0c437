import { createHash } from 'node:crypto'
import { WebSocket } from 'ws'
import { encodeHubRequest, parseHubAnswer } from '../../src/lib/wire/hub.ts'
import { BLOB_BYTES } from '../../src/lib/wire/rendezvous.ts'

/** Devices of one collective, or of one room of y-webrtc’s. */
export const GROUP = 12

/** One device at a post office: which group, and which of it. */
export type Place = { readonly group: number; readonly at: number }

/** A device that is there and hears what is for it. */
export interface Client {
  /** Looks for all others of its group. Resolves to the time until each was met, ms. */
  comes(): Promise<readonly number[]>
  /** When this resolves it has heard everything that was under way to it. */
  settled(): Promise<void>
  close(): void
}

/** A program that introduces devices to each other, and how devices use it. */
export type PostOffice = {
  readonly program: string
  readonly env?: Readonly<Record<string, string>>
  connect(port: number, place: Place): Promise<Client>
}

/**
 * An introduction is the same for both: one calls, the other shows how it is reached, and is shown how the first is. Each
 * message has the size and goes the way it has in use; nothing is sealed or connected, which is the devices’ work.
 */
type Meetings = {
  readonly isComing: () => boolean
  readonly met: (other: number) => void
  readonly comes: (call: () => void) => Promise<readonly number[]>
}
const createMeetings = (): Meetings => {
  let waiting: {
    readonly since: number
    readonly took: Map<number, number>
    readonly all: () => void
  } | null = null
  return {
    isComing: () => waiting !== null,
    met: (other) => {
      if (!waiting || waiting.took.has(other)) return
      const { since, took, all } = waiting
      took.set(other, performance.now() - since)
      if (took.size < GROUP - 1) return
      waiting = null
      all()
    },
    comes: (call) =>
      new Promise((resolve) => {
        const took = new Map<number, number>()
        waiting = { since: performance.now(), took, all: () => resolve([...took.values()]) }
        call()
      }),
  }
}

const others = (at: number): readonly number[] =>
  Array.from({ length: GROUP }, (_, other) => other).filter((other) => other !== at)

const opened = async (url: string, origin: string): Promise<WebSocket> => {
  const socket = new WebSocket(url, { origin })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return socket
}

const mailboxOf = (group: number, from: number, to: number): Uint8Array =>
  createHash('sha256').update(`${group} ${from} ${to}`).digest()

const [KNOCK, CARD, CARD_BACK] = [0, 1, 2] as const

/** A mailbox for each way between two devices; a knock, a card and a card, each of 1024 bytes, to one reader. */
export const ours: PostOffice = {
  program: 'dist/hub/main.js',
  // Behind what speaks TLS for it, which counts for it who comes from where: alone it lets 256 come.
  env: { LUMBRE_NAME: 'wss://hub.example.org' },
  connect: async (port, place) => {
    const origin = `http://127.0.0.1:${port}`
    const socket = await opened(`ws://127.0.0.1:${port}/post`, origin)
    socket.binaryType = 'nodebuffer'
    const meetings = createMeetings()
    const outbound = new Map(
      others(place.at).map((other) => [other, mailboxOf(place.group, place.at, other)]),
    )
    const put = (other: number, step: number) => {
      const blob = new Uint8Array(BLOB_BYTES)
      blob.set([step, place.at])
      socket.send(encodeHubRequest({ type: 'put', mailbox: outbound.get(other)!, blob }))
    }
    socket.on('message', (data: Buffer) => {
      const answer = parseHubAnswer(data)
      if (!answer.ok || answer.value.type !== 'blob') throw new Error('the hub refused something')
      const [step, from] = answer.value.blob as unknown as [number, number]
      if (step === KNOCK) return put(from, CARD)
      if (step === CARD) put(from, CARD_BACK)
      if (step === CARD) meetings.met(from)
    })
    for (const other of others(place.at))
      socket.send(encodeHubRequest({ type: 'subscribe', mailbox: mailboxOf(place.group, other, place.at) }))
    await roundTrip(socket)
    return {
      comes: () =>
        meetings.comes(() => {
          for (const other of others(place.at)) put(other, KNOCK)
        }),
      settled: () => roundTrip(socket),
      close: () => socket.terminate(),
    }
  },
}

/** When this resolves, whoever is at the other end has taken everything sent before. */
const roundTrip = (socket: WebSocket): Promise<void> =>
  new Promise((resolve) => {
    socket.once('pong', () => resolve())
    socket.ping()
  })

/** As in y-webrtc.js: what is published goes to everybody in the room, and each looks whether it is meant. */
type Published =
  | { readonly type: 'announce'; readonly from: number }
  | {
      readonly type: 'signal'
      readonly from: number
      readonly to: number
      readonly signal: { readonly type: string }
    }

/** One offer and one candidate, one answer and one candidate; bytes of each message with everything around it. */
const SIGNALS = {
  offer: 659,
  'candidate of the offer': 358,
  answer: 661,
  'candidate of the answer': 359,
} as const

export const yWebrtc: PostOffice = {
  program: 'node_modules/y-webrtc/bin/server.js',
  connect: async (port, place) => {
    const socket = await opened(`ws://127.0.0.1:${port}`, `http://127.0.0.1:${port}`)
    const topic = `room ${place.group}`
    const meetings = createMeetings()
    const publish = (data: Published, bytes = 0) => {
      const bare = JSON.stringify({ type: 'publish', topic, data })
      const sdp = 'x'.repeat(Math.max(0, bytes - bare.length - ',"sdp":""'.length))
      const full = 'signal' in data && bytes > 0 ? { ...data, signal: { ...data.signal, sdp } } : data
      socket.send(JSON.stringify({ type: 'publish', topic, data: full }))
    }
    const signal = (to: number, ...types: readonly (keyof typeof SIGNALS)[]) => {
      for (const type of types)
        publish({ type: 'signal', from: place.at, to, signal: { type } }, SIGNALS[type])
    }
    socket.on('message', (raw: Buffer) => {
      const message = JSON.parse(raw.toString()) as { readonly type: string; readonly data: Published }
      if (message.type !== 'publish') return
      const { data } = message
      if (data.from === place.at) return
      if (data.type === 'announce') {
        // Where both come at once both would offer, and neither connection would come about. Here one of them waits.
        if (!meetings.isComing() || place.at < data.from) signal(data.from, 'offer', 'candidate of the offer')
        return
      }
      if (data.to !== place.at) return
      if (data.signal.type === 'candidate of the offer') {
        signal(data.from, 'answer', 'candidate of the answer')
        meetings.met(data.from)
      }
      if (data.signal.type === 'candidate of the answer') meetings.met(data.from)
    })
    socket.send(JSON.stringify({ type: 'subscribe', topics: [topic] }))
    await roundTrip(socket)
    return {
      comes: () => meetings.comes(() => publish({ type: 'announce', from: place.at })),
      settled: () => roundTrip(socket),
      close: () => socket.terminate(),
    }
  },
}
