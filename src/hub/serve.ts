import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../lib/core/clock.ts'
import { MAX_HUB_MESSAGE_BYTES } from '../lib/wire/hub.ts'
import { POST_PATH, type HubAddress } from '../lib/wire/hub-list.ts'
import { createClients } from './clients.ts'
import { doorsOf, type Doors } from './doors.ts'
import { createMailboxes } from './mailboxes.ts'
import { REFUSAL_HEADERS, type Page, type Pages } from './pages.ts'
import { noTap, type Tap } from './tap.ts'

export type HubOptions = {
  readonly pages: Pages
  readonly clock: Clock
  readonly tap?: Tap
  /** Hubs whose pages may use this one too. */
  readonly hubs?: readonly HubAddress[]
  /** How this hub is called from outside. */
  readonly name?: HubAddress | null
}

/** The blind post office: the built app and its mailboxes on one port of this machine. */
export interface HubServer {
  /** Resolves to the port, or rejects as `net.Server.listen` does, when it is taken. 0: any free one. */
  listen(port: number): Promise<number>
  /** Says goodbye to everybody, then stops. Resolves when no socket is open. */
  close(): Promise<void>
}

/** Only this machine can connect. */
const LOOPBACK = '127.0.0.1'

const MOST_CLIENTS = 1024
/** From one address. A household behind one router is one address too. */
const MOST_CLIENTS_PER_ADDRESS = 256
const SWEEP_MS = 15_000
const GRACE_MS = 1000

export const createHub = ({ pages, clock, tap = noTap, hubs = [], name = null }: HubOptions): HubServer => {
  const doors = doorsOf(hubs, name)
  const mailboxes = createMailboxes(clock)
  const clients = createClients(mailboxes, clock, tap)
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_HUB_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000, headersTimeout: 5000 })
  server.maxConnections = 2 * MOST_CLIENTS
  server.keepAliveTimeout = 5000

  const comingFrom = new Map<string, number>()
  let connected = 0
  let closing = false

  server.on('request', (request, response) => {
    tap.request(headOf(request))
    answer(pages, doors, { request, response })
  })

  server.on('upgrade', (request, socket, head) => {
    tap.request(headOf(request))
    socket.on('error', () => {})
    const address = request.socket.remoteAddress ?? ''
    // What speaks TLS for a hub with a name has one address for all: there it has to count.
    const here = name ? 0 : (comingFrom.get(address) ?? 0)
    if (request.url !== POST_PATH) return refuseUpgrade(socket, '404 Not Found')
    if (!doors.isOurName(request.headers.host) || !doors.mayCome(request.headers))
      return refuseUpgrade(socket, '403 Forbidden')
    if (closing || connected >= MOST_CLIENTS || here >= MOST_CLIENTS_PER_ADDRESS)
      return refuseUpgrade(socket, '503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (client) => {
      connected++
      comingFrom.set(address, (comingFrom.get(address) ?? 0) + 1)
      clients.welcome(client, () => {
        connected--
        const left = (comingFrom.get(address) ?? 1) - 1
        if (left > 0) comingFrom.set(address, left)
        else comingFrom.delete(address)
      })
    })
  })

  // Not HTTP at all: no answer, no note.
  server.on('clientError', (_, socket) => void socket.destroy())

  let callOff = (): void => {}
  const sweep = (): void => {
    mailboxes.sweep()
    callOff = clock.after(SWEEP_MS, sweep)
  }

  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, LOOPBACK, () => {
          server.off('error', reject)
          sweep()
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close: async () => {
      if (closing) return
      closing = true
      callOff()
      const stopped = new Promise((resolve) => server.close(resolve))
      await clients.dismiss(GRACE_MS)
      server.closeAllConnections()
      await stopped
      await tap.close()
    },
  }
}

const answer = (
  pages: Pages,
  { isOurName }: Doors,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): void => {
  if (!isOurName(request.headers.host)) return refuse(response, 421)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  const page = pages.get((request.url ?? '').split('?', 1)[0] ?? '')
  if (!page) return refuse(response, 404)
  if (request.headers['if-none-match'] === page.etag) {
    response.writeHead(304, page.headers)
    return void response.end()
  }
  const { body, headers } = encodedFor(request, page)
  response.writeHead(200, { ...page.headers, ...headers, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

const encodedFor = (request: IncomingMessage, page: Page) => {
  const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  return takesGzip && page.gzipped
    ? { body: page.gzipped, headers: { 'content-encoding': 'gzip' } }
    : { body: page.body, headers: {} }
}

const refuse = (response: ServerResponse, status: 404 | 405 | 421): void => {
  response.writeHead(status, { ...REFUSAL_HEADERS, ...(status === 405 ? { allow: 'GET, HEAD' } : {}) })
  response.end()
}

const refuseUpgrade = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)

const headOf = ({ method, url, rawHeaders }: IncomingMessage): string =>
  [`${method} ${url}`, ...rawHeaders].join('\n')
