import { expect, test, type Locator } from '@playwright/test'
import { closePhones } from './founding.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []
test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

const WHY = 'Quien abra un solo teléfono del equipo puede leerlo y llegar a alguien.'

/** Of each kind one that no field saw before: what was left standing once is not warned of again. */
const tellings = (n: number): readonly (readonly [what: string, said: string])[] => [
  ['un número de teléfono', `300 123 45${n}`],
  ['el número de un documento', `DNI 123456${n}Z`],
  ['una dirección', `calle Luna ${n}`],
  ['un lugar en el mapa', `6.251${n}, -75.563${n}`],
  ['un correo electrónico', `rosa${n}@correo.example`],
]

/** Somebody brings a picture into a field, as keyboards and clipboards do. */
const putsPicture = (field: Locator) =>
  field.evaluate((element) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.of(0xff, 0xd8, 0xff)], 'casa.jpg', { type: 'image/jpeg' }))
    element.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    )
  })

test('AB5: at every field that others will read, Rosal is told what stands on nobody’s phone, why, and goes on as she likes', async ({
  baseURL,
}, testInfo) => {
  const rosal = await Phone.of('Rosal', baseURL!)
  phones.push(rosal)
  const leave = rosal.button('Dejarlo así')
  const looked: string[] = []
  const written = async (field: Locator): Promise<string> =>
    (await field.inputValue().catch(() => field.innerText())).trim()
  /** In place of what stands there; once more where the editor had just put its own caret back. */
  const writes = (field: Locator, text: string): Promise<void> =>
    expect(async () => {
      await field.fill(text)
      expect(await written(field)).toBe(text)
    }).toPass({ timeout: 15_000 })
  /** Writes each kind into it, is told, and leaves the last word as `then`: what the field is for. */
  const isGuarded = async (name: string, field: Locator, then: string): Promise<void> => {
    const n = 10 + looked.length
    looked.push(name)
    for (const [what, said] of tellings(n)) {
      await writes(field, said)
      await rosal.sees(`Esto parece ${what}: «${said}».`)
      await rosal.sees(WHY)
      await rosal.sees('Mejor un apodo')
      if (what === 'una dirección')
        await rosal.page.screenshot({ path: testInfo.outputPath(`${looked.length}-${name}.png`) })
      // Nothing is refused: it stands as it was written, and is not told of again.
      await leave.click()
      await expect(leave).toHaveCount(0)
      expect(await written(field)).toBe(said)
    }
    await putsPicture(field)
    await rosal.sees('Las fotos no entran aquí.')
    await rosal.sees(/Una cara o una fachada llevan a personas/)
    await rosal.sees(/Cuenta con palabras lo que hace falta/)
    await expect(field.locator('img')).toHaveCount(0)
    await writes(field, then)
    await field.press('End')
    await expect(rosal.page.getByText('Las fotos no entran aquí.')).toHaveCount(0)
  }
  const field = (label: string) => rosal.page.getByRole('textbox', { name: label, exact: true })

  await test.step('the first notebook, and coming in or back: names', async () => {
    await rosal.tap(/^Crear/)
    await rosal.choosesPhrase()
    await isGuarded('notebook', field('Nombre del cuaderno'), 'Cuaderno')
    await isGuarded('purpose', field('Para qué es'), 'Cuidar el agua')
    await isGuarded('name', field('Tu nombre'), 'Rosal')
    await rosal.tap('Crear cuaderno')
    await rosal.sees('Escribir el primero')
    await rosal.page.goto(`${baseURL!}#/unirme`)
    await rosal.tap('Ya soy parte: sumar este teléfono')
    await isGuarded('phone', field('Cómo se llama este teléfono'), 'El de la cocina')
    await rosal.page.goto(`${baseURL!}#/volver/colectivo`)
    await rosal.tap('Estoy con alguien de mi colectivo')
    await isGuarded('back', field('Cómo te llaman ahí'), 'Rosal')
  })

  await test.step('people and the collective', async () => {
    await rosal.goes('Colectivo')
    await rosal.tap('Renombrar')
    await isGuarded('person', field('Nombre'), 'Rosal')
    await rosal.tap('Guardar')
    await rosal.tap('Fundar un colectivo')
    await isGuarded('collective', field('Nombre del colectivo'), 'Las Tres Vertientes')
    await isGuarded('founder', field('Tu nombre'), 'Rosal')
  })

  await test.step('threats: the quick one, and every field of its page', async () => {
    await rosal.goes('Registro')
    await isGuarded('threat', field('¿Qué les amenaza?'), 'Drones sobre la milpa')
    await rosal.tap('Agregar')
    await rosal.page.getByRole('link', { name: 'Drones sobre la milpa' }).click()
    await expect(field('Qué pasa')).toBeVisible()
    const names = ['Título', 'Qué pasa', 'A quiénes golpea más', 'De dónde viene', 'Qué hacemos ya']
    await expect(rosal.page.getByRole('textbox')).toHaveCount(names.length)
    for (const [i, name] of names.entries()) await isGuarded(`threat-${i}`, field(name), 'Drones')
  })

  await test.step('the protocol: title, text, and the address of a link', async () => {
    await rosal.goes('Protocolo')
    await rosal.tap('Escribir el primero')
    await isGuarded('title', field('Título'), 'Retenes')
    await isGuarded('text', rosal.text, 'Vamos siempre de a dos.')
    await rosal.text.press('Control+a')
    await rosal.tap('Enlace')
    await isGuarded('link', field('Dirección'), 'https://ejemplo.example')
    await rosal.tap('Poner enlace')
  })

  await test.step('how phones reach each other', async () => {
    await rosal.page.goto(`${baseURL!}#/ajustes/paso`)
    await rosal.tap('Agregar un punto de paso')
    await isGuarded('relay', field('Nombre de acceso'), 'valle')
  })
  expect(looked).toHaveLength(18)
  expect(rosal.complaints).toEqual([])
})
