import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { WebSocket, type ClientOptions } from 'ws'
import { systemClock, type Clock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { encodeHubRequest, parseHubAnswer, type HubAnswer, type HubRequest } from '../../src/lib/wire/hub.ts'
import { parseHubAddress, parseHubList } from '../../src/lib/wire/hub-list.ts'
import { readPages } from '../../src/hub/pages.ts'
import { createHub, type HubServer, type LanOptions } from '../../src/hub/serve.ts'
import { noTap, type Tap } from '../../src/hub/tap.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Undone after the test, last first. */
export const later = (cleanUp: () => unknown): void => void cleanUps.push(cleanUp)

export const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'"
export const INDEX = `<!doctype html><meta http-equiv="content-security-policy" content="${POLICY}"><script src="/app.js"></script><p>hello</p>`

/** A folder with these files, as if built. */
export const folderOf = async (files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'lumbre-pages-'))
  later(() => rm(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return folder
}

export type OpenHub = { readonly server: HubServer; readonly port: number; readonly origin: string }

export type OpenHubOptions = {
  readonly files?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly tap?: Tap
  readonly port?: number
  readonly lan?: LanOptions | null
  /** Neighbours, as their operator would list them. */
  readonly hubs?: string
  readonly name?: string
}

/** A real hub on a free port of this machine, closed after the test. */
export const openHub = async ({
  files = { 'index.html': INDEX },
  clock = systemClock,
  tap = noTap,
  port: wanted = 0,
  hubs: listed = '',
  name,
  lan = null,
}: OpenHubOptions = {}): Promise<OpenHub> => {
  const hubs = expectOk(parseHubList(listed))
  const pages = expectOk(await readPages(await folderOf(files), hubs))
  const server = createHub({
    pages,
    clock,
    tap,
    hubs,
    name: name ? expectOk(parseHubAddress(name)) : null,
    lan,
  })
  const port = await server.listen(wanted)
  later(() => server.close())
  return { server, port, origin: `http://127.0.0.1:${port}` }
}

/** Somebody at the hub's counter, who can also say what nobody should. */
export type Visitor = {
  readonly socket: WebSocket
  say(request: HubRequest): void
  /** The next answer, in order. Rejects when the connection ends first. */
  next(): Promise<HubAnswer>
  /** Resolves to the code when the connection is over. */
  readonly closed: Promise<number>
}

export const visit = async (hub: OpenHub, options: ClientOptions = {}): Promise<Visitor> => {
  const socket = new WebSocket(`${hub.origin.replace('http', 'ws')}/post`, { origin: hub.origin, ...options })
  socket.binaryType = 'arraybuffer'
  const answers: HubAnswer[] = []
  const waiting: ((answer: HubAnswer) => void)[] = []
  socket.on('message', (data) => {
    const answer = expectOk(parseHubAnswer(new Uint8Array(data as ArrayBuffer)))
    const waiter = waiting.shift()
    if (waiter) waiter(answer)
    else answers.push(answer)
  })
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  later(() => socket.terminate())
  return {
    socket,
    closed,
    say: (request) => socket.send(encodeHubRequest(request)),
    next: () =>
      new Promise((resolve, reject) => {
        const answer = answers.shift()
        if (answer) return resolve(answer)
        waiting.push(resolve)
        void closed.then(() => reject(new Error('the connection ended')))
      }),
  }
}

/** When this resolves, the hub has dealt with everything said before. */
export const roundTrip = (visitor: Visitor): Promise<void> =>
  new Promise((resolve) => {
    visitor.socket.once('pong', () => resolve())
    visitor.socket.ping()
  })
