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

test('people and phones come in face to face, somebody rests, phones are lost, another own phone is the way back, and somebody leaves', async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(600_000)
  const picture = (phone: Phone, name: string) =>
    phone.page.screenshot({ path: testInfo.outputPath(`${name}.png`), fullPage: true })
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

  await test.step('three ask for calm days for Ceiba: she reads it first, from the first voice on, and nothing of hers ends', async () => {
    await ceiba.goes('Protocolo')
    const asks = async () => {
      await drago.goes('Colectivo')
      await drago.tap('Más sobre Ceiba')
      await drago.tap('Pedir una pausa cautelar')
      await drago.page.getByText('Un conflicto que pide calma').click()
      await drago.page.getByRole('dialog').getByText('Bruna').click()
      await picture(drago, 'caution-ask')
      await drago.tap('Pedir la pausa')
      await drago.tap('Pedir la pausa')
    }
    await asks()
    await ceiba.sees('Alguien pide una pausa cautelar para ti')
    await drago.tap('Quitar lo que dije')
    await expect(ceiba.page.getByText(/pausa cautelar/)).toHaveCount(0)
    await asks()
    for (const [phone, have] of [
      [alba, '1 de 3'],
      [bruna, '2 de 3'],
    ] as const) {
      await phone.goes('Colectivo')
      await phone.sees('Pausa cautelar para Ceiba')
      await phone.sees(have)
      if (phone === alba) await picture(alba, 'caution-card')
      await phone.tap('Yo también')
    }
    await ceiba.sees(/Estás en pausa cautelar hasta el .* Bruna te acompaña/)
    await picture(ceiba, 'caution-strip')
    await drago.sees(/en pausa cautelar hasta el/)
    await ceiba.goes('Colectivo')
    await ceiba.sees('Bruna te acompaña. Búscale cuando quieras.')
    await ceiba.sees(/Sigues leyendo y escribiendo el protocolo/)
    await expect(ceiba.button('Yo también')).toHaveCount(0)
    await picture(ceiba, 'caution-mine')
    await ceiba.writesArticle('Descanso', 'También se cuida quien cuida.')
    await drago.goes('Protocolo')
    await drago.sees('Descanso')
  })

  /** Alba’s next phone comes in through one she has, by codes that are typed; `voucher` vouches for it. */
  const adds = async (through: Phone, called: string, voucher: Phone, watching?: Phone): Promise<Phone> => {
    const added = await arrives(called)
    await added.tap(/^Unirme/)
    await added.choosesPhrase()
    await added.tap('Ya soy parte: sumar este teléfono')
    await added.field('Cómo se llama este teléfono').fill(called)
    await added.tap('Mostrar mi código')
    await added.tap('Seguir sin cámara')
    await through.goes('Colectivo')
    await through.tap('Sumar otro teléfono mío')
    await through.tap('Seguir sin cámara')
    for (const [phone, other] of [
      [through, added],
      [added, through],
    ] as const) {
      await phone.page
        .getByRole('textbox', { name: 'Código del otro teléfono' })
        .fill(await other.shownCode())
      await phone.tap('Usar este código')
    }
    await through.sees(`¿«${called}» es tu otro teléfono?`)
    await through.tap('Sí, pedir el aval')
    await watching?.sees('Alba pide sumar otro teléfono.')
    await voucher.goes('Colectivo')
    await voucher.sees('Alba pide sumar otro teléfono.')
    await voucher.tap('Dar mi aval')
    await added.tap('Entrar al cuaderno')
    await added.sees('Vamos siempre de a dos.')
    return added
  }

  const kitchen =
    await test.step('Alba adds a second phone by typing the codes: it stands on every screen, and Ceiba, who rests, vouches', async () => {
      await drago.goes('Protocolo')
      const kitchen = await adds(alba, 'El de la cocina', ceiba, drago)
      await ceiba.goes('Colectivo')
      await ceiba.sees('El de la cocina')
      await expect(ceiba.page.getByText('pide sumar otro teléfono')).toHaveCount(0)
      return kitchen
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
    await ceiba.tap('Revisar lo último que escribió')
    await ceiba.sees(/Esto sí cuenta|No hay cambios recientes/)
    await ceiba.page.keyboard.press('Escape')
  })

  await test.step('the lost phone itself: who paused it and why, it turns on nobody, keeps what it has, and erases itself only when told to', async () => {
    await drago.sees('Este teléfono está en pausa')
    await drago.tap(/Leer qué significa/)
    await drago.sees('La pausa la puso Ceiba. Avisó que se perdió.')
    await drago.sees(/Nadie puede borrarlo desde lejos/)
    await picture(drago, 'paused')
    for (const act of [/Perdí un teléfono/, /Poner en pausa/, /Dar mi aval/])
      await expect(drago.button(act)).toHaveCount(0)
    await drago.locks()
    await drago.unlocks()
    await drago.goes('Protocolo')
    await drago.sees('Vamos siempre de a dos.')
    await drago.goes('Colectivo')
    await drago.tap('Borrar lo de este teléfono')
    await drago.tap('Borrar todo de aquí')
    await drago.tap('Borrar todo de aquí')
    await drago.sees('Un cuaderno para cuidarnos')
    expect(
      await drago.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)),
    ).toEqual(['cuaderno'])
    expect((await drago.rows()).toString()).not.toContain('header')
    expect(await drago.page.evaluate(() => localStorage.length)).toBe(0)
    await alba.goes('Protocolo')
    await alba.sees('Vamos siempre de a dos.')
  })

  await test.step('whoever follows Bruna’s link hears “not yet”, from which day on, and no reason; a link nobody used is listed and withdrawn', async () => {
    const invites = async () => {
      await bruna.goes('Colectivo')
      await bruna.tap('Invitar a alguien')
      await bruna.tap('Está lejos')
      return bruna.field('Enlace para una persona').inputValue()
    }
    const link = await invites()
    await drago.page.goto('about:blank')
    await drago.page.goto(link)
    await drago.followsInvitation()
    expect(await bruna.words()).toBe(await drago.words())
    for (const phone of [bruna, drago]) await phone.tap('Son las mismas')
    await bruna.tap('Decir que todavía no')
    await bruna.tap('En una semana')
    await drago.sees('Por ahora todavía no. No dice nada de ti')
    await drago.sees(/Pueden volver a intentarlo desde el \d/)
    await picture(drago, 'not-yet')
    await bruna.sees('Nadie tuvo que dar una razón')
    await bruna.tap('Intentar otra vez')
    await bruna.tap('Está lejos')
    await expect(bruna.field('Enlace para una persona')).not.toHaveValue(link)
    await bruna.goes('Colectivo')
    await bruna.sees('Invitación abierta')
    await picture(bruna, 'open-invitation')
    await bruna.tap('Retirar la invitación')
    await expect(bruna.page.getByText('Invitación abierta')).toHaveCount(0)
    await ceiba.goes('Colectivo')
    await expect(ceiba.page.getByText(/quiere entrar/)).toHaveCount(0)
    // Whoever was put off is named there, and counted nowhere.
    await ceiba.sees('Colectivo de 4 personas')
    await picture(ceiba, 'put-off')
  })

  await test.step('Alba’s first phone is lost, too: on her other one, from the lock, two touches, the phrase, which one, and a hold', async () => {
    await kitchen.locks()
    await picture(kitchen, 'locked')
    const hands = await kitchen.counts()
    await kitchen.tap('Perdí un teléfono')
    await kitchen.tap('Ya tengo otro a la mano: avisar desde aquí')
    // The sheet that closes gives the focus back to what opened it: what is typed before that goes nowhere.
    await expect(kitchen.button('Perdí un teléfono')).toBeFocused()
    await kitchen.field('Frase').fill(Phone.passphrase)
    await kitchen.field('Frase').press('Enter')
    await kitchen.tap(/Teléfono de Alba/)
    await kitchen.sees(/«Este teléfono» entró por él, y queda en pausa también/)
    await picture(kitchen, 'lost-own')
    await kitchen.button(/Poner en pausa este teléfono/).click({ delay: 1600 })
    await kitchen.sees('Ese teléfono quedó en pausa')
    // The phrase is typed and no touch.
    expect((await hands()).touches).toBeLessThanOrEqual(4)
    await kitchen.tap('Listo')
    await alba.sees('Este teléfono está en pausa')
    // Whoever has the first could have brought in one of their own: nothing final stands upon this one yet.
    await kitchen.goes('Colectivo')
    await kitchen.sees(/Entró por otro teléfono tuyo que está en pausa/)
    await expect(kitchen.page.getByText(/Alguien escribe como si fuera/)).toHaveCount(0)
    await picture(kitchen, 'paused-with-it')
  })

  await test.step('the others, who hear her voice, retire the first and end the pause of her other one', async () => {
    const pauseOf = async (said: string) => {
      await bruna.goes('Colectivo')
      const row = bruna.page.getByRole('listitem').filter({ hasText: said }).last()
      await row.getByText('Más sobre esta pausa').click()
      return row
    }
    const first = await pauseOf('Lo pausó Alba')
    for (let i = 0; i < 2; i++) await first.getByRole('button', { name: /retirarlo para siempre/ }).click()
    await ceiba.goes('Colectivo')
    await ceiba.sees('Propuesta: retirar un teléfono de Alba')
    await picture(ceiba, 'retire')
    await ceiba.tap('Dar mi aval')
    await alba.sees('Este teléfono ya no es parte del colectivo', { within: 30_000 })
    await picture(alba, 'retired')
    const other = await pauseOf('El de la cocina')
    await picture(bruna, 'lift')
    await other.getByRole('button', { name: 'Proponer quitar la pausa' }).click()
    await ceiba.sees('Propuesta: quitar la pausa a un teléfono de Alba')
    await ceiba.tap('Dar mi aval')
    await expect(kitchen.page.getByText('Este teléfono está en pausa')).toHaveCount(0, { timeout: 30_000 })
  })

  await test.step('she goes on with the other, and a third comes in through it', async () => {
    await kitchen.writesArticle('El agua', 'Es de todas.')
    await ceiba.goes('Protocolo')
    await ceiba.sees('El agua')
    const third = await adds(kitchen, 'El del mercado', bruna)
    await third.sees('El agua')
    await third.goes('Colectivo')
    const mine = third.page.getByRole('listitem').filter({ hasText: 'Alba' }).first()
    for (const said of ['El de la cocina', 'El del mercado', 'Retirado'])
      await expect(mine).toContainText(said)
    await expect(mine).not.toContainText('En pausa')
    await picture(third, 'own-phones')
    // Nothing new reached what was lost.
    await expect(alba.page.getByText('El agua')).toHaveCount(0)
  })

  await test.step('calm days end by themselves: fifteen days later Ceiba reads nothing of them', async () => {
    await ceiba.goes('Colectivo')
    await ceiba.sees(/Estás en pausa cautelar hasta el/)
    await ceiba.sees('El del mercado')
    await ceiba.goes('Protocolo')
    await ceiba.page.evaluate(() => {
      const now = Date.now
      Date.now = () => now() + 15 * 86_400_000
    })
    await ceiba.goes('Colectivo')
    await ceiba.sees('Perdí un teléfono')
    await expect(ceiba.page.getByText(/pausa cautelar/)).toHaveCount(0)
  })

  await test.step('that Drago is part no more is put to all, more than half carry it, and what was his stays', async () => {
    await bruna.goes('Colectivo')
    await bruna.tap('Más sobre Drago')
    await bruna.tap('Proponer que deje de ser parte')
    await bruna.sees(/está en detención\? Esto no es para eso/)
    await picture(bruna, 'removal')
    for (let i = 0; i < 2; i++)
      await bruna.page
        .getByRole('dialog')
        .getByRole('button', { name: /^Proponerlo|Toca otra vez/ })
        .click()
    // Drago decides from the next agreement on: more than half of three are two.
    await kitchen.goes('Colectivo')
    await kitchen.sees('Propuesta: que Drago salga del colectivo')
    await kitchen.sees('1 de 2 avales')
    await kitchen.sees('Salir no borra lo que esa persona ya recibió.')
    const card = kitchen.page.getByRole('article').filter({ hasText: 'que Drago salga' })
    await card.getByRole('button', { name: 'Dar mi aval' }).click()
    for (const phone of [bruna, kitchen]) {
      const his = phone.page.getByRole('listitem').filter({ hasText: /^Drago\s+Fuera/ })
      await expect(his).toBeVisible({ timeout: 30_000 })
      await expect(phone.page.getByText('que Drago salga')).toHaveCount(0)
    }
    await kitchen.sees('Colectivo de 3 personas')
    await picture(kitchen, 'removed')
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
    await kitchen.goes('Colectivo')
    const hers = kitchen.page.getByRole('listitem').filter({ hasText: 'ya no está' }).first()
    await expect(hers).toContainText('Bruna', { timeout: 30_000 })
  })
  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])
})
