import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
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

const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2
const address = `http://127.0.0.1:${PORT}`

const startHub = async () => {
  hub = spawn(process.execPath, ['dist/hub/main.js'], { env: { ...process.env, PORT: String(PORT) } })
  await expect(async () => expect((await fetch(address)).ok).toBe(true)).toPass({ timeout: 60_000 })
}
const endHub = async () => {
  if (!hub || hub.exitCode !== null) return
  const ended = once(hub, 'exit')
  hub.kill('SIGTERM')
  await ended
  hub = null
}

const found = async (...names: readonly string[]): Promise<readonly Phone[]> => {
  const host = await Phone.of(names[0]!, address)
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
  return phones
}

const opensEncounter = async (phone: Phone) => {
  await phone.goes('Colectivo')
  await phone.tap('Encontrarse aquí, sin internet')
}
const givesFile = async (phone: Phone, path: string): Promise<string> => {
  await opensEncounter(phone)
  await phone.tap('Llevar en un archivo')
  await phone.tap('Hacer el archivo')
  const saving = phone.page.waitForEvent('download')
  await phone.tap('Guardar el archivo')
  const download = await saving
  await download.saveAs(path)
  await phone.tap('Cerrar')
  return download.suggestedFilename()
}
const chooses = (phone: Phone, path: string) => phone.field('Elegir el archivo').setInputFiles(path)

test('no link at all: a file in somebody’s pocket brings to Bruna what Alba wrote, and a spoilt one or one for others brings nothing', async ({}, testInfo) => {
  test.setTimeout(240_000)
  await startHub()
  const [alba, bruna, ceiba] = (await found('Alba', 'Bruna', 'Ceiba')) as [Phone, Phone, Phone]
  await ceiba.page.goto('about:blank')
  for (const phone of [alba, bruna]) await phone.keepsTheApp()
  await endHub()
  for (const phone of [alba, bruna]) {
    await phone.page.reload()
    await phone.unlocks()
  }
  const path = testInfo.outputPath('notas.bin')

  await test.step('Alba writes, and makes a file whose name and bytes say nothing', async () => {
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    expect(await givesFile(alba, path)).toBe('notas.bin')
    const file = readFileSync(path)
    expect(file.subarray(0, 21).toString()).toBe('age-encryption.org/v1')
    for (const words of ['Retenes', 'siempre de a dos', 'Vertientes', 'Alba'])
      expect(file.includes(words), words).toBe(false)
  })

  await test.step('Bruna is handed it cut short, then one for others: each is refused in words', async () => {
    const cut = testInfo.outputPath('cortado.bin')
    writeFileSync(cut, readFileSync(path).subarray(0, 9000))
    const foreign = testInfo.outputPath('ajeno.bin')
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(await generateHybridIdentity()))
    writeFileSync(foreign, await encrypter.encrypt(new Uint8Array(4096)))
    const text = testInfo.outputPath('carta.txt')
    writeFileSync(text, 'Querida Bruna: ')

    await opensEncounter(bruna)
    await bruna.tap('Abrir un archivo')
    await chooses(bruna, cut)
    await bruna.sees('Ese archivo no es de esta app, o llegó incompleto.')
    await bruna.sees('Aquí no cambió nada.')
    await chooses(bruna, foreign)
    await bruna.sees('Ese archivo es para otros teléfonos.')
    await chooses(bruna, text)
    await bruna.sees('Ese archivo no es de esta app')
    await bruna.tap('Cerrar')
    await bruna.goes('Protocolo')
    await expect(bruna.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)
  })

  await test.step('then the whole one: she sees what it brings before she says yes', async () => {
    await opensEncounter(bruna)
    await bruna.tap('Abrir un archivo')
    await chooses(bruna, path)
    await bruna.sees('Es para «Las Tres Vertientes»')
    await bruna.sees(/^Trae .*cambios? nuevos?/)
    await bruna.tap('Agregar lo que trae')
    await bruna.sees(/^Llega(ron|ó) .*cambios?$/)
    await bruna.tap('Abrir otro archivo')
    await chooses(bruna, path)
    await bruna.sees('No trae nada que aquí falte.')
    await bruna.tap('Cerrar')
    await bruna.goes('Protocolo')
    await bruna.sees('Vamos siempre de a dos.')
  })

  await test.step('Bruna answers, and her file tells Alba that hers arrived', async () => {
    await bruna.addsArticle('Llegadas')
    await bruna.writes('Avisamos al llegar.')
    await bruna.tap('Leer')
    await bruna.sees('Avisamos al llegar.')
    const back = testInfo.outputPath('vuelta.bin')
    await givesFile(bruna, back)
    await opensEncounter(alba)
    const row = alba.page.getByRole('listitem').filter({ hasText: 'Bruna' })
    await expect(row.getByText('lo tiene todo')).toHaveCount(0)
    await alba.tap('Abrir un archivo')
    await chooses(alba, back)
    await alba.tap('Agregar lo que trae')
    await alba.sees(/^Llega(ron|ó) .*cambios?$/)
    await alba.tap('Cerrar')
    await expect(row.getByText('lo tiene todo')).toBeVisible()
    await alba.goes('Protocolo')
    await alba.sees('Avisamos al llegar.')
  })
  for (const phone of [alba, bruna])
    expect(
      phone.complaints.filter((complaint) => !/WebSocket|Failed to load|net::ERR/.test(complaint)),
    ).toEqual([])
})
