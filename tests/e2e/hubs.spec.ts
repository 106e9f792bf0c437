import { expect, test } from '@playwright/test'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, type HubProcess } from './hub-process.ts'
import type { Phone } from './phone.ts'

const phones: Phone[] = []
const hubs: HubProcess[] = []

const FIRST = Number(process.env['E2E_PORT'] ?? 4180) + 1
const SECOND = FIRST + 1
const NAMES = ['Alba', 'Bruna', 'Ceiba'] as const

/** Two hubs, each of which lists the other. */
test.beforeEach(async () => {
  for (const [port, neighbour] of [
    [FIRST, SECOND],
    [SECOND, FIRST],
  ] as const)
    hubs.push(await startHub(port, ['--hub', `ws://127.0.0.1:${neighbour}`]))
})
test.afterEach(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  for (const hub of hubs.splice(0)) await hub.end()
})

test('the hub that served the app goes down: phones find each other by the other one it had listed', async () => {
  test.setTimeout(240_000)
  const first = hubs[0]!
  const [alba, bruna] = await foundAt({ address: hubs[0]!.address, names: NAMES, phones })

  await test.step('both open the app again, from their own phones', async () => {
    for (const phone of [alba, bruna]) await phone.keepsTheApp()
    await first.end()
    for (const phone of [alba, bruna]) await phone.opensAgain()
  })

  await test.step('what Alba writes now is on Bruna’s phone', async () => {
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
  })
  expect(strangeComplaints([alba, bruna])).toEqual([])
})

test('somebody writes a relay point down, the others have it, and a phone that goes out through it alone says what is so', async () => {
  test.setTimeout(240_000)
  const [alba, bruna] = await foundAt({ address: hubs[0]!.address, names: NAMES, phones })
  const opensRelayPoints = async (phone: Phone) => {
    await phone.page.goto(`http://127.0.0.1:${FIRST}/#/ajustes`)
    await phone.tap('Puntos de paso')
  }
  await opensRelayPoints(alba)
  await alba.tap('Agregar un punto de paso')
  // A port where nobody answers: whoever goes out through this alone meets nobody, and not openly either.
  await alba.field('Dirección').fill('turn:10.255.255.1:3478')
  await alba.field('Nombre de acceso').fill('1767225600:tres')
  await alba.field('Clave de acceso').fill('q2hhdmU=')
  await alba.tap('Guardar')
  await opensRelayPoints(bruna)
  await bruna.sees('turn:10.255.255.1:3478')
  await bruna.page.getByText('Solo por puntos de paso').click()
  await bruna.sees('Tu equipo ya no ve desde qué conexión le hablas')
  await bruna.goes('Colectivo')
  await bruna.tap('Encontrarse aquí, sin internet')
  await bruna.sees('Su código no lleva su dirección')
  for (const phone of [alba, bruna]) expect(phone.complaints).toEqual([])
})
