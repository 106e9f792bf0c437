import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../src/lib/core/clock.ts'
import type { Watched } from '../../src/lib/core/watched.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { createHub, type HubSocket } from '../../src/lib/net/hub-client.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { GuestFlow, HostFlow, KeeperFlow, Space } from '../../src/lib/workspace/types.ts'
import { LiveSpace } from '../../src/lib/workspace/space.ts'
import { LiveWorkspace } from '../../src/lib/workspace/workspace.ts'
import { openHub, type OpenHub } from '../hub/open-hub.ts'
import { createNodeRtc } from '../net/node-rtc.ts'
import { buildProgram } from '../world/program.ts'
import { freshFolder, spellings } from './house.ts'

/**
 * The whole of it with nothing replaced: the program as it is run, a hub’s socket, WebRTC between processes, phones with the
 * whole app below the screens.
 */
const OUT = 'dist/test-keeper'
const folder = freshFolder()
const running = new Set<ChildProcess>()
const open: LiveWorkspace[] = []

beforeAll(() => buildProgram('src/keeper/main.ts', OUT), 120_000)
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  for (const workspace of open) await workspace.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the program; `said` resolves with the first match of what it prints from now on or has printed. */
const runKeeper = (hub: OpenHub, ...words: string[]) => {
  const child = spawn(
    process.execPath,
    [`${OUT}/main.js`, ...words, '--folder', folder, '--hub', hub.origin],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  running.add(child)
  let output = ''
  const waiting = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      for (const look of [...waiting]) look()
    })
  const ended = once(child, 'close').then(() => {
    running.delete(child)
    return output
  })
  const said = (what: RegExp) =>
    new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const found = what.exec(output)
        if (!found) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { said, ended, kill: (signal: 'SIGKILL' | 'SIGTERM') => child.kill(signal) }
}

/** A phone: its disk stays when it is closed. */
const phone = (hub: OpenHub) => {
  const storage = { ...createMemoryStorage(), close: () => {} }
  return async () => {
    const workspace = new LiveWorkspace({
      storage,
      hub: createHub({
        url: `${hub.origin.replace('http', 'ws')}/post`,
        clock: systemClock,
        random: systemRandom,
        socket: (url) => new WebSocket(url, { origin: hub.origin }) as unknown as HubSocket,
      }),
      rtc: createNodeRtc(),
      clock: systemClock,
      random: systemRandom,
      language: () => 'es',
    })
    await workspace.restore()
    open.push(workspace)
    return workspace
  }
}

const sleep = async (workspace: LiveWorkspace) => {
  open.splice(open.indexOf(workspace), 1)
  await workspace.close()
}

const until = <T>(source: Watched<T>, holds: (value: T) => boolean): Promise<T> =>
  new Promise((resolve) => {
    const look = () => {
      if (!holds(source.read())) return
      stop()
      resolve(source.read())
    }
    const stop = source.watch(look)
    look()
  })

const when = async <S extends { readonly step: string }, K extends S['step']>(
  flow: { readonly state: Watched<S> },
  step: K,
): Promise<Extract<S, { readonly step: K }>> => {
  const now = await until(flow.state, (state) => state.step === step || state.step === 'ended')
  if (now.step !== step) throw new Error(JSON.stringify(now))
  return now as Extract<S, { readonly step: K }>
}

const foundTogether = async (
  workspaces: readonly LiveWorkspace[],
  names: readonly string[],
): Promise<readonly Space[]> => {
  const [host, ...others] = workspaces as [LiveWorkspace, ...LiveWorkspace[]]
  const notebook = await host.lightNotebook({ title: 'Vertientes', purpose: '', myName: names[0]! })
  const flow: HostFlow = await host.proposeFounding(notebook, { title: 'Vertientes', myName: names[0]! })
  const { link } = await when(flow, 'inviting')
  const guests: GuestFlow[] = []
  for (const [i, other] of others.entries()) {
    const opened = await other.openLink(link, names[i + 1]!)
    if (!opened.ok) throw new Error(opened.error.type)
    guests.push(opened.value)
    await when(opened.value, 'words')
    opened.value.confirmWords(true)
  }
  await until(
    flow.state,
    (s) => s.step === 'inviting' && s.guests.filter(({ words }) => words).length === others.length,
  )
  const inviting = await when(flow, 'inviting')
  for (const { id } of inviting.guests) flow.confirmWords(id, true)
  await until(flow.state, (s) => s.step === 'inviting' && s.guests.every(({ state }) => state === 'verified'))
  flow.proposeGenesis()
  await when(flow, 'genesis')
  for (const guest of guests) {
    await when(guest, 'genesis')
    guest.signGenesis()
  }
  flow.signGenesis()
  const spaces = [(await when(flow, 'done')).space]
  for (const guest of guests) spaces.push((await when(guest, 'done')).space)
  return spaces
}

