import { expect, test } from '@playwright/test'
import { closePhones, foundAt } from './founding.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []

test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

/**
 * Seconds a person needs, by what they do and not by how fast this machine is: 2 s to find and touch a thing, a third of a
 * second for each letter on a small keyboard, 10 s to point a camera at a code. Waiting for others is not counted: it is theirs.
 */
const SECONDS = { touch: 2, letter: 1 / 3, aim: 10 } as const

test('people and phones come in face to face, a phone is lost, and somebody leaves', async ({ baseURL }) => {
  test.setTimeout(300_000)
  const [alba, bruna, ceiba] = await test.step('Alba, Bruna and Ceiba found', () =>
    foundAt({ address: baseURL!, names: ['Alba', 'Bruna', 'Ceiba'], phones }))
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  const arrives = async (name: string) => {
    const phone = await Phone.of(name, baseURL!)
    phones.push(phone)
    return phone
  }
  const code = 'Código para leer con la cámara'

  const drago = await test.step('Drago, from nothing: both scan, Bruna vouches, and he reads', async () => {
    const drago = await arrives('Drago')
    const hands = await drago.counts()
    await drago.tap(/^Unirme/)
    await drago.choosesPhrase()
    await drago.tap('Estoy con quien me invita')
    await drago.field('Tu nombre').fill('Drago')
    await drago.looksThroughScreen()
    await drago.tap('Mostrar mi código')
    await drago.tap('Usar la cámara')
    await alba.goes('Colectivo')
    await alba.tap('Invitar a alguien')
    await alba.looksThroughScreen()
    await alba.tap('Está aquí conmigo')
    await alba.tap('Usar la cámara')
    for (const phone of [alba, drago]) await expect(phone.page.getByRole('img', { name: code })).toBeVisible()
    await alba.holdsBeforeCameraOf(drago)
    await drago.sees('Ahora falta que el otro teléfono lea el tuyo')
    await drago.holdsBeforeCameraOf(alba)
    await drago.sees('Alba te está presentando')
    await alba.sees('¿Drago está aquí contigo?')
    await alba.tap('Sí, pedir el aval')
    await alba.sees('1 de 2 avales')
    await alba.sees(/Pueden darlo: .*Bruna/)
    await drago.sees('1 de 2 avales')
    await bruna.goes('Colectivo')
    await bruna.sees('Drago quiere entrar')
    await bruna.tap('Dar mi aval')
    await drago.tap('Entrar al cuaderno')
    await drago.sees('Vamos siempre de a dos.')
    const { touches, letters } = await hands()
    const seconds = touches * SECONDS.touch + letters * SECONDS.letter + SECONDS.aim
    test.info().annotations.push({
      type: 'joining',
      description: `${touches} touches, ${letters} letters, one aim: ${Math.round(seconds)} s`,
    })
    expect(touches).toBeLessThanOrEqual(10)
    expect(seconds).toBeLessThanOrEqual(90)
    return drago
  })

  await test.step('Alba adds a second phone by typing the codes; it stands on every screen until Bruna vouches', async () => {
    const kitchen = await arrives('Cocina')
    await kitchen.tap(/^Unirme/)
    await kitchen.choosesPhrase()
    await kitchen.tap('Ya soy parte: sumar este teléfono')
    await kitchen.field('Cómo se llama este teléfono').fill('El de la cocina')
    await kitchen.tap('Mostrar mi código')
    await kitchen.tap('Seguir sin cámara')
    await alba.goes('Colectivo')
    await alba.tap('Sumar otro teléfono mío')
    await alba.tap('Seguir sin cámara')
    for (const [phone, other] of [
      [alba, kitchen],
      [kitchen, alba],
    ] as const) {
      await phone.page
        .getByRole('textbox', { name: 'Código del otro teléfono' })
        .fill(await other.shownCode())
      await phone.tap('Usar este código')
    }
    await alba.sees('¿«El de la cocina» es tu otro teléfono?')
    await alba.tap('Sí, pedir el aval')
    for (const [phone, section] of [
      [ceiba, 'Registro'],
      [drago, 'Protocolo'],
    ] as const) {
      await phone.goes(section)
      await phone.sees('Alba pide sumar otro teléfono.')
    }
    await bruna.tap('Dar mi aval')
    await kitchen.tap('Entrar al cuaderno')
    await kitchen.sees('Vamos siempre de a dos.')
    await ceiba.goes('Colectivo')
    await ceiba.sees('El de la cocina')
    await expect(ceiba.page.getByText('pide sumar otro teléfono')).toHaveCount(0)
  })

  await test.step('Drago’s phone is lost: four touches from the first page, and the news travels', async () => {
    await ceiba.goes('Protocolo')
    const hands = await ceiba.counts()
    await ceiba.tap('Perdí un teléfono')
    await ceiba.tap(/Teléfono de Drago/)
    await ceiba.tap(/Poner en pausa este teléfono/)
    await ceiba.tap(/Poner en pausa este teléfono|Toca otra vez/)
    await ceiba.sees('Ese teléfono quedó en pausa')
    expect((await hands()).touches).toBeLessThanOrEqual(4)
    await ceiba.sees(/3 de 3 personas ya lo saben|Todas las personas ya lo saben/)
    await drago.sees(/en pausa/)
    await ceiba.tap('Revisar lo último que escribió')
    await ceiba.sees(/Esto sí cuenta|No hay cambios recientes/)
  })

  await test.step('from the lock: two touches, the phrase, which one, and a hold', async () => {
    await alba.locks()
    const hands = await alba.counts()
    await alba.tap('Perdí un teléfono')
    await alba.tap('Ya tengo otro a la mano: avisar desde aquí')
    await alba.field('Frase').fill(Phone.passphrase)
    await alba.page.keyboard.press('Enter')
    await alba.tap(/El de la cocina/)
    await alba.button(/Poner en pausa este teléfono/).click({ delay: 1600 })
    await alba.sees('Ese teléfono quedó en pausa')
    // The phrase is typed and no touch.
    expect((await hands()).touches).toBeLessThanOrEqual(4)
    await alba.tap('Listo')
  })

  await test.step('Bruna leaves by herself, and is asked no reason', async () => {
    await bruna.goes('Colectivo')
    await bruna.tap('Dejar el colectivo')
    await bruna.sees('Lo decides tú')
    const last = bruna.page.getByRole('dialog').getByRole('button', { name: 'Dejar el colectivo' })
    await last.click()
    await last.click()
    await bruna.field('Frase').fill(Phone.passphrase)
    await bruna.tap('Sí, dejarlo')
    await bruna.sees('Ya no eres parte desde este teléfono')
    await bruna.tap('Todavía no')
    await alba.goes('Colectivo')
    await alba.sees('ya no está')
  })
  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])
})
