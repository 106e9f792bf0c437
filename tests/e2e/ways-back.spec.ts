import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@playwright/test'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { leaksIn } from './leaks.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []
const COPY_PHRASE = 'nueve cántaros bajo la ceiba'

test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

const opensWaysBack = async (phone: Phone): Promise<void> => {
  await phone.goes('Protocolo')
  await phone.tap('Ajustes')
  await phone.tap('Copia y recuperación')
}

const picks = (phone: Phone, path: string) => phone.page.locator('input[type=file]').setInputFiles(path)

test('Alba makes a copy, rehearses it, loses her phone, and comes back on another one', async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(300_000)
  const picture = (phone: Phone, name: string) =>
    phone.page.screenshot({ path: testInfo.outputPath(`${name}.png`) })
  const file = testInfo.outputPath('saved.bin')
  const [alba, bruna, ceiba] = await foundAt({
    address: baseURL!,
    names: ['Albahaca', 'Brunilda', 'Ceibana'],
    phones,
  })
  await alba.writesArticle('El agua', 'Es de todas.')
  await bruna.goes('Protocolo')
  await bruna.sees('Es de todas.')

  await test.step('she makes a copy under a phrase of its own', async () => {
    await opensWaysBack(alba)
    await alba.sees('Aquí todavía no hiciste ninguna copia.')
    await picture(alba, 'ways-back')
    await alba.tap('Hacer una copia')
    await alba.field('Frase de la copia').fill('corta')
    await alba.tap('Hacer la copia')
    await alba.sees(/ocho letras o más/)
    await alba.field('Frase de la copia').fill(COPY_PHRASE)
    await alba.sees(/tardaría/)
    await picture(alba, 'make-copy')
    await alba.tap('Hacer la copia')
    await alba.sees('Tu copia está lista')
    await picture(alba, 'copy-made')
    const saving = alba.page.waitForEvent('download')
    await alba.tap('Guardar el archivo')
    const download = await saving
    expect(download.suggestedFilename()).toBe('cuaderno.bin')
    await download.saveAs(file)
    await alba.tap('Cerrar')
    await alba.sees('Última copia: hoy.')
    const words = ['El agua', 'Es de todas', 'Albahaca', 'Vertientes', 'lumbre', COPY_PHRASE]
    expect(leaksIn(readFileSync(file), words)).toEqual([])
  })

  const damaged = testInfo.outputPath('damaged.bin')
  const bytes = readFileSync(file)
  bytes[bytes.length - 100]! ^= 1
  writeFileSync(damaged, bytes)
  const cut = testInfo.outputPath('cut.bin')
  writeFileSync(cut, bytes.subarray(0, bytes.length - 1))
  const foreign = testInfo.outputPath('foreign.jpg')
  writeFileSync(foreign, Buffer.from('a picture of somebody else'.repeat(99)))

  await test.step('rehearsal: another file, a cut one, a wrong phrase, an altered one, and then the right one', async () => {
    await alba.tap('Simulacro')
    await picks(alba, foreign)
    await alba.sees('Ese archivo no es una copia de esta app.')
    await alba.sees('Aquí no cambió nada.')
    await picks(alba, cut)
    await alba.sees(/cortada o alterada/)
    await picks(alba, damaged)
    await alba.field('Frase de la copia').fill(COPY_PHRASE)
    await alba.tap('Abrir la copia')
    await alba.sees(/cortada o alterada/)
    await alba.tap('Elegir otro archivo')
    await picks(alba, file)
    await alba.field('Frase de la copia').fill('nueve cántaros bajo otra ceiba')
    await alba.tap('Abrir la copia')
    await alba.sees(/Esa frase no abre esta copia/)
    await picture(alba, 'wrong-phrase')
    await alba.field('Frase de la copia').fill(COPY_PHRASE)
    await alba.tap('Abrir la copia')
    await alba.sees('La copia abre y está completa')
    await alba.sees('Las Tres Vertientes')
    await alba.sees(/Aquí eres Albahaca/)
    await alba.sees(/Era un simulacro/)
    await picture(alba, 'rehearsed')
    await alba.tap('Listo')
  })

  await test.step('she writes on, and then the phone is gone', async () => {
    await alba.opensArticle('El agua')
    await alba.writes(' Y del río.')
    for (const other of [bruna, ceiba]) {
      await other.goes('Protocolo')
      await other.sees(/Y del río/)
    }
    await alba.close()
    alba.forget()
    phones.splice(phones.indexOf(alba), 1)
    for (const other of [bruna, ceiba]) await other.network('gone')
  })

  const again = await Phone.of('Albahaca', baseURL!)
  phones.push(again)
  await test.step('on a new phone, from the first screen: file, phrase, what is in it, and a new phrase', async () => {
    await again.sees('Un cuaderno para cuidarnos')
    await picture(again, 'first-screen')
    await again.tap('Tengo una copia')
    await picks(again, foreign)
    await again.sees('Ese archivo no es una copia de esta app.')
    await picks(again, file)
    await again.field('Frase de la copia').fill('otra frase cualquiera')
    await again.tap('Abrir la copia')
    await again.sees(/Esa frase no abre esta copia/)
    await again.field('Frase de la copia').fill(COPY_PHRASE)
    await again.tap('Abrir la copia')
    await again.sees('Las Tres Vertientes')
    await again.sees(/Úsala solo si el teléfono de antes ya no está/)
    await picture(again, 'before-beginning')
    // Nothing was written so far.
    expect((await again.rows()).toString()).not.toContain('header')
    await again.tap('Volver a empezar aquí')
    await picture(again, 'new-phrase')
    await again.choosesPhrase()
    await again.goes('Protocolo')
    await again.sees('Es de todas.')
  })

  await test.step('until it sees somebody it is only read, also after it was closed', async () => {
    await again.sees(/Espera a ver a alguien de tu equipo/)
    await expect(again.button('Artículo')).toHaveCount(0)
    await again.opensAgain()
    await again.sees(/Espera a ver a alguien de tu equipo/)
    await again.tap(/Por qué/)
    await again.sees('Esperando a ver a alguien')
    await picture(again, 'waits')
  })

  await test.step('then it gets back what came after the copy, writes, and the others get it', async () => {
    await bruna.network('there')
    await bruna.opensAgain()
    await again.goes('Protocolo')
    await again.sees(/Y del río/)
    await expect(again.page.getByText(/Espera a ver a alguien/)).toHaveCount(0)
    await again.opensArticle('El agua')
    await again.writes(' También de las nietas.')
    await bruna.goes('Protocolo')
    await bruna.sees(/También de las nietas/)
    await ceiba.network('there')
    await ceiba.opensAgain()
    await ceiba.goes('Protocolo')
    await ceiba.sees(/También de las nietas/)
    await again.opensAgain()
    await again.sees(/También de las nietas/)
    for (const phone of [bruna, ceiba]) {
      await phone.goes('Colectivo')
      await expect(phone.page.getByText(/en pausa/)).toHaveCount(0)
    }
  })

  await test.step('where there is a notebook nothing is written over it: it goes into one apart', async () => {
    await again.locks()
    await again.tap('Otro cuaderno aparte')
    await again.tap('Empezar otro aparte')
    await again.tap('Tengo una copia')
    await again.sees('Elegir el archivo')
    await again.tap('Volver')
    await again.tap('Otro cuaderno aparte')
    await again.tap('Ir al cuaderno 1')
    await again.unlocks()
    await again.sees(/También de las nietas/)
  })
  expect(strangeComplaints(phones)).toEqual([])
})
