import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { createLan, whyNoLan, type Lan } from '../lan/lan.ts'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, startRoomHub, type HubProcess } from './hub-process.ts'
import { noteConnections, paths } from './paths.ts'
import { Phone } from './phone.ts'
import { codeOn, filmHub, opensEncounter, scanHub } from './scanning.ts'

const why = whyNoLan()
if (why) process.stdout.write(`skipped: hubs in a wifi of namespaces, because ${why}\n`)
test.skip(why !== null, why ?? '')

/** Where the app comes from before the gathering. */
const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2

let lan: Lan
let folder: string
let internetHub: HubProcess
const phones: Phone[] = []

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lumbre-room-'))
  internetHub = await startHub(PORT)
  lan = createLan()
})

test.afterEach(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await lan.close()
  await internetHub.end()
  rmSync(folder, { recursive: true, force: true })
})

/** Three found while the internet is there, each on a machine of their own; from then on there is only the wifi. */
const gather = async () => {
  const machines = [lan.machine(), lan.machine(), lan.machine()]
  await lan.internet('there', { port: PORT })
  const all = await foundAt({
    address: internetHub.address,
    names: ['Alba', 'Bruna', 'Ceiba'],
    phones,
    chromiums: machines.map(({ chromium }) => chromium),
  })
  for (const phone of all) await phone.keepsTheApp()
  await lan.internet('gone')
  for (const phone of all) await phone.opensAgain()
  return { machines, all }
}

test('(c) a hub in the room, no internet: one scan each, and all three see what each writes', async () => {
  test.setTimeout(240_000)
  const [alba, bruna, ceiba] = (await gather()).all
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  await bruna.goes('Protocolo')
  await expect(bruna.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)

  const hub = await startRoomHub(lan.machine(), folder)
  for (const phone of [alba, bruna]) await scanHub(phone, hub)
  await test.step('Ceiba’s camera is broken: she pastes the code', async () => {
    await opensEncounter(ceiba)
    await ceiba.tap('Seguir sin cámara')
    await ceiba.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(hub.text)
    await ceiba.tap('Usar este código')
    await ceiba.sees('Este teléfono está conectado a la computadora')
  })
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Protocolo')
    await phone.sees('Vamos siempre de a dos.')
  }
  await ceiba.writesArticle('Radio', 'Llamamos al llegar.')
  await alba.goes('Protocolo')
  await alba.sees('Llamamos al llegar.')

  await test.step('Bruna closes the app and opens it again: the hub is found without another scan', async () => {
    await bruna.opensAgain()
    await ceiba.writesArticle('Agua', 'Cada quien lleva la suya.')
    await bruna.goes('Protocolo')
    await bruna.sees('Cada quien lleva la suya.')
  })
})

test('(c’) the wifi keeps its guests apart: the hub passes sealed frames from one to the other', async () => {
  test.setTimeout(240_000)
  const { machines, all } = await gather()
  const [alba, bruna, ceiba] = all
  for (const machine of machines) machine.isolate()
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')

  const hub = await startRoomHub(lan.machine(), folder)
  for (const phone of [alba, bruna, ceiba]) await scanHub(phone, hub)
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Protocolo')
    await phone.sees('Vamos siempre de a dos.', { within: 60_000 })
  }
  await bruna.writesArticle('Radio', 'Llamamos al llegar.')
  await alba.goes('Protocolo')
  await alba.sees('Llamamos al llegar.')
})

test('(c’) the wifi keeps them apart no more, and nobody is told: they leave the pipe, and need the hub no more', async () => {
  test.setTimeout(360_000)
  const { machines, all } = await gather()
  const [alba, bruna] = all
  await all[2].page.goto('about:blank')
  for (const { page } of [alba, bruna]) await page.addInitScript(noteConnections)
  const lifts = machines.map((machine) => machine.isolate())
  for (const phone of [alba, bruna]) await phone.opensAgain()
  const room = lan.machine()
  const hub = await startRoomHub(room, folder)
  for (const phone of [alba, bruna]) await scanHub(phone, hub)
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  await bruna.goes('Protocolo')
  await bruna.sees('Vamos siempre de a dos.', { within: 60_000 })
  const lead = async (phone: Phone) => (await paths(phone)).map(({ to }) => to)
  expect(await lead(alba)).toEqual([room.address])

  for (const lift of lifts) lift()
  await expect.poll(() => lead(alba), { timeout: 120_000 }).toContain(machines[1]!.address)
  await hub.end()
  await bruna.writesArticle('Radio', 'Llamamos al llegar.')
  await alba.goes('Protocolo')
  await alba.sees('Llamamos al llegar.')
})

