import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from '@playwright/test'
import { Phone } from './phone.ts'

const phones: Phone[] = []
let hub: ChildProcess | null = null

test.afterEach(async ({}, testInfo) => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus)
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
    await phone.close()
    phone.forget()
  }
  await endHub()
})

const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 1
const address = `http://127.0.0.1:${PORT}`

const startHub = async () => {
  hub = spawn(process.execPath, ['dist/hub/main.js'], { env: { ...process.env, PORT: String(PORT) } })
  await expect(async () => expect((await fetch(address)).ok).toBe(true)).toPass({ timeout: 10_000 })
}
const endHub = async () => {
  if (!hub || hub.exitCode !== null) return
  const ended = once(hub, 'exit')
  hub.kill('SIGTERM')
  await ended
  hub = null
}

test('the hub is gone and there is no internet: two phones scan each other, and what one wrote is on the other', async () => {
  test.setTimeout(180_000)
  await startHub()
  const [alba, bruna, ceiba] = await test.step('Alba, Bruna and Ceiba found while there is a hub', () =>
    found('Alba', 'Bruna', 'Ceiba'))
  await ceiba.page.goto('about:blank')

  await test.step('the hub goes; both open the app again from their own phones', async () => {
    for (const phone of [alba, bruna]) await phone.keepsTheApp()
    await endHub()
    for (const phone of [alba, bruna]) {
      await phone.page.reload()
      await phone.unlocks()
    }
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    await bruna.goes('Protocolo')
    await expect(bruna.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)
  })

  await test.step('each shows a code and holds it before the other’s camera', async () => {
    for (const phone of [alba, bruna]) {
      await phone.goes('Colectivo')
      await phone.looksThroughScreen()
      await phone.tap('Encontrarse aquí, sin internet')
      await phone.tap('Usar la cámara')
      await expect(phone.page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
    }
    await bruna.holdsBeforeCameraOf(alba)
    await alba.sees('Ahora falta que el otro teléfono lea el tuyo')
    await alba.holdsBeforeCameraOf(bruna)
    await alba.sees('Este teléfono y el de Bruna ya están conectados')
    await bruna.sees('Este teléfono y el de Alba ya están conectados')
  })

  await test.step('what Alba wrote is on Bruna’s phone', async () => {
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
  })
  for (const phone of [alba, bruna])
    expect(
      phone.complaints.filter((complaint) => !/WebSocket|Failed to load|net::ERR/.test(complaint)),
    ).toEqual([])
})

const found = async (...names: readonly [string, string, string]): Promise<[Phone, Phone, Phone]> => {
  const host = await Phone.of(names[0], address)
  phones.push(host)
  await host.lightsNotebook('Cuaderno')
  await host.goes('Colectivo')
  await host.tap('Fundar un colectivo')
  await host.field('Nombre del colectivo').fill('Las Tres Vertientes')
  await host.tap('Empezar')
  const link = await host.field('Enlace para tu equipo').inputValue()
  for (const name of names.slice(1)) {
    const guest = await Phone.of(name, link)
    phones.push(guest)
    await guest.followsInvitation()
    await guest.words()
    const row = host.page.getByRole('listitem').filter({ hasText: name })
    await row.getByRole('button', { name: 'Son las mismas', exact: true }).click()
    await guest.tap('Son las mismas')
  }
  await host.tap('Ya estamos todas las personas')
  for (const phone of phones) await phone.words()
  for (const phone of phones) await phone.tap('Son las mismas, firmar')
  await host.tap('Ir al protocolo')
  for (const guest of phones.slice(1)) await guest.tap('Entrar al cuaderno')
  for (const phone of phones) {
    await phone.goes('Colectivo')
    for (const name of names) await phone.sees(name)
  }
  return phones as [Phone, Phone, Phone]
}

test('three settle what stands: each phone checks it by itself, each person signs, and it is final', async () => {
  test.setTimeout(180_000)
  await startHub()
  const [alba, bruna, ceiba] = await found('Alba', 'Bruna', 'Ceiba')
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
    await phone.sees('Coincide con lo que tiene este teléfono.')
    await phone.tap('Firmar')
  }
  const words = new Set<string>()
  for (const phone of [alba, bruna, ceiba]) {
    await phone.sees('Lo de hasta aquí es firme')
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
