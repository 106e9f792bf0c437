import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GROUP, ours, yWebrtc, type Client, type PostOffice } from './post-offices.ts'
import { figure, type Figure } from './report.ts'

type Used = { readonly rss: number; readonly held: number; readonly cpu: number }

/** What one run of one program showed. */
type Taken = {
  /** Clients that come back in one second of its processor time. */
  readonly carried: number
  /** Bytes it holds for each client that is there. */
  readonly memory: number
  /** ms, one for each introduction. */
  readonly introductions: readonly number[]
}

/**
 * What one hub process carries beside y-webrtc’s own signaling server (its package’s bin/server.js), each in a process of
 * its own, with as many devices in groups of twelve: what it holds for each that is there, how long one that comes waits
 * to be introduced to the others, and what it costs when all come at once, as after a hub was away.
 */
export const hub = async ({
  clients,
  rounds,
}: {
  clients: number
  rounds: number
}): Promise<readonly Figure[]> => {
  const [mine, theirs]: [Taken[], Taken[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    const opened = [await open(ours, clients), await open(yWebrtc, clients)] as const
    // In turns, so that whatever else this machine does is in the way of both.
    for (let n = 0; n < COMING; n++) for (const office of opened) await office.oneComes((n * 13) % clients)
    const [ofOurs, ofTheirs] = [await opened[0].allCome(), await opened[1].allCome()]
    mine.push(ofOurs)
    theirs.push(ofTheirs)
  }
  const baselineName = 'y-webrtc’s signaling server'
  return [
    figure({
      name: `hub (${clients} clients), come back in a second of its time`,
      unit: 'clients',
      values: mine.map(({ carried }) => carried),
      baseline: theirs.map(({ carried }) => carried),
      baselineName,
      goal: { atLeast: 1 },
    }),
    figure({
      name: `hub (${clients} clients), memory a client`,
      unit: 'kB',
      values: mine.map(({ memory }) => memory / 1000),
      baseline: theirs.map(({ memory }) => memory / 1000),
      baselineName,
      goal: { atMost: 1 },
    }),
    figure({
      name: `hub (${clients} clients), introduction p99`,
      unit: 'ms',
      values: mine.flatMap(({ introductions }) => introductions),
      baseline: theirs.flatMap(({ introductions }) => introductions),
      baselineName,
      goal: { atMost: 1 },
      at: 99,
    }),
  ]
}

/** Those who come one by one, so that each finds a hub at rest. */
const COMING = 100

type Opened = {
  oneComes(who: number): Promise<void>
  /** All come at once, and that is the end of it. */
  allCome(): Promise<Taken>
}

const open = async (office: PostOffice, count: number): Promise<Opened> => {
  const port = await freePort()
  const child = fork(office.program, [], {
    execArgv: ['--expose-gc', '--import', join(process.cwd(), 'tests/bench/probe.mjs')],
    env: { ...process.env, ...office.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  await once(child.stdout!, 'data')
  const before = await used(child)
  const all: Client[] = []
  for (let n = 0; n < count; n++)
    all.push(await office.connect(port, { group: Math.floor(n / GROUP), at: n % GROUP }))
  const there = await used(child)
  const introductions: number[] = []
  return {
    oneComes: async (who) => {
      introductions.push(...(await all[who]!.comes()))
      await all[who]!.settled()
      const group = Math.floor(who / GROUP)
      await Promise.all(all.slice(group * GROUP, (group + 1) * GROUP).map((client) => client.settled()))
    },
    allCome: async () => {
      const quiet = await used(child)
      await Promise.all(all.map((client) => client.comes()))
      const after = await used(child)
      for (const client of all) client.close()
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      return {
        carried: count / ((after.cpu - quiet.cpu) / 1e6),
        memory: (there.held - before.held) / count,
        introductions,
      }
    },
  }
}

const used = async (child: ChildProcess): Promise<Used> => {
  const answered = once(child, 'message')
  child.send('used')
  const [used] = (await answered) as [Used]
  return used
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
