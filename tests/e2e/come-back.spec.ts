import { expect, test } from '@playwright/test'
import { closePhones, foundAt } from './founding.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []

test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

test('Ceiba loses her phone and comes back: Alba beside her, Bruna by the words, and the old phone is out', async ({
  baseURL,
}) => {
  test.setTimeout(300_000)
  const [alba, bruna, ceiba] = await test.step('Alba, Bruna and Ceiba found', () =>
    foundAt({ address: baseURL!, names: ['Alba', 'Bruna', 'Ceiba'], phones }))
  await ceiba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  await alba.goes('Protocolo')
  await alba.sees('Retenes')
  const pictures = (phone: Phone, name: string) =>
    phone.page.screenshot({ path: test.info().outputPath(`${name}.png`) })

  await test.step('before anything happens, Alba and Bruna rehearse, and nothing is asked of anybody', async () => {
    const words: string[] = []
    for (const phone of [alba, bruna]) {
      await phone.page.goto(`${baseURL!}#/volver/simulacro`)
      await phone.sees('Hoy se podría: hay 2 personas')
      await phone.sees('Harían falta 2 de 3 voces')
      await phone.tap('Practicar las palabras')
      words.push(await phone.words())
    }
    expect(words[0]).toBe(words[1])
    await pictures(bruna, 'rehearsal')
    await bruna.tap('Eran las mismas')
    await bruna.goes('Colectivo')
    await expect(bruna.page.getByText('Decisiones que esperan')).toHaveCount(0)
  })

  const fresh = await test.step('the new phone, from nothing', async () => {
    const fresh = await Phone.of('Ceiba otra vez', baseURL!)
    phones.push(fresh)
    await pictures(fresh, 'welcome')
    await fresh.tap('Ya soy parte de un colectivo: volver')
    await fresh.choosesPhrase()
    await fresh.sees('Más de la mitad está de acuerdo')
    await pictures(fresh, 'intro')
    await fresh.tap('Estoy con alguien de mi colectivo')
    await fresh.field('Cómo te llaman ahí').fill('Ceiba')
    await fresh.tap('Mostrar mi código')
    await fresh.tap('Seguir sin cámara')
    return fresh
  })

  await test.step('Alba chooses who it is, is told what ends, and both read each other’s codes', async () => {
    await alba.goes('Colectivo')
    await alba.tap('Invitar a alguien')
    await alba.tap('Alguien de aquí perdió sus teléfonos y vuelve')
    await alba.tap(/Ceiba/)
    await alba.sees('su teléfono de antes queda fuera')
    await pictures(alba, 'receive')
    await alba.tap('Está aquí conmigo')
    await alba.tap('Seguir sin cámara')
    for (const [phone, other] of [
      [alba, fresh],
      [fresh, alba],
    ] as const) {
      await phone.page
        .getByRole('textbox', { name: 'Código del otro teléfono' })
        .fill(await other.shownCode())
      await phone.tap('Usar este código')
    }
    await alba.sees('¿Es Ceiba y está aquí contigo?')
    await alba.tap('Sí, proponerlo')
    await fresh.sees('1 de 2 personas están de acuerdo')
    await fresh.sees('Todavía no responden: Bruna')
    await alba.sees('Ceiba espera la respuesta de todas')
  })

  const spoken = await test.step('the new phone locks and goes on waiting', async () => {
    const before = await fresh.words()
    await pictures(fresh, 'waiting')
    await fresh.page.reload()
    await fresh.field('Frase').fill(Phone.passphrase)
    await fresh.tap('Abrir')
    await fresh.sees('1 de 2 personas están de acuerdo', { within: 60_000 })
    expect(await fresh.words()).toEqual(before)
    return before
  })

  await test.step('Bruna is asked on every screen, hears the same words, and agrees', async () => {
    await bruna.goes('Protocolo')
    await bruna.sees('Ceiba pide volver con otro teléfono.')
    await bruna.goes('Colectivo')
    await bruna.sees('Alba comprobó en persona.')
    expect(await bruna.words()).toEqual(spoken)
    await pictures(bruna, 'approve')
    await bruna.tap('Reconocí su voz y leyó estas palabras')
  })

  await test.step('Ceiba is back with her name and her words; whoever has the old phone learns that it is out', async () => {
    await fresh.sees('Volviste', { within: 60_000 })
    await pictures(fresh, 'done')
    await fresh.tap('Entrar al cuaderno')
    await fresh.sees('Retenes')
    await fresh.goes('Colectivo')
    await fresh.sees('Alba')
    await ceiba.sees(/Ya no eres parte desde este teléfono|ya no es parte/, { within: 30_000 })
    await fresh.writesArticle('De vuelta', 'Con otro teléfono.')
    await bruna.goes('Protocolo')
    await bruna.sees('De vuelta')
    await expect(ceiba.page.getByText('De vuelta')).toHaveCount(0)
  })

  await test.step('Bruna forgot her phrase and is far away: Alba’s link, words over the phone, and Ceiba who sees her', async () => {
    await alba.goes('Colectivo')
    await alba.tap('Más sobre Bruna')
    await alba.tap('Vuelve con otro teléfono')
    await alba.tap('Está lejos: mandar un enlace')
    const link = await alba.field('Enlace para que vuelva').inputValue()
    const far = await Phone.of('Bruna de nuevo', link)
    phones.push(far)
    await far.sees('Tienes un enlace para volver.')
    await far.tap('Continuar')
    await far.choosesPhrase()
    await far.field('Cómo te llaman ahí').fill('Bruna')
    await far.tap('Seguir')
    expect(await far.words()).toBe(await alba.words())
    const row = alba.page.getByRole('listitem').filter({ hasText: 'Bruna' })
    await row.getByRole('button', { name: 'Son las mismas', exact: true }).click()
    await far.tap('Son las mismas')
    await far.sees('1 de 2 personas están de acuerdo')
    await fresh.goes('Colectivo')
    await fresh.sees('Alba reconoció la voz y las palabras.')
    expect(await fresh.words()).toBe(await far.words())
    await pictures(fresh, 'approve-again')
    await fresh.tap('Estoy a su lado y su pantalla dice lo mismo')
    await far.sees('Volviste', { within: 60_000 })
    await alba.sees('Bruna ya está de vuelta')
    await pictures(alba, 'received')
  })
  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])
})
