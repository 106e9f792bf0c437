import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@playwright/test'
import { foundAt } from './founding.ts'
import type { Phone } from './phone.ts'

const phones: Phone[] = []
const hubs: ChildProcess[] = []

test.afterEach(async ({}, testInfo) => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus)
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
    await phone.close()
    phone.forget()
  }
  for (const hub of hubs.splice(0)) await end(hub)
})

const FIRST = Number(process.env['E2E_PORT'] ?? 4180) + 1
const SECOND = FIRST + 1

const start = async (port: number, neighbour: number): Promise<ChildProcess> => {
  const hub = spawn(process.execPath, ['dist/hub/main.js', '--hub', `ws://127.0.0.1:${neighbour}`], {
    env: { ...process.env, PORT: String(port) },
  })
  hubs.push(hub)
  await expect(async () => expect((await fetch(`http://127.0.0.1:${port}`)).ok).toBe(true)).toPass({
    timeout: 10_000,
  })
  return hub
}
const end = async (hub: ChildProcess) => {
  if (hub.exitCode !== null) return
  const ended = once(hub, 'exit')
  hub.kill('SIGTERM')
  await ended
}

test('the hub that served the app goes down: phones find each other by the other one it had listed', async () => {
  test.setTimeout(240_000)
  const first = await start(FIRST, SECOND)
  await start(SECOND, FIRST)
  const [alba, bruna] = await foundAt(`http://127.0.0.1:${FIRST}`, ['Alba', 'Bruna', 'Ceiba'], phones)

  await test.step('both open the app again, from their own phones', async () => {
    for (const phone of [alba, bruna]) await phone.keepsTheApp()
    await end(first)
    for (const phone of [alba, bruna]) {
      await phone.page.reload()
      await phone.unlocks()
    }
  })

  await test.step('what Alba writes now is on Bruna’s phone', async () => {
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
  })
  for (const phone of [alba, bruna])
    expect(
      phone.complaints.filter((complaint) => !/WebSocket|Failed to load|net::ERR/.test(complaint)),
    ).toEqual([])
})

test('somebody writes a relay point down, the others have it, and a phone that goes out through it alone says what is so', async () => {
  test.setTimeout(240_000)
  await start(FIRST, SECOND)
  await start(SECOND, FIRST)
  const [alba, bruna] = await foundAt(`http://127.0.0.1:${FIRST}`, ['Alba', 'Bruna', 'Ceiba'], phones)
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