const titles = (space: Space) =>
  articles(space.doc.read())
    .read()
    .map(({ title }) => title)
/** Resolves when a space’s document holds an article called so, whichever document that is by then. */
const reads = (space: Space, title: string): Promise<void> =>
  new Promise((resolve) => {
    let doc = space.doc.read()
    let unwatch = () => {}
    const look = () => {
      doc.off('update', look)
      doc = space.doc.read()
      if (!titles(space).includes(title)) return void doc.on('update', look)
      unwatch()
      resolve()
    }
    unwatch = space.doc.watch(look)
    look()
  })

const recordsOf = (space: Space): number => {
  if (!(space instanceof LiveSpace)) throw new Error('a space on paper')
  return space.replica.feeds.heads().reduce((sum, { seq }) => sum + seq + 1, 0)
}

test('three found a collective, let a keeper in by its text, two write and go, and the third reads it from the keeper alone, killed in between', async () => {
  const hub = await openHub()
  const wakes = ['Ana', 'Bea', 'Caro'].map(() => phone(hub))
  const [ana, bea, caro] = (await Promise.all(wakes.map((wake) => wake()))) as [
    LiveWorkspace,
    LiveWorkspace,
    LiveWorkspace,
  ]
  const [anas, beas, caros] = (await foundTogether([ana, bea, caro], ['Ana', 'Bea', 'Caro'])) as [
    Space,
    Space,
    Space,
  ]

  const keeper = runKeeper(hub)
  const [, text] = await keeper.said(/\n {2}([A-Za-z0-9_-]{60,})\n/)
  expect(statSync(join(folder, 'device')).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'log')).mode & 0o777).toBe(0o600)
  expect(anas.addKeeper('no es un texto')).toMatchObject({ ok: false, error: { type: 'BadKeeperText' } })
  const asked = anas.addKeeper(text!)
  if (!asked.ok) throw new Error(asked.error.type)
  const flow: KeeperFlow = asked.value
  const { words } = await when(flow, 'proposed')
  await keeper.said(new RegExp(`words are: ${words.join(' ')}`))
  const { decisions } = await until(beas.membership, (now) =>
    now.decisions.some(({ mayApprove }) => mayApprove),
  )
  expect(decisions[0]).toMatchObject({ action: 'keeper', needed: 2 })
  expect(await beas.approve(decisions[0]!.id)).toMatchObject({ ok: true })
  await keeper.said(/Keeps for the collective/)
  await until(anas.membership, ({ keepers }) => keepers.some(({ linked }) => linked))

  await until(caros.membership, ({ keepers }) => keepers.length === 1)
  await sleep(caro)
  addArticle(anas.doc.read(), { title: 'Escrito por Ana', kind: 'rule' })
  await anas.flush()
  await reads(beas, 'Escrito por Ana')
  addArticle(beas.doc.read(), { title: 'Escrito por Bea', kind: 'rule' })
  await beas.flush()
  await reads(anas, 'Escrito por Bea')
  // What it lists is on its disk: from then on it may be killed.
  const holds = async (): Promise<void> => {
    const listed = await runKeeper(hub, 'inspect').ended
    const held = [...listed.matchAll(/records 0 to (\d+)/g)].reduce(
      (sum, [, last]) => sum + Number(last) + 1,
      0,
    )
    if (held < recordsOf(beas)) return holds()
  }
  await holds()
  keeper.kill('SIGKILL')
  await keeper.ended
  await sleep(ana)
  await sleep(bea)

  const again = runKeeper(hub)
  await again.said(/Keeps for the collective/)
  const back = await wakes[2]!()
  const [returned] = back.spaces.read().filter(({ kind }) => kind.read() === 'collective')
  await reads(returned!, 'Escrito por Ana')
  await reads(returned!, 'Escrito por Bea')

  expect(await runKeeper(hub).ended).toContain('another keeper runs here')
  const listed = Buffer.from(await runKeeper(hub, 'inspect').ended)
  expect(listed.toString()).toContain('standing active')
  const disk = Buffer.concat(
    readdirSync(folder)
      .filter((name) => name !== 'running')
      .map((name) => readFileSync(join(folder, name))),
  )
  for (const planted of ['Escrito por Ana', 'Escrito por Bea', 'Vertientes'])
    for (const spelling of spellings(planted)) {
      expect(listed.includes(spelling)).toBe(false)
      expect(disk.includes(spelling)).toBe(false)
      expect(Buffer.concat([disk, spelling]).includes(spelling)).toBe(true)
    }
  again.kill('SIGTERM')
  await again.ended
}, 300_000)
