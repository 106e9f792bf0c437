import { expect, test } from '@playwright/test'
import { createLan, whyNoLan, type Lan, type Machine } from '../lan/lan.ts'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, type HubProcess } from './hub-process.ts'
import { noteConnections, type Noting } from './paths.ts'
import { Phone } from './phone.ts'
import { addressesOf, pasteEachOther } from './scanning.ts'

/** How long they cannot reach each other: longer than any link lives. ms. */
const DROP = process.env['SLOW'] === '1' ? 600_000 : 40_000
/** So soon after the network is back both must have the same. ms. */
const SOON = 10_000
/** How long a phone sleeps, and within what they have the same after it, on a machine that does much else. ms. */
const SLEEP = 60_000
const BOUND = 30_000
const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2

/** Two phones on a wifi without any way out, who met by codes once: no hub, and no third who could tell one of the other. */
const why = whyNoLan()
if (why) process.stdout.write(`skipped: links that come back in a wifi of namespaces, because ${why}\n`)
test.skip(why !== null, why ?? '')
test.describe.configure({ mode: 'serial', timeout: 240_000 + DROP })

let lan: Lan
let hub: HubProcess
let machines: readonly Machine[]
let alba: Phone
let bruna: Phone
const phones: Phone[] = []

test.beforeAll(async () => {
  test.setTimeout(240_000)
  hub = await startHub(PORT)
  lan = createLan()
  machines = [lan.machine(), lan.machine(), lan.machine()]
  for (const machine of machines) machine.gateway()
  await lan.internet('there', { port: PORT })
  const [one, other, third] = await foundAt({
    address: hub.address,
    names: ['Alba', 'Bruna', 'Ceiba'],
    phones,
    chromiums: machines.map(({ chromium }) => chromium),
    phoneOf: Phone.allowing,
  })
  ;[alba, bruna] = [one, other]
  for (const phone of phones) await phone.keepsTheApp()
  await lan.internet('gone')
  await third.page.goto('about:blank')
  for (const phone of [alba, bruna]) {
    await phone.page.addInitScript(noteConnections, 'in frames' as const)
    await phone.page.goto('about:blank')
    await phone.page.goto(hub.address)
    await phone.unlocks()
  }
  for (const [at, phone] of [alba, bruna].entries())
    expect(await addressesOf(phone)).toContain(machines[at]!.address)
  await pasteEachOther(alba, bruna)
})

test.afterAll(async ({}, testInfo) => {
  for (const machine of machines) machine.wakes()
  await closePhones(phones, testInfo)
  await lan.close()
  await hub.end()
})

/** Until this phone has a connection to keep for later, which it told the other of. */
const isPrepared = (phone: Phone): Promise<void> =>
  expect
    .poll(
      () =>
        phone.page.evaluate(() => {
          const { connections = [] } = globalThis as unknown as Noting
          return connections.filter(
            ({ signalingState, iceGatheringState }) =>
              signalingState === 'have-local-offer' && iceGatheringState === 'complete',
          ).length
        }),
      { timeout: 60_000 },
    )
    .toBe(1)

/** Each writes one of these. */
const write = (...texts: readonly [string, string]): Promise<unknown> =>
  Promise.all([alba.writesArticle('De Alba', texts[0]), bruna.writesArticle('De Bruna', texts[1])])

/** Each reads what the other wrote. */
const read = async (...texts: readonly [string, string]): Promise<void> => {
  await Promise.all([alba.goes('Protocolo'), bruna.goes('Protocolo')])
  await Promise.all([alba.sees(texts[1], { within: 60_000 }), bruna.sees(texts[0], { within: 60_000 })])
}

type Loss = {
  /** What each writes before the network goes, and while it is gone. */
  readonly before: readonly [string, string]
  readonly meanwhile: readonly [string, string]
  readonly goes: () => void
  readonly returns: () => void
}

const comesBack = async ({ before, meanwhile, goes, returns }: Loss): Promise<void> => {
  await Promise.all([alba, bruna].map(isPrepared))
  // What is read was sent after whatever was told before.
  await write(...before)
  await read(...before)
  goes()
  const gone = Date.now()
  await write(...meanwhile)
  // Nothing is waited for here: that it is gone for so long is what is tried. They look now and then, or it would lock itself.
  const looks = async () => {
    await Promise.all([alba.goes('Protocolo'), bruna.goes('Protocolo')])
    return Date.now() - gone
  }
  await expect.poll(looks, { timeout: 2 * DROP, intervals: [DROP / 20] }).toBeGreaterThan(DROP)
  for (const [phone, text] of [
    [alba, meanwhile[1]],
    [bruna, meanwhile[0]],
  ] as const)
    await expect(phone.page.getByText(text)).toHaveCount(0)
  returns()
  const back = Date.now()
  await read(...meanwhile)
  expect(Date.now() - back).toBeLessThan(SOON)
}

test('(d) the network falls in two for so long that no link is left: nobody scans anything, and both have the same', () =>
  comesBack({
    before: ['Aquí todo bien.', 'Acá también.'],
    meanwhile: ['Sola de este lado.', 'Sola del otro lado.'],
    goes: () => lan.cut([machines[0]!]),
    returns: () => lan.heal(),
  }))

test('one of two who met by codes alone sleeps for a minute: nobody scans anything, and each has what the other writes', async () => {
  await Promise.all([alba, bruna].map(isPrepared))
  await write('Buenas noches.', 'Hasta mañana.')
  await read('Buenas noches.', 'Hasta mañana.')
  machines[1]!.sleeps()
  const fell = Date.now()
  await alba.writesArticle('De Alba', 'Mientras duermes.')
  await expect.poll(() => Date.now() - fell, { timeout: 2 * SLEEP }).toBeGreaterThan(SLEEP)
  machines[1]!.wakes()
  const back = Date.now()
  await bruna.goes('Protocolo')
  await bruna.sees('Mientras duermes.', { within: 60_000 })
  const had = Date.now() - back
  await bruna.writesArticle('De Bruna', 'Ya desperté.')
  await alba.goes('Protocolo')
  await alba.sees('Ya desperté.', { within: 60_000 })
  const answered = Date.now() - back
  const figures = { name: 'back', what: 'durmió, por códigos', read: had, answered, goal: SOON }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  expect(answered).toBeLessThan(BOUND)
})

test('the wifi is gone for both, and comes back: nobody scans anything, and both have the same', async () => {
  const plug = (how: 'in' | 'out') => [machines[0]!, machines[1]!].forEach((machine) => machine.plug(how))
  await comesBack({
    before: ['Nos seguimos viendo.', 'Y leyendo.'],
    meanwhile: ['Sin señal aquí.', 'Sin señal allá.'],
    goes: () => plug('out'),
    returns: () => plug('in'),
  })
  expect(strangeComplaints(phones)).toEqual([])
})
