// `npm test`: everything, on a machine with nothing but Node. Stops at nothing, and closes with one line that counts.
// `npm run test:long` (SLOW=1): the same with longer random runs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checks } from './checks.mjs'
import { findChromium } from './chromium.mjs'
import { checkNode, install, run, runTool, syncKit } from './house.mjs'

if (process.argv.includes('--long')) process.env.SLOW = '1'

checkNode()
await install()
const browserEnv = await ensureChromium()
await ensureNamespaces()
await ensureCoturn()
await syncKit()

const reports = mkdtempSync(join(tmpdir(), 'lumbre-test-'))
let passed = 0
let failed = 0
const count = (good, bad) => {
  passed += good
  failed += bad
}

for (const { name, run } of checks) {
  console.log(`\n── ${name}`)
  const code = await run()
  count(code === 0 ? 1 : 0, code === 0 ? 0 : 1)
}

console.log('\n── build')
const built = await run(process.execPath, ['scripts/build.mjs'])
count(built === 0 ? 1 : 0, built === 0 ? 0 : 1)

console.log('\n── unit, component and attack tests')
await countRun('vitest', {
  start: (report) =>
    runTool(
      'vitest/vitest.mjs',
      ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      {
        env: browserEnv,
      },
    ),
  read: ({ numPassedTests, numFailedTests }) => [numPassedTests, numFailedTests],
})

console.log('\n── end to end, in real browsers')
await countRun('playwright', {
  start: (report) =>
    runTool('@playwright/test/cli.js', ['test', '--reporter=line,json'], {
      env: { ...browserEnv, PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    }),
  read: ({ stats }) => [stats.expected, stats.unexpected + stats.flaky],
})

rmSync(reports, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** A run that fails without a failing test (a file that does not load, a crash, no report) counts as one failure. */
async function countRun(name, { start, read }) {
  const report = join(reports, `${name}.json`)
  const code = await start(report)
  let good = 0
  let bad = 0
  try {
    ;[good, bad] = read(JSON.parse(readFileSync(report, 'utf8')))
  } catch {
    console.error(`${name} left no report`)
    bad = 1
  }
  count(good, code !== 0 && bad === 0 ? 1 : bad)
}

/** Real browsers are half of the tests: without one, get one. */
async function ensureChromium() {
  if (!findChromium() && isLinuxRoot()) {
    console.log('No Chromium here: installing the one of this system …')
    await installDebian('chromium')
  }
  const found = findChromium()
  if (found) return { CHROMIUM_PATH: found }
  console.log('No Chromium here: asking Playwright for its own …')
  await runTool('@playwright/test/cli.js', ['install', 'chromium'])
  return {}
}

/** A wifi without internet is made of network namespaces (tests/lan). Without root those tests say so and are skipped. */
async function ensureNamespaces() {
  if (!isLinuxRoot()) return
  const missing = [
    ['ip', 'iproute2'],
    ['nft', 'nftables'],
  ].filter(([program]) => spawnSync(program, ['-V']).error)
  if (missing.length === 0) return
  console.log(`No ${missing.map(([program]) => program).join(', ')} here: installing …`)
  await installDebian(...missing.map(([, name]) => name))
}

/** Phones that meet through a TURN server (tests/lan/relay.test.ts). Only the program: no service of it is to run here. */
async function ensureCoturn() {
  if (!isLinuxRoot() || !spawnSync('turnserver', ['--help']).error) return
  console.log('No coturn here: installing the one of this system …')
  if (existsSync('/run/systemd/system')) await run('systemctl', ['mask', 'coturn.service'], { quiet: true })
  await installDebian('coturn')
}

function isLinuxRoot() {
  return process.platform === 'linux' && process.getuid?.() === 0
}

async function installDebian(...packages) {
  await run('apt-get', ['update'], { quiet: true })
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    quiet: true,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  })
}
