import { startBench } from './browsers.ts'
import { disk } from './disk.ts'
import { firstSync } from './first-sync.ts'
import { gathering } from './gathering.ts'
import { hub } from './hub.ts'
import { ledger } from './ledger.ts'
import { liveLatency } from './live-latency.ts'
import { mesh } from './mesh.ts'
import { openAgain } from './open.ts'
import { parsed, print, type Figure } from './report.ts'
import { revoke } from './revoke.ts'
import { rotate } from './rotate.ts'
import { verify } from './verify.ts'
import { isOnWifi, onWifi } from './wifi.ts'

/** `npm run bench`, `-- --quick` for under a minute, `-- --only NAME` for one. */
const args = process.argv.slice(2)
const quick = args.includes('--quick')
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : null
const edits = quick ? 20_000 : 259_778

const wanted = (name: string) => only === null || only === name
const figures: Figure[] = []

if (wanted('ledger')) figures.push(...ledger({ acts: quick ? 4000 : 10_000, rounds: quick ? 3 : 5 }))
if (wanted('verify')) figures.push(...verify({ rounds: quick ? 3 : 7 }))
if (wanted('mesh'))
  figures.push(...mesh({ counts: quick ? [10, 30, 100] : [10, 30, 100, 300, 1000], edits: 20 }))
if (wanted('revoke')) figures.push(...(await revoke({ rounds: quick ? 3 : 5 })))
if (wanted('gathering')) {
  const taken = isOnWifi() ? null : onWifi('gathering')
  if (taken) figures.push(...parsed(taken))
  else figures.push(...(await gathering({ edits: quick ? 4 : 20, rounds: quick ? 1 : 3 })))
}
if (wanted('hub')) figures.push(...(await hub({ clients: quick ? 240 : 1020, rounds: quick ? 2 : 5 })))
if (wanted('disk')) figures.push(...(await disk({ edits: quick ? 5000 : 50_000 })))

if (['rotate', 'live-latency', 'first-sync', 'open'].some(wanted)) {
  const bench = await startBench()
  try {
    if (wanted('rotate')) figures.push(...(await rotate(bench, { rounds: quick ? 5 : 15 })))
    if (wanted('live-latency')) figures.push(...(await liveLatency(bench, { times: quick ? 150 : 1000 })))
    if (wanted('first-sync')) figures.push(...(await firstSync(bench, { edits, rounds: quick ? 1 : 3 })))
    if (wanted('open')) figures.push(...(await openAgain(bench, { edits, rounds: quick ? 5 : 11 })))
  } finally {
    await bench.close()
  }
}

print(figures)
process.exit(0)
