import { expect, test } from '@playwright/test'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, type HubProcess } from './hub-process.ts'
import type { Phone } from './phone.ts'
import { scanEachOther } from './scanning.ts'

const phones: Phone[] = []
let hub: HubProcess

const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 1
const NAMES = ['Alba', 'Bruna', 'Ceiba'] as const

test.beforeEach(async () => {
  hub = await startHub(PORT)
})
test.afterEach(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await hub.end()
})

test('the hub is gone and there is no internet: two phones scan each other, and what one wrote is on the other', async () => {
  test.setTimeout(180_000)
  const [alba, bruna, ceiba] = await test.step('Alba, Bruna and Ceiba found while there is a hub', () =>
    foundAt({ address: hub.address, names: NAMES, phones }))
  await ceiba.page.goto('about:blank')

  await test.step('the hub goes; both open the app again from their own phones', async () => {
    for (const phone of [alba, bruna]) await phone.keepsTheApp()
    await hub.end()
    for (const phone of [alba, bruna]) await phone.opensAgain()
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    await bruna.goes('Protocolo')
    await expect(bruna.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)
  })

  await test.step('each shows a code and holds it before the other’s camera', () =>
    scanEachOther(alba, bruna))

  await test.step('what Alba wrote is on Bruna’s phone', async () => {
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
  })
  expect(strangeComplaints([alba, bruna])).toEqual([])
})

test('three settle what stands: each phone checks it by itself, each person signs, and it is final', async () => {
  test.setTimeout(180_000)
  const [alba, bruna, ceiba] = await foundAt({ address: hub.address, names: NAMES, phones })
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Protocolo')
    await phone.sees('Vamos siempre de a dos.')
  }
  await alba.goes('Colectivo')
  // The founding meeting ends with a first one, proposed by whoever brought the notebook.
  await alba.sees('Todavía nada es firme')
  await alba.sees('1 de 3 firmas')
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Colectivo')
    // Each phone reads all of it again by itself, when it has nothing better to do.
    // With a capital: what differs says the same words behind a no.
    await phone.sees(/^\s*Coincide con lo que tiene este teléfono/, { within: 60_000 })
    await phone.tap('Firmar')
  }
  const words = new Set<string>()
  for (const phone of [alba, bruna, ceiba]) {
    await phone.sees('Lo de hasta aquí es firme', { within: 60_000 })
    await phone.tap('Ver sus palabras')
    words.add(await phone.words())
    await phone.tap('Listo')
  }
  expect(words.size).toBe(1)

  await test.step('Bruna’s phone opens again from what is settled', async () => {
    await bruna.locks()
    await bruna.unlocks()
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
    await bruna.goes('Colectivo')
    await bruna.sees('Lo de hasta aquí es firme')
  })
  for (const phone of [alba, bruna, ceiba]) expect(phone.complaints).toEqual([])
})
