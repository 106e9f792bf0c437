import { once } from 'node:events'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { buildProgram } from '../world/program.ts'
import { createLan, whyNoLan, type Lan, type Machine } from './lan.ts'

/** Who a hub speaks with that can be scanned: a machine with an address in the room and one that the whole world reaches. */
const why = whyNoLan()
if (why) process.stdout.write(`skipped: a hub that the world could reach, because ${why}\n`)

const LONG = 120_000
const OUT = 'dist/test-scan-program'
const [PUBLIC, FROM_AFAR] = ['203.0.113.5', '203.0.113.6']
beforeAll(async () => {
  if (why) return
  await buildProgram('tests/lan/scan-program.ts', OUT)
}, LONG)

const lans: Lan[] = []
afterEach(async () => {
  for (const lan of lans.splice(0)) await lan.close()
})

const runs = (machine: Machine, ...args: readonly string[]): Promise<string> => {
  const child = machine.run(process.execPath, [`${OUT}/scan-program.js`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('close', (code) => reject(new Error(`it said nothing and ended with ${code}`)))
  })
}

const openPlace = async (): Promise<{ hub: Machine; phone: Machine }> => {
  const lan = createLan()
  lans.push(lan)
  const [hub, phone] = [lan.machine(), lan.machine()]
  for (const [machine, address] of [
    [hub, PUBLIC],
    [phone, FROM_AFAR],
  ] as const)
    await once(machine.run('ip', ['addr', 'add', `${address}/24`, 'dev', 'eth0']), 'exit')
  return { hub, phone }
}

test.skipIf(why)(
  'a hub for a room says nothing to who comes from a public address, whatever address of it they come to',
  async () => {
    const { hub, phone } = await openPlace()
    await runs(hub, 'hub')
    const ways = [PUBLIC, FROM_AFAR, hub.address, phone.address]
    expect(await runs(phone, 'knock', ...ways)).toBe(phone.address)
  },
  LONG,
)

test.skipIf(why)(
  'a hub whose operator says so is scanned from afar, by who is in no network of its own',
  async () => {
    const { hub, phone } = await openPlace()
    const code = await runs(hub, 'afar', PUBLIC)
    expect(await runs(phone, 'phone', code)).toBe('heard 7')
  },
  LONG,
)
