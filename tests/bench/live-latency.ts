import type { Page } from '@playwright/test'
import type { Bench } from './browsers.ts'
import { figure, type Figure } from './report.ts'
import { bench, pair } from './pages.ts'

/** One edit on A until it is in B's document, over a real link between two Chromium processes; and what plain y-webrtc does with 300 kB. */
export const liveLatency = async (world: Bench, { times }: { times: number }): Promise<readonly Figure[]> => {
  const [a, b] = [await world.open(), await world.open()]
  const plain = await plainPair(world, a, b, times)
  await pair(world, a, b)
  await bench(b, 'echo')
  await bench(a, 'ask', 20, false)
  const ours = await bench<number[]>(a, 'ask', times, false)
  const waited = await bench<number[]>(a, 'ask', Math.min(times, 50), true)
  const start = Date.now()
  await bench(a, 'paste', 263_000)
  const arrived = await bench<boolean>(b, 'arrives', 263_000, 10_000)
  const said = (came: boolean) => (came ? 'arrives' : 'never arrives, and nobody is told')
  console.log(
    `plain y-webrtc: a text of 262 000 characters ${said(plain.below)}; one of 263 000 ${said(plain.above)}.`,
  )
  console.log(`ours: one of 263 000 ${said(arrived)}, after ${Date.now() - start} ms.`)
  const common = { unit: 'ms one way', values: ours, baseline: plain.taken, baselineName: 'plain y-webrtc' }
  return [
    figure({ ...common, name: 'live-latency p50', goal: { atMost: 1.5 } }),
    figure({ ...common, name: 'live-latency p99', at: 99, goal: { atMost: 1.5 } }),
    figure({ ...common, name: 'live-latency with the batch’s wait', values: waited, goal: { atMost: 20 } }),
  ]
}

const plainPair = async (world: Bench, a: Page, b: Page, times: number) => {
  const room = `bench ${Date.now()}`
  await bench(a, 'plainStart', room, world.signalingUrl)
  await bench(a, 'plainWait', 400)
  await bench(b, 'plainStart', room, world.signalingUrl)
  await Promise.all([bench(a, 'plainConnected'), bench(b, 'plainConnected')])
  await bench(b, 'plainEcho')
  await bench(a, 'plainAsk', 20)
  const taken = await bench<number[]>(a, 'plainAsk', times)
  // The limit is 262 144 bytes a message: just below it, and just above.
  await bench(a, 'plainPaste', 262_000)
  const below = await bench<boolean>(b, 'plainArrives', 262_000, 5000)
  await bench(a, 'plainPaste', 263_000)
  const above = await bench<boolean>(b, 'plainArrives', 525_000, 5000)
  return { taken, below, above }
}
