import type { Line, Listener } from '../../src/hub/line.ts'
import { createClients } from '../../src/hub/clients.ts'
import { createMailboxes } from '../../src/hub/mailboxes.ts'
import { createPipes, type PipeBounds, type Pipes } from '../../src/hub/pipes.ts'
import { noTap } from '../../src/hub/tap.ts'
import type { Clock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createHub, type HubClient, type HubSocket } from '../../src/lib/net/hub-client.ts'
import {
  encodeHubAnswer,
  parseHubAnswer,
  parseHubRequest,
  type HubAnswer,
  type HubRequest,
} from '../../src/lib/wire/hub.ts'

/** What a hub that is not honest says instead of `answer`, to visitor number `to`. */
export type Meddle = (answer: HubAnswer, to: number) => readonly HubAnswer[]

/** The real counter of a hub and real clients of it, with lines in memory between them. */
export interface LineHub {
  connect(): HubClient
  readonly pipes: Pipes
  /** Everything every visitor asked, in order. */
  readonly asked: { readonly from: number; readonly request: HubRequest }[]
  /** Says something to a visitor as the hub could. */
  say(to: number, answer: HubAnswer): void
}

export type LineHubOptions = { readonly meddle?: Meddle; readonly bounds?: PipeBounds }

export const createLineHub = (clock: Clock, { meddle, bounds }: LineHubOptions = {}): LineHub => {
  const pipes = createPipes(clock, bounds)
  const clients = createClients({ mailboxes: createMailboxes(clock), pipes, clock, tap: noTap })
  const asked: { from: number; request: HubRequest }[] = []
  const sockets: { deliver(answer: HubAnswer): void }[] = []

  const connect = (): HubClient =>
    createHub({
      url: '',
      clock,
      random: systemRandom,
      socket: () => {
        const number = sockets.length
        const { socket, line, deliver } = createLine({
          heard: (frame) => {
            const request = parseHubRequest(frame)
            if (request.ok) asked.push({ from: number, request: request.value })
          },
          meddle: (answer) => meddle?.(answer, number) ?? [answer],
        })
        sockets.push({ deliver })
        clients.welcome(line)
        return socket
      },
    })
  return { connect, pipes, asked, say: (to, answer) => sockets[to]!.deliver(answer) }
}

type LineOptions = {
  readonly heard: (frame: Uint8Array) => void
  readonly meddle: (answer: HubAnswer) => readonly HubAnswer[]
}

const createLine = ({ heard, meddle }: LineOptions) => {
  let listener: Listener | null = null
  const end = () => {
    if (socket.readyState === 3) return
    socket.readyState = 3
    listener?.leave()
    socket.onclose?.call(socket as never, new Event('close') as CloseEvent)
  }
  /** In later turns, in order, as over any network. */
  let order = Promise.resolve()
  const later = (then: () => void) =>
    void (order = order.then(() => (socket.readyState === 3 ? undefined : then())))

  const socket: HubSocket & { readyState: number } = {
    readyState: 0,
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (data) => {
      const frame = new Uint8Array(data as Uint8Array).slice()
      later(() => {
        heard(frame)
        listener?.take(frame)
      })
    },
    close: () => later(end),
  }
  later(() => {
    socket.readyState = 1
    socket.onopen?.call(socket as never, new Event('open'))
  })
  const deliver = (answer: HubAnswer) =>
    later(() => {
      const data = encodeHubAnswer(answer).slice().buffer
      socket.onmessage?.call(socket as never, new MessageEvent('message', { data }))
    })
  const line: Line = {
    address: '',
    send: (frame) => meddle(expectOk(parseHubAnswer(frame))).forEach(deliver),
    waiting: () => 0,
    hear: (then) => {
      listener = then
    },
    ask: () => {},
    dismiss: () => later(end),
    cut: () => later(end),
  }
  return { socket, line, deliver }
}
