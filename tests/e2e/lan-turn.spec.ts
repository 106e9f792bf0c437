import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { accessUntil, startCoturn, whyNoCoturn } from '../lan/coturn.ts'
import { createLan, whyNoLan, type Lan, type Machine } from '../lan/lan.ts'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, type HubProcess } from './hub-process.ts'
import { noteConnections, paths, type Noting } from './paths.ts'
import type { Phone } from './phone.ts'
import { pasteEachOther } from './scanning.ts'

/**
 * The whole app on phones whose network keeps them apart, and Debian’s coturn, which all of them reach. Once the relay point is written down
 * there is no hub any more, which would pass on what they say too: they read each other codes, and what one has of the other came through
 * coturn or not at all.
 */
const why = whyNoLan() ?? whyNoCoturn()
if (why) process.stdout.write(`skipped: the app through a relay point of its collective, because ${why}\n`)
test.skip(why !== null, why ?? '')
test.describe.configure({ mode: 'serial', timeout: 300_000 })

const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2

/** A pipe that is a minute old is left so soon after there is another way. ms. */
const SOON = 120_000

let lan: Lan
let folder: string
let hub: HubProcess
let machines: readonly Machine[]
let point: Machine
let url: string
let alba: Phone
let bruna: Phone
const phones: Phone[] = []

test.beforeAll(async () => {
  test.setTimeout(300_000)
  folder = mkdtempSync(join(tmpdir(), 'lumbre-turn-'))
  hub = await startHub(PORT)
  lan = createLan()
  machines = [lan.machine(), lan.machine(), lan.machine()]
  point = lan.machine()
  for (const machine of machines) {
    machine.gateway()
    machine.isolate()
  }
  await lan.internet('there', { port: PORT })
  url = (await startCoturn(point, folder)).url
  const [one, other, third] = await foundAt({
    address: hub.address,
    names: ['Alba', 'Bruna', 'Ceiba'],
    phones,
    chromiums: machines.map(({ chromium }) => chromium),
  })
  ;[alba, bruna] = [one, other]
  for (const phone of phones) await phone.keepsTheApp()
  await third.page.goto('about:blank')
})

test.afterAll(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await lan.close()
  await hub.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Every address this phone was ever told for the other end of a connection of this page. */
const told = (phone: Phone): Promise<readonly string[]> =>
  phone.page.evaluate(() => {
    const { connections = [] } = globalThis as unknown as Noting
    const hosts = connections.flatMap(({ remoteDescription }) =>
      [...(remoteDescription?.sdp ?? '').matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) /gim)].map(
        ([, host]) => host!,
      ),
    )
    return [...new Set(hosts)]
  })

const opensRelayPoints = async (phone: Phone): Promise<void> => {
  await phone.page.goto(`${hub.address}/#/ajustes/paso`)
  await phone.sees('Los que usamos')
}

/** Both open the app anew, with no hub anywhere, and tell each other their codes. */
const meetThroughPoint = async (): Promise<void> => {
  await lan.internet('gone')
  for (const phone of [alba, bruna]) {
    await phone.page.goto('about:blank')
    await phone.page.goto(hub.address)
    await phone.unlocks()
  }
  await pasteEachOther(alba, bruna)
  for (const phone of [alba, bruna]) {
    const [path, ...others] = await paths(phone)
    expect(others).toEqual([])
    expect(Object.values(path!)).toContain(point.address)
  }
}

const reaches = async (from: Phone, to: Phone, text: string): Promise<void> => {
  await from.writesArticle(`De ${from.name}`, text)
  await to.goes('Protocolo')
  await to.sees(text, { within: 60_000 })
}

test('two whom their networks keep apart: Alba writes down the relay point of the collective, and what she writes reaches Bruna through it', async () => {
  await opensRelayPoints(alba)
  await alba.tap('Agregar un punto de paso')
  const { username, credential } = accessUntil(Math.floor(Date.now() / 1000) + 86_400)
  await alba.field('Dirección').fill(url)
  await alba.field('Nombre de acceso').fill(username)
  await alba.field('Clave de acceso').fill(credential)
  await alba.tap('Guardar')
  await alba.sees('Guardado para todo el equipo.')
  await opensRelayPoints(bruna)
  await bruna.sees(url, { within: 60_000 })
  for (const phone of [alba, bruna]) await phone.page.addInitScript(noteConnections)
  await meetThroughPoint()
  await reaches(alba, bruna, 'Por el punto de paso.')
  await reaches(bruna, alba, 'Y de vuelta.')
})

test('Bruna goes out through relay points alone: Alba is told no other address of hers, and what Bruna writes reaches her', async () => {
  await opensRelayPoints(bruna)
  await bruna.page.getByText('Solo por puntos de paso', { exact: true }).click()
  await bruna.sees('Tu equipo ya no ve desde qué conexión le hablas; el punto de paso sí.')
  await meetThroughPoint()
  expect((await paths(bruna)).map(({ from }) => from)).toEqual([point.address])
  expect((await paths(alba)).map(({ to }) => to)).toEqual([point.address])
  await reaches(bruna, alba, 'Sin decir desde dónde.')
  expect(await told(alba)).toEqual([point.address])
  // Of Alba, who shows her own, Bruna is told both.
  expect(new Set(await told(bruna))).toEqual(new Set([machines[0]!.address, point.address]))
})

test('a hub is at hand and the relay point is not: they meet in a pipe of the hub, leave it when the relay point is back, and need the hub no more', async () => {
  point.sleeps()
  await lan.internet('there', { port: PORT })
  for (const phone of [alba, bruna]) await phone.opensAgain()
  await reaches(alba, bruna, 'Por el centro.')
  expect(await paths(bruna)).toEqual([])
  // No browser is told of it.
  point.wakes()
  await expect
    .poll(async () => (await paths(bruna)).map(({ from }) => from), { timeout: SOON })
    .toEqual([point.address])
  await bruna.writesArticle('Al cambiar', 'Se escribe sin esperar.')
  await alba.goes('Protocolo')
  await alba.sees('Se escribe sin esperar.', { within: 60_000 })
  await lan.internet('gone')
  await reaches(bruna, alba, 'Ya sin el centro.')
  await reaches(alba, bruna, 'Yo tampoco lo tengo.')
  expect(strangeComplaints(phones)).toEqual([])
})
