import { expect, test } from '@playwright/test'
import { closePhones } from './founding.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []
test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

const CODE = 'Código para leer con la cámara'

test('three people in one room found a collective: Alba scans Bruna and Ceiba, all read four words aloud, each signs', async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(240_000)
  const arrives = async (name: string) => {
    const phone = await Phone.of(name, baseURL!)
    phones.push(phone)
    return phone
  }
  const alba = await arrives('Alba')
  await alba.lightsNotebook('Cuaderno')
  await alba.goes('Colectivo')
  await alba.tap('Fundar un colectivo')
  await alba.field('Nombre del colectivo').fill('Las Tres Vertientes')
  await alba.tap('Empezar')
  await alba.looksThroughScreen()
  await alba.page.screenshot({ path: testInfo.outputPath('found.png'), fullPage: true })
  const guests: Phone[] = []
  for (const name of ['Bruna', 'Ceiba']) {
    const guest = await arrives(name)
    guests.push(guest)
    await guest.tap(/^Unirme/)
    await guest.choosesPhrase()
    await guest.tap('Estamos fundando aquí')
    await guest.field('Tu nombre').fill(name)
    await guest.looksThroughScreen()
    await guest.tap('Mostrar mi código')
    await guest.tap('Usar la cámara')
    await alba.tap('Están aquí conmigo')
    await alba.tap('Usar la cámara')
    for (const phone of [alba, guest]) await expect(phone.page.getByRole('img', { name: CODE })).toBeVisible()
    await alba.holdsBeforeCameraOf(guest)
    await guest.sees('Ahora falta que el otro teléfono lea el tuyo')
    await guest.holdsBeforeCameraOf(alba)
    await guest.sees('Estás con Alba')
    await alba.sees(name)
    await alba.sees('Códigos leídos')
  }
  await alba.page.screenshot({ path: testInfo.outputPath('both.png'), fullPage: true })
  await alba.tap('Ya estamos todas las personas')
  const all = [alba, ...guests]
  const words = new Set<string>()
  for (const phone of all) words.add(await phone.words())
  expect(words.size).toBe(1)
  for (const phone of all) await phone.tap('Son las mismas, firmar')
  await alba.tap('Ir al protocolo')
  for (const guest of guests) await guest.tap('Entrar al cuaderno')
  for (const phone of all) {
    await phone.goes('Colectivo')
    for (const name of ['Alba', 'Bruna', 'Ceiba']) await phone.sees(name)
  }
  await alba.writesArticle('El agua', 'Es de todas.')
  await guests[1]!.goes('Protocolo')
  await guests[1]!.sees('Es de todas.')
  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])
})
