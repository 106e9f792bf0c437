import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { systemClock } from '../lib/core/clock.ts'
import { MAX_HUB_ADDRESSES } from '../lib/wire/hub-code.ts'
import { keptCertificate, type HubCertificate } from './certificate.ts'
import { drawnCode, groupedCode, hubCodeText, isLocal, isScannable, lanAddresses } from './lan.ts'
import { readSettings, wordsFor } from './options.ts'
import { readPages } from './pages.ts'
import { createHub, type HubServer } from './serve.ts'
import { createFileTap, noTap } from './tap.ts'

/**
 * `--lan`: a hub for everybody in the room. `--address 10.0.0.5`: under this address only.
 * `--scan 203.0.113.5`: a hub for whoever scans its code, from anywhere; up to four addresses. Its pages stay where they were.
 * `PORT`: this port and no other. Without it the first free one from 4173 on; with a code, 4173.
 * `--hub`, `--name`, `LUMBRE_HUBS`, `LUMBRE_NAME`: options.ts.
 * `LUMBRE_HUB_STATE`: the folder where a hub for a room keeps its certificate.
 * `LUMBRE_TEST_TAP`: for tests only, a file that gets everything the hub sees. Never set it where people work.
 */
const { PORT, LUMBRE_TEST_TAP, LUMBRE_HUB_STATE, XDG_STATE_HOME } = process.env
const FIRST_PORT = 4173
const PORTS_TRIED = 20
/** How often we look whether the machine has other addresses than before. ms. */
const LOOK_MS = 5000

const say = (text: string): void => console.log(text)
const giveUp = (text: string): never => {
  console.error(text)
  process.exit(1)
}

const settings = readSettings(process.argv.slice(2), process.env)
const { hubs, name } = settings.ok ? settings.value : giveUp(wordsFor(settings.error))

const options = (() => {
  try {
    return parseArgs({
      options: {
        lan: { type: 'boolean', default: false },
        address: { type: 'string', multiple: true },
        scan: { type: 'string', multiple: true },
        // Known here too, and read above.
        hub: { type: 'string', multiple: true },
        name: { type: 'string' },
      },
    }).values
  } catch (error) {
    return giveUp(
      `${(error as Error).message}\nUse: npm start -- [--lan] [--address 10.0.0.5] [--scan 203.0.113.5] [--hub wss://…] [--name wss://…]`,
    )
  }
})()
const only = options.address ?? []
const strange = only.find((address) => !isLocal(address))
if (strange !== undefined)
  giveUp(
    `${strange} is not an address of a local network. To be scanned from everywhere, on purpose: --scan ${strange}`,
  )
const afar = options.scan ?? []
const unheard = afar.find((address) => !isScannable(address))
if (unheard !== undefined) giveUp(`${unheard} is not an IPv4 address of a machine.`)
if (afar.length > MAX_HUB_ADDRESSES) giveUp(`A code has room for ${MAX_HUB_ADDRESSES} addresses.`)

// The same depth from src/hub/ and from dist/hub/.
const pages = await readPages(fileURLToPath(new URL('../../build', import.meta.url)), hubs)
if (!pages.ok) {
  console.error('The app is not built: npm run build')
  process.exit(1)
}

const stateFolder =
  LUMBRE_HUB_STATE ?? join(XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'lumbre-hub')
const certificate =
  options.lan || afar.length > 0
    ? await keptCertificate(stateFolder).catch((error: unknown) => giveUp(`${stateFolder}: ${String(error)}`))
    : null
let addresses: readonly string[] = []
const look = (): void => {
  if (options.lan) addresses = lanAddresses().filter((address) => only.length === 0 || only.includes(address))
}
look()

const hub = createHub({
  pages: pages.value,
  clock: systemClock,
  hubs,
  name,
  tap: LUMBRE_TEST_TAP ? createFileTap(LUMBRE_TEST_TAP) : noTap,
  lan: certificate && options.lan ? { certificate, addresses: () => addresses } : null,
  afar: certificate && afar.length > 0 ? { certificate } : null,
})

const listenSomewhere = async (server: HubServer): Promise<number> => {
  if (PORT) return server.listen(Number(PORT))
  // The port stands in the code.
  if (certificate) return server.listen(FIRST_PORT)
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port++) {
    try {
      return await server.listen(port)
    } catch (error) {
      if (!isTaken(error)) throw error
    }
  }
  return server.listen(0)
}

/** What people need to find it: printed again when the machine gets another address. */
const sayWhere = (port: number, { fingerprint }: HubCertificate): void => {
  if (options.lan && addresses.length === 0)
    say('\nNo local network here yet. Join a wifi, or make a hotspot.')
  const inCode = [...afar, ...addresses]
  if (inCode.length === 0) return
  const code = hubCodeText({ addresses: inCode, port, fingerprint })
  say(
    `\nFor ${afar.length > 0 ? 'whoever you give it to' : 'everybody in this room'}. Who has the app scans this, once:\n`,
  )
  say(drawnCode(code))
  say(`or pastes this:\n\n${groupedCode(code)}\n`)
  if (afar.length > 0) say(`From everywhere, by UDP port ${port} of ${afar.join(' and ')}.`)
  if (addresses.length > 0) say('Who does not have the app yet can open, without encryption on the way:\n')
  for (const address of addresses) say(`  http://${address}:${port}/`)
  say('\nThis hub reads nothing and keeps nothing. Ctrl-C ends it; its code stays the same.')
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

try {
  const port = await listenSomewhere(hub)
  say(`Lumbre: http://127.0.0.1:${port}/`)
  if (name) say(`From outside: ${name.pages}/`)
  for (const { origin } of hubs) say(`Its pages may also reach ${origin}`)
  if (certificate) {
    sayWhere(port, certificate)
    setInterval(() => {
      const before = addresses.join()
      look()
      if (addresses.join() !== before) sayWhere(port, certificate)
    }, LOOK_MS)
  }
  if (LUMBRE_TEST_TAP) say('TEST TAP: everything this hub sees is written to a file.')
  if (!PORT && port !== FIRST_PORT)
    say(`Port ${FIRST_PORT} is taken. What was written under ${FIRST_PORT} is not visible under ${port}.`)
} catch (error) {
  console.error(isTaken(error) ? `Port ${PORT ?? FIRST_PORT} is taken. PORT=… chooses another.` : error)
  process.exit(1)
}

let stopping = false
const stop = async (): Promise<void> => {
  if (stopping) return
  stopping = true
  await hub.close()
  process.exit(0)
}
process.on('SIGINT', () => void stop())
process.on('SIGTERM', () => void stop())
