import { readFileSync, writeFileSync } from 'node:fs'
import { Encrypter, generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { expect, test } from '@playwright/test'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, type HubProcess } from './hub-process.ts'
import type { Phone } from './phone.ts'
import { opensEncounter } from './scanning.ts'

const phones: Phone[] = []
let hub: HubProcess

const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2

test.beforeEach(async () => {
  hub = await startHub(PORT)
})
test.afterEach(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await hub.end()
})

const givesFile = async (phone: Phone, path: string): Promise<string> => {
  await opensEncounter(phone)
  await phone.tap('Llevar en un archivo')
  await phone.tap('Hacer el archivo')
  const saving = phone.page.waitForEvent('download')
  await phone.tap('Guardar el archivo')
  const download = await saving
  await download.saveAs(path)
  await phone.tap('Sí, ya lo tengo')
  await phone.sees('parte ahora de este archivo')
  await phone.tap('Cerrar')
  return download.suggestedFilename()
}
const chooses = (phone: Phone, path: string) => phone.field('Elegir el archivo').setInputFiles(path)

test('no link at all: a file in somebody’s pocket brings to Bruna what Alba wrote, and a spoilt one or one for others brings nothing', async ({}, testInfo) => {
  test.setTimeout(240_000)
  const names = ['Alba', 'Bruna', 'Ceiba'] as const
  const [alba, bruna, ceiba] = await foundAt({ address: hub.address, names, phones })
  await ceiba.page.goto('about:blank')
  for (const phone of [alba, bruna]) await phone.keepsTheApp()
  await hub.end()
  for (const phone of [alba, bruna]) await phone.opensAgain()
  const path = testInfo.outputPath('notas.bin')

  await test.step('Alba writes, and makes a file whose name and bytes say nothing', async () => {
    await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
    await opensEncounter(alba)
    await alba.tap('Llevar en un archivo')
    await alba.tap('Hacer el archivo')
    const saving = alba.page.waitForEvent('download')
    await alba.tap('Guardar el archivo')
    await (await saving).cancel()
    await alba.tap('No quedó')
    await alba.sees('El próximo archivo llevará también lo de este.')
    await alba.tap('Cerrar')
    // A file that reached no memory is none: there is nothing yet for “only what is new” to begin after.
    await alba.tap('Llevar en un archivo')
    await alba.sees('Solo lo abren los teléfonos activos')
    await expect(alba.page.getByText('Solo lo nuevo')).toHaveCount(0)
    await alba.tap('Cerrar')
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
  expect(strangeComplaints([alba, bruna])).toEqual([])
})
