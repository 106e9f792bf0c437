import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { createLan, whyNoLan, type Lan, type Machine } from '../lan/lan.ts'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, startRoomHub, type HubProcess } from './hub-process.ts'
import type { Phone } from './phone.ts'
import { opensEncounter, scanAndPaste, scanEachOther, scanHub } from './scanning.ts'

/**
 * Four phones on a wifi without any way out, and codes from screen to camera. Founded once: each test begins with the app
 * opened anew, where it says so, and takes the wifi as it needs it.
 */
const why = whyNoLan()
if (why) process.stdout.write(`skipped: gatherings in a wifi of namespaces, because ${why}\n`)
test.skip(why !== null, why ?? '')
test.describe.configure({ mode: 'serial', timeout: 240_000 })

/** Where the app comes from before the gathering. */
const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2
/** So soon after the network is back all must have the same. ms. */
const SOON = 10_000
/** How long the wifi is gone for everybody. ms. */
const DROP = process.env['SLOW'] === '1' ? 600_000 : 40_000

let lan: Lan
let folder: string
let internetHub: HubProcess
let machines: readonly Machine[]
let all: readonly [Phone, Phone, Phone, Phone]
const phones: Phone[] = []

test.beforeAll(async () => {
  test.setTimeout(240_000)
  folder = mkdtempSync(join(tmpdir(), 'lumbre-room-'))
  internetHub = await startHub(PORT)
  lan = createLan()
  machines = [lan.machine(), lan.machine(), lan.machine(), lan.machine()]
  await lan.internet('there', { port: PORT })
  all = await foundAt({
    address: internetHub.address,
    names: ['Alba', 'Bruna', 'Ceiba', 'Drago'],
    phones,
    chromiums: machines.map(({ chromium }) => chromium),
  })
  for (const phone of all) await phone.keepsTheApp()
  await lan.internet('gone')
})

test.afterAll(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await lan.close()
  await internetHub.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Only these have the app open from here on, without any link, and none of them has been asked for its camera. */
const onlyOpen = async (...some: readonly Phone[]): Promise<void> => {
  for (const phone of all) {
    await phone.context.clearPermissions()
    await phone.page.goto('about:blank')
  }
  for (const phone of some) {
    await phone.page.goto(internetHub.address)
    await phone.unlocks()
  }
}

/** Where a connection of this page could be reached, as its browser says. */
const addressesOf = (phone: Phone): Promise<readonly string[]> =>
  phone.page.evaluate(async () => {
    const connection = new RTCPeerConnection()
    connection.createDataChannel('')
    await connection.setLocalDescription()
    while (connection.iceGatheringState !== 'complete')
      await new Promise((resolve) => (connection.onicegatheringstatechange = resolve))
    const sdp = connection.localDescription!.sdp
    connection.close()
    return [...sdp.matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) /gim)].map(([, host]) => host!)
  })

const writes = (phone: Phone, text: string): Promise<void> => phone.writesArticle(`De ${phone.name}`, text)

const reads = async (phone: Phone, ...texts: readonly string[]): Promise<void> => {
  await phone.goes('Protocolo')
  for (const text of texts) await phone.sees(text, { within: 60_000 })
}

/** Shows a phone of each of the others, and that all have the same. */
const isLinkedWithAll = async (phone: Phone): Promise<void> => {
  await opensEncounter(phone)
  await expect(phone.page.getByText('Tienen lo mismo', { exact: true })).toHaveCount(all.length - 1, {
    timeout: 60_000,
  })
  await phone.sees('No falta nadie.')
}

test('(f) no default route: the browser shows no address until it may use a camera, and one camera is enough for two', async () => {
  const [alba, bruna] = all
  await onlyOpen(alba, bruna)
  for (const phone of [alba, bruna]) expect(await addressesOf(phone)).toEqual([])
  await writes(alba, 'Sin puerta de salida.')
  await scanAndPaste(alba, bruna)
  expect(await addressesOf(bruna)).toEqual([])
  await reads(bruna, 'Sin puerta de salida.')
})

test('(g) no multicast: names of the local network lead nowhere, and one camera is enough for two', async () => {
  const [alba, bruna] = all
  for (const machine of machines) machine.gateway()
  lan.noMulticast()
  await onlyOpen(alba, bruna)
  for (const phone of [alba, bruna]) expect((await addressesOf(phone)).join()).toMatch(/^[0-9a-f-]+\.local$/)
  await writes(bruna, 'Sin que nadie pregunte a todos.')
  await scanAndPaste(alba, bruna)
  expect((await addressesOf(bruna)).join()).toMatch(/^[0-9a-f-]+\.local$/)
  await reads(alba, 'Sin que nadie pregunte a todos.')
})

test('(a) two phones and nothing else: each scans the other, and what one wrote is on the other', async () => {
  const [, , ceiba, drago] = all
  await onlyOpen(ceiba, drago)
  await writes(ceiba, 'Vamos siempre de a dos.')
  await drago.goes('Protocolo')
  await expect(drago.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)
  await scanEachOther(ceiba, drago)
  await reads(drago, 'Vamos siempre de a dos.')
})

test('(b) four phones, one pair of scans for each that comes: all others it finds through whoever it met', async () => {
  await onlyOpen(...all)
  const [alba, bruna, ceiba, drago] = all
  await scanEachOther(alba, bruna)
  await scanEachOther(bruna, ceiba)
  await scanEachOther(ceiba, drago)
  await writes(drago, 'Llamamos al llegar.')
  for (const phone of all)
    await reads(phone, 'Sin puerta de salida.', 'Vamos siempre de a dos.', 'Llamamos al llegar.')
  for (const phone of all) await isLinkedWithAll(phone)
})

test('(e) one packet in ten is lost: a phone still finds all by one pair of scans, and what each writes reaches all', async () => {
  for (const machine of machines) machine.loses(10)
  const [alba, bruna, ceiba, drago] = all
  await bruna.opensAgain()
  await scanEachOther(bruna, drago)
  const texts = ['Uno de diez.', 'Dos de diez.', 'Tres de diez.', 'Cuatro de diez.']
  for (const [at, phone] of [alba, bruna, ceiba, drago].entries()) await writes(phone, texts[at]!)
  for (const phone of all) await reads(phone, ...texts)
  for (const phone of all) await isLinkedWithAll(phone)
  for (const machine of machines) machine.loses(0)
})
