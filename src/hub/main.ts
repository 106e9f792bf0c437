import { fileURLToPath } from 'node:url'
import { systemClock } from '../lib/core/clock.ts'
import { readSettings, wordsFor } from './options.ts'
import { readPages } from './pages.ts'
import { createHub, type HubServer } from './serve.ts'
import { createFileTap, noTap } from './tap.ts'

/**
 * `PORT`: this port and no other. Without it the first free one from 4173 on.
 * `LUMBRE_HUBS`, `LUMBRE_NAME`: options.ts.
 * `LUMBRE_TEST_TAP`: for tests only, a file that gets everything the hub sees. Never set it where people work.
 */
const { PORT, LUMBRE_TEST_TAP } = process.env
const FIRST_PORT = 4173
const PORTS_TRIED = 20

const settings = readSettings(process.argv.slice(2), process.env)
if (!settings.ok) {
  console.error(wordsFor(settings.error))
  process.exit(1)
}
const { hubs, name } = settings.value

// The same depth from src/hub/ and from dist/hub/.
const pages = await readPages(fileURLToPath(new URL('../../build', import.meta.url)), hubs)
if (!pages.ok) {
  console.error('The app is not built: npm run build')
  process.exit(1)
}

const hub = createHub({
  pages: pages.value,
  clock: systemClock,
  hubs,
  name,
  tap: LUMBRE_TEST_TAP ? createFileTap(LUMBRE_TEST_TAP) : noTap,
})

const listenSomewhere = async (server: HubServer): Promise<number> => {
  if (PORT) return server.listen(Number(PORT))
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS_TRIED; port++) {
    try {
      return await server.listen(port)
    } catch (error) {
      if (!isTaken(error)) throw error
    }
  }
  return server.listen(0)
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

try {
  const port = await listenSomewhere(hub)
  console.log(`Lumbre: http://127.0.0.1:${port}/`)
  if (name) console.log(`From outside: ${name.pages}/`)
  for (const { origin } of hubs) console.log(`Its pages may also reach ${origin}`)
  if (LUMBRE_TEST_TAP) console.log('TEST TAP: everything this hub sees is written to a file.')
  if (!PORT && port !== FIRST_PORT)
    console.log(
      `Port ${FIRST_PORT} is taken. What was written under ${FIRST_PORT} is not visible under ${port}.`,
    )
} catch (error) {
  console.error(isTaken(error) ? `Port ${PORT} is taken.` : error)
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
