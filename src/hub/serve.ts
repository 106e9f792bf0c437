import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Clock } from '../lib/core/clock.ts'
import { MAX_HUB_MESSAGE_BYTES } from '../lib/wire/hub.ts'
import { POST_PATH, type HubAddress } from '../lib/wire/hub-list.ts'
import type { HubCertificate } from './certificate.ts'
import { createClients } from './clients.ts'
import { homeDoor, roomDoor, type Door } from './doors.ts'
import { isNear } from './lan.ts'
import type { Line } from './line.ts'
import { createMailboxes } from './mailboxes.ts'
import { createOneScan, type OneScan } from './one-scan.ts'
import { REFUSAL_HEADERS, type Page, type Pages } from './pages.ts'
import { createPipes } from './pipes.ts'
import { SocketLine } from './socket-line.ts'
import { noTap, type Tap } from './tap.ts'
import { WELCOME_PAGES } from './welcome-page.ts'

export type HubOptions = {
  readonly pages: Pages
  readonly clock: Clock
  readonly tap?: Tap
  /** Hubs whose pages may use this one too. */
  readonly hubs?: readonly HubAddress[]
  /** How this hub is called from outside. */
  readonly name?: HubAddress | null
  /** For a whole room: heard in the local network, and by whoever scans its code. `null`: this machine only. */
  readonly lan?: LanOptions | null
  /** For whoever scans its code, from anywhere in the world. `null`: only from the room, if there is one. */
  readonly afar?: AfarOptions | null
}

export type LanOptions = {
  readonly certificate: HubCertificate
  /** The addresses of this machine under which it is a hub, as they are now. */
  readonly addresses: () => readonly string[]
}

export type AfarOptions = { readonly certificate: HubCertificate }

/** The blind post office: the built app and its mailboxes on one port of this machine. */
export interface HubServer {
  /**
   * Resolves to the port, or rejects as `net.Server.listen` does, when it is taken. 0: any free one. In a local network
   * it is the port for pages (TCP) and for those who scan (UDP).
   */
  listen(port: number): Promise<number>
  /** Says goodbye to everybody, then stops. Resolves when no socket is open. */
  close(): Promise<void>
}

/** A socket without anybody who hears of its errors ends the process. */
const ignore = (): void => {}

/** Without a local network only this machine can connect. */
const LOOPBACK = '127.0.0.1'
const EVERYWHERE = '0.0.0.0'

const MOST_CLIENTS = 1024
/** From one address. A household behind one router is one address too. */
const MOST_CLIENTS_PER_ADDRESS = 256
/** Of those who scanned its code in another place than this. */
const MOST_SCANNED_AFAR_PER_ADDRESS = 64
const SWEEP_MS = 15_000
/** How often we ask whether the other side is there. One question unanswered when the next is due, and it is gone. */
const ASK_MS = 30_000
const GRACE_MS = 1000
const PORT_TRIES = 20
const PORT_PAUSE_MS = 100