test('(c’) the same before they are a collective: three whom their wifi keeps apart found one, by link, through a hub all reach', async () => {
  test.setTimeout(240_000)
  const machines = [lan.machine(), lan.machine(), lan.machine()]
  for (const machine of machines) machine.isolate()
  await lan.internet('there', { port: PORT })
  const [alba, bruna] = await foundAt({
    address: internetHub.address,
    names: ['Alba', 'Bruna', 'Ceiba'],
    phones,
    chromiums: machines.map(({ chromium }) => chromium),
  })
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  await bruna.goes('Protocolo')
  await bruna.sees('Vamos siempre de a dos.', { within: 60_000 })
})

test('(c’) a newcomer with the app and no notebook, no internet: reads the code of the hub at the door, then the invitation from the screen of who invites', async () => {
  test.setTimeout(360_000)
  const { machines, all } = await gather()
  const [alba, bruna] = all
  const machine = lan.machine()
  await lan.internet('there', { port: PORT })
  const drago = await Phone.of('Drago', internetHub.address, machine.chromium)
  phones.push(drago)
  await drago.keepsTheApp()
  await lan.internet('gone')
  for (const one of [...machines, machine]) one.isolate()
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  for (const phone of [alba, bruna]) await phone.opensAgain()
  await drago.page.reload()

  const hub = await startRoomHub(lan.machine(), folder)
  for (const phone of [alba, bruna]) await scanHub(phone, hub)
  await drago.tap(/^Unirme/)
  await drago.choosesPhrase()
  await drago.tap('Estoy con quien me invita')
  await drago.field('Tu nombre').fill('Drago')
  await drago.tap('Mostrar mi código')
  await filmHub(drago, hub)

  await alba.goes('Colectivo')
  await alba.tap('Invitar a alguien')
  await alba.tap('Está lejos')
  await expect(codeOn(alba)).toHaveCount(0) // not before somebody asks for it: whoever films it has the link
  await alba.page.getByText('Mostrarlo como código').click()
  await alba.holdsBeforeCameraOf(drago)
  await drago.words()
  await alba.tap('Son las mismas')
  await drago.tap('Son las mismas')
  await bruna.goes('Colectivo')
  await bruna.sees('Drago', { within: 60_000 })
  await bruna.tap('Dar mi aval')
  await drago.sees('Ya eres parte', { within: 60_000 })
  await drago.tap('Entrar al cuaderno')
  await drago.goes('Protocolo')
  await drago.sees('Vamos siempre de a dos.', { within: 60_000 })
})

test('somebody without the app opens the address of the hub: first what that does not protect, then the app', async () => {
  const [room, newcomer] = [lan.machine(), lan.machine()]
  await startRoomHub(room, folder)
  const phone = await Phone.of('Drago', `http://${room.address}:4173/#/ayuda`, newcomer.chromium)
  phones.push(phone)
  await phone.sees('Esta dirección no va cifrada.')
  await phone.sees('Nada se guarda.')
  await phone.page.getByRole('link', { name: 'Entrar de todos modos' }).click()
  await expect(phone.page).toHaveURL(`http://${room.address}:4173/index.html#/ayuda`)
  await expect(phone.page.locator('#app h1')).toBeVisible()
  // Chromium says that plain http cannot keep other windows apart. We say so too.
  expect(
    strangeComplaints([phone]).filter((complaint) => !complaint.includes('Cross-Origin-Opener-Policy')),
  ).toEqual([])
})
