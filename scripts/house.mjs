import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the other scripts share. Uses Node alone: it runs before anything is installed. */

export const root = fileURLToPath(new URL('..', import.meta.url))

const OLDEST_NODE = [20, 19]

/** Runs a program in the repository and waits. `quiet`: shows its output only when it fails. Resolves to its exit code. */
export const run = (program, args, { env = {}, quiet = false } = {}) =>
  new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    const heard = []
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => heard.push(chunk))
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code) => {
      if (quiet && code !== 0) process.stderr.write(Buffer.concat(heard))
      resolve(code ?? 1)
    })
  })

/** Runs a tool of node_modules by its script, so that no shell and no `npx` stands between. */
export const runTool = (script, args, options) =>
  run(process.execPath, [join('node_modules', script), ...args], options)

export const stopUnless = (code, sentence) => {
  if (code === 0) return
  console.error(sentence)
  process.exit(code)
}

export const checkNode = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  console.error(
    `Lumbre needs Node ${OLDEST_NODE.join('.')} or newer. This machine has ${process.versions.node}.`,
  )
  process.exit(1)
}

/** Installs what the lock file names, if it is not there yet. No script of any package is run. */
export const install = async () => {
  const lock = join(root, 'package-lock.json')
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && changed(installed) >= changed(lock)) return
  console.log('Installing what is missing (once, a minute or so) …')
  // `npm ci` begins by deleting node_modules, which another running command may be using.
  const clean = existsSync(lock) && !existsSync(installed)
  stopUnless(
    await npm([clean ? 'ci' : 'install', '--ignore-scripts', '--no-fund', '--no-audit']),
    'Installing failed: see above. Is there a network?',
  )
}

/** npm sets `npm_execpath` for the scripts it runs; a bare `node scripts/…` finds npm on the path. */
const npm = (args) => {
  const path = process.env.npm_execpath
  if (path?.endsWith('.js')) return run(process.execPath, [path, ...args])
  return process.platform === 'win32' ? run('cmd.exe', ['/d', '/s', '/c', 'npm', ...args]) : run('npm', args)
}

/** Builds the app into build/ and the hub into dist/hub/, each only when a source is newer than what is there. */
export const build = async () => {
  const common = ['package-lock.json', 'tsconfig.json']
  await buildUnlessNewer('app', 'build/index.html', {
    sources: ['src', 'static', 'svelte.config.js', 'vite.config.ts', ...common],
    args: ['build'],
  })
  await buildUnlessNewer('hub', 'dist/hub/main.js', {
    sources: ['src/hub', 'src/lib/core', 'src/lib/crypto', 'src/lib/wire', 'vite.hub.config.ts', ...common],
    args: ['build', '--config', 'vite.hub.config.ts'],
  })
}

/** Builds the keeper into dist/keeper/. It needs no app. */
export const buildKeeper = () =>
  buildUnlessNewer('keeper', 'dist/keeper/main.js', {
    sources: [
      'src/keeper',
      ...['core', 'crypto', 'feed', 'ledger', 'net', 'sync', 'wire'].map((folder) => `src/lib/${folder}`),
      'vite.keeper.config.ts',
      'package-lock.json',
      'tsconfig.json',
    ],
    args: ['build', '--config', 'vite.keeper.config.ts'],
  })

const buildUnlessNewer = async (what, output, { sources, args }) => {
  const newest = Math.max(...sources.map((source) => newestIn(join(root, source))))
  const built = join(root, output)
  if (existsSync(built) && changed(built) > newest) return
  console.log(`Building the ${what} …`)
  stopUnless(
    await runTool('vite/bin/vite.js', args, { quiet: true, env: { NODE_ENV: 'production' } }),
    `Building the ${what} failed: see above.`,
  )
}

export const syncKit = () => runTool('@sveltejs/kit/svelte-kit.js', ['sync'], { quiet: true })

const changed = (path) => statSync(path).mtimeMs

const newestIn = (path) => {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))))
}