export const createHub = ({
  pages,
  clock,
  tap = noTap,
  hubs = [],
  name = null,
  lan = null,
  afar = null,
}: HubOptions): HubServer => {
  const home = homeDoor(hubs, name)
  const mailboxes = createMailboxes(clock)
  const sockets = new WebSocketServer({
    noServer: true,
    WebSocket: SocketLine,
    clientTracking: false,
    maxPayload: MAX_HUB_MESSAGE_BYTES,
    perMessageDeflate: false,
    autoPong: false,
  })
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000, headersTimeout: 5000 })
  server.maxConnections = 2 * MOST_CLIENTS
  server.keepAliveTimeout = 5000

  const comingFrom = new Map<string, number>()
  let connected = 0
  const gone = ({ address }: Line): void => {
    connected--
    const left = (comingFrom.get(address) ?? 1) - 1
    if (left > 0) comingFrom.set(address, left)
    else comingFrom.delete(address)
  }
  const clients = createClients({ mailboxes, pipes: createPipes(clock), clock, tap, gone })
  let closing = false
  let oneScan: OneScan | null = null

  /** Where a connection came in: on this machine, from the local network, or where no hub of ours is. */
  const doorOf = ({ socket }: IncomingMessage): Door => {
    const address = cameTo(socket)
    return address === LOOPBACK ? home : roomDoor(lan?.addresses().includes(address) ? address : null)
  }
  // Without a local network this machine is where everybody comes from and to, and a socket that is never asked for its
  // addresses holds none.
  const cameTo = (socket: Socket): string => (lan ? (socket.localAddress ?? '') : LOOPBACK)
  const cameFrom = (socket: Socket): string => (lan ? (socket.remoteAddress ?? '') : LOOPBACK)

  // What speaks TLS for a hub with a name has one address for all: there it has to count.
  const comeFrom = (address: string): number =>
    name && address === LOOPBACK ? 0 : (comingFrom.get(address) ?? 0)
  const mayCome = (address: string): boolean =>
    !closing && connected < MOST_CLIENTS && comeFrom(address) < MOST_CLIENTS_PER_ADDRESS
  // The first packet proves nothing, and is answered: from a room, never to anybody outside it.
  const mayScan = (address: string): boolean =>
    mayCome(address) &&
    (isNear(address) || (afar !== null && comeFrom(address) < MOST_SCANNED_AFAR_PER_ADDRESS))
  const welcome = (line: Line): void => {
    connected++
    comingFrom.set(line.address, (comingFrom.get(line.address) ?? 0) + 1)
    clients.welcome(line)
  }

  // An address that is not of the local network (a public one, say) leads to no hub at all.
  server.on('connection', (socket) => {
    const address = cameTo(socket)
    if (address !== LOOPBACK && !lan?.addresses().includes(address)) socket.destroy()
  })

  server.on('request', (request, response) => {
    tap.request(headOf(request))
    answer(pages, doorOf(request), { request, response })
  })

  server.on('upgrade', (request, socket, head) => {
    tap.request(headOf(request))
    const address = cameFrom(request.socket)
    const door = doorOf(request)
    if (request.url !== POST_PATH) return refuseUpgrade(socket, '404 Not Found')
    if (!door.isOurName(request.headers.host) || !door.mayCome(request.headers))
      return refuseUpgrade(socket, '403 Forbidden')
    if (!mayCome(address)) return refuseUpgrade(socket, '503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (line) => {
      line.address = address
      welcome(line)
    })
  })

  // Not HTTP at all: no answer, no note.
  server.on('clientError', (_, socket) => void socket.destroy())

  /** The system gives a port of UDP back a moment after it was let go of. */
  const openOneScan = async (port: number, certificate: HubCertificate): Promise<void> => {
    for (let left = PORT_TRIES; ; left--) {
      try {
        oneScan = createOneScan({ port, certificate, clock, mayCome: mayScan, onLine: welcome })
        return
      } catch {
        if (left === 0) throw Object.assign(new Error(`UDP port ${port} is taken`), { code: 'EADDRINUSE' })
      }
      await new Promise<void>((resume) => clock.after(PORT_PAUSE_MS, resume))
    }
  }

  let callOff = (): void => {}
  const sweep = (): void => {
    mailboxes.sweep()
    callOff = clock.after(SWEEP_MS, sweep)
  }
  let callOffAsking = (): void => {}
  const ask = (): void => {
    clients.ask()
    callOffAsking = clock.after(ASK_MS, ask)
  }

  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, lan ? EVERYWHERE : LOOPBACK, () => {
          server.off('error', reject)
          const { port: heard } = server.address() as AddressInfo
          const begin = (): void => {
            sweep()
            ask()
            resolve(heard)
          }
          const certificate = lan?.certificate ?? afar?.certificate
          if (!certificate) return begin()
          openOneScan(heard, certificate).then(begin, (error: unknown) => {
            server.close()
            reject(error instanceof Error ? error : new Error('the port cannot be opened'))
          })
        })
      }),
    close: async () => {
      if (closing) return
      closing = true
      callOff()
      callOffAsking()
      const stopped = new Promise((resolve) => server.close(resolve))
      oneScan?.close()
      await clients.dismiss(GRACE_MS)
      server.closeAllConnections()
      await stopped
      await tap.close()
    },
  }
}

const answer = (
  pages: Pages,
  { isOurName, isRoom }: Door,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): void => {
  if (!isOurName(request.headers.host)) return refuse(response, 421)
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405)
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  const page = (isRoom && WELCOME_PAGES.get(path)) || pages.get(path)
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
  void socket.on('error', ignore).end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)

const headOf = ({ method, url, rawHeaders }: IncomingMessage): string =>
  [`${method} ${url}`, ...rawHeaders].join('\n')
