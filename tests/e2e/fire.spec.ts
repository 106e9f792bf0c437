import { expect, test } from '@playwright/test'
import { hubTraffic, idsIn, leaksIn } from './leaks.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []

test.afterEach(async ({}, testInfo) => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus)
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
    await phone.close()
    phone.forget()
  }
})

/** The whole main job, with four phones. */
test('three found a collective, a fourth joins, all write, and a lost phone is shut out', async ({
  baseURL,
}) => {
  test.setTimeout(240_000)
  const arrives = async (name: string, address = baseURL!) => {
    const phone = await Phone.of(name, address)
    phones.push(phone)
    return phone
  }

  await test.step('Alba lights a notebook and writes an article', async () => {
    const alba = await arrives('Alba')
    await alba.lightsNotebook('Cuaderno de Alba')
    await alba.writesArticle('El agua', 'Defendemos el agua como un solo cuerpo.', 'Uno.', 'Dos.', 'Tres.')
  })
  const [alba] = phones as [Phone]

  await test.step('Alba, Bruna and Ceiba found Las Tres Vertientes by link and words', async () => {
    await alba.goes('Colectivo')
    await alba.tap('Fundar un colectivo')
    await alba.field('Nombre del colectivo').fill('Las Tres Vertientes')
    await alba.tap('Empezar')
    const link = await alba.field('Enlace para tu equipo').inputValue()
    for (const name of ['Bruna', 'Ceiba']) {
      const guest = await arrives(name, link)
      await guest.followsInvitation()
      const read = await guest.words()
      const row = alba.page.getByRole('listitem').filter({ hasText: name })
      await expect(row).toBeVisible()
      for (const word of read.split(' ')) await expect(row).toContainText(word)
      await row.getByRole('button', { name: 'Son las mismas', exact: true }).click()
      await guest.tap('Son las mismas')
    }
    await alba.tap('Ya estamos todas las personas')
    const words = await Promise.all(phones.map((phone) => phone.words()))
    expect(new Set(words).size).toBe(1)
    for (const phone of phones) await phone.tap('Son las mismas, firmar')
    await alba.tap('Ir al protocolo')
    for (const guest of phones.slice(1)) await guest.tap('Entrar al cuaderno')
    for (const phone of phones) {
      await phone.goes('Protocolo')
      await phone.sees('Las Tres Vertientes')
      await phone.sees('Defendemos el agua como un solo cuerpo.')
    }
  })
  const [, bruna, ceiba] = phones as [Phone, Phone, Phone]

  await test.step('each adds a threat, and two edit different fields of one at once', async () => {
    const titles = ['Corte de agua', 'Rumores contra las mujeres', 'Vigilancia en el camino']
    for (const [i, phone] of phones.entries()) await phone.addsThreat(titles[i]!)
    for (const phone of phones) for (const title of titles) await phone.sees(title)
    for (const phone of [bruna, ceiba])
      await phone.page.getByRole('link', { name: 'Corte de agua' }).first().click()
    await Promise.all([
      bruna.field('Qué pasa').fill('Cierran la llave por las noches'),
      ceiba.field('A quiénes golpea más').fill('Familias de la loma'),
    ])
    await bruna.field('Qué pasa').blur()
    await ceiba.field('A quiénes golpea más').blur()
    await expect(ceiba.field('Qué pasa')).toHaveValue('Cierran la llave por las noches')
    await expect(bruna.field('A quiénes golpea más')).toHaveValue('Familias de la loma')
  })

  await test.step('Drago joins with two vouchers', async () => {
    await alba.goes('Colectivo')
    await alba.tap('Invitar a alguien')
    await alba.tap('Crear enlace')
    const link = await alba.field('Enlace para una persona').inputValue()
    const drago = await arrives('Drago', link)
    await drago.followsInvitation()
    const read = await drago.words()
    expect(await alba.words()).toBe(read)
    await alba.tap('Son las mismas')
    await drago.tap('Son las mismas')
    await alba.sees('1 de 2 avales')
    await bruna.goes('Colectivo')
    await bruna.sees('Drago quiere entrar')
    await bruna.tap('Dar mi aval')
    await drago.tap('Entrar al cuaderno')
    await drago.goes('Protocolo')
    await drago.sees('Defendemos el agua como un solo cuerpo.')
    await drago.goes('Registro')
    await drago.sees('Vigilancia en el camino')
  })
  const [, , , drago] = phones as [Phone, Phone, Phone, Phone]

  await test.step('all type at once and see each other’s cursors', async () => {
    for (const phone of phones) await phone.opensArticle('El agua')
    // Each in their own place, as at a table; then all at once.
    for (const [i, phone] of phones.entries()) await phone.putsCursorIn(i)
    for (const phone of phones) await expect(phone.page.locator('.remote-cursor')).toHaveCount(3)
    await Promise.all(phones.map((phone) => phone.page.keyboard.type(` ${phone.name} escribe aquí.`)))
    await allEqual(phones, ...phones.map(({ name }) => `${name} escribe aquí.`))
    for (const phone of phones) await expect(phone.page.locator('.remote-cursor')).toHaveCount(3)
  })

  await test.step('Drago loses the network, writes on, comes back, and all are equal', async () => {
    await drago.network('gone')
    await drago.writesIn(3, ' Desde el cerro sin señal.')
    await alba.writesIn(0, ' Mientras tanto en el pueblo.')
    await expect.poll(() => ceiba.reads()).toContain('Mientras tanto en el pueblo.')
    expect(await drago.reads()).not.toContain('Mientras tanto')
    await drago.network('there')
    await allEqual(phones, 'Desde el cerro sin señal.', 'Mientras tanto en el pueblo.')
  })

  await test.step('a text of a megabyte that Alba pastes reaches everybody', async () => {
    const long = `${'Cada quien cuida a quien tiene al lado. '.repeat(26_000)}Fin del texto largo.`
    expect(long.length).toBeGreaterThan(1_000_000)
    await alba.pastes(long)
    await allEqual(phones, 'Fin del texto largo.')
  })

  await test.step('Bruna suspends Drago’s phone: within a second nothing new reaches it', async () => {
    await drago.addsArticle('De Drago')
    await alba.addsArticle('Entre nosotras')
    await ceiba.goes('Protocolo')
    await ceiba.sees('Entre nosotras')
    await bruna.goes('Colectivo')
    await bruna.tap('Perdí un teléfono')
    await bruna.tap(/Teléfono de Drago/)
    await bruna.tap(/Poner en pausa este teléfono/)
    await bruna.tap(/Poner en pausa este teléfono|Toca otra vez/)
    await bruna.sees('Ese teléfono quedó en pausa')
    const since = Date.now()
    await drago.sees(/en pausa/)
    expect(Date.now() - since).toBeLessThan(1000)
    await bruna.tap('Listo')
    // Nobody's typing paused: Alba's editor is the same one, and goes on.
    await alba.writes('Esto ya no es para Drago.')
    await drago.writes('Palabras de un teléfono robado.')
    for (const phone of [bruna, ceiba]) {
      await phone.goes('Protocolo')
      await phone.sees('Esto ya no es para Drago.')
      await phone.goes('Colectivo')
      await phone.sees(/apartado/)
      await phone.goes('Protocolo')
      await expect(phone.page.getByText('Palabras de un teléfono robado')).toHaveCount(0)
    }
    expect(await drago.reads()).toContain('Palabras de un teléfono robado.')
    await drago.goes('Protocolo')
    await expect(drago.page.getByText('Esto ya no es para Drago')).toHaveCount(0)
  })

  await test.step('what was set aside is brought back by hand', async () => {
    await ceiba.goes('Colectivo')
    await ceiba.page
      .getByRole('link', { name: /apartado/ })
      .first()
      .click()
    await ceiba.sees('Palabras de un teléfono robado.')
    await ceiba.tap('Traer de vuelta')
    await alba.goes('Protocolo')
    await alba.sees('Palabras de un teléfono robado.')
  })

  await test.step('lock, reload, unlock: everything is there', async () => {
    await alba.locks()
    await alba.page.reload()
    await alba.unlocks()
    await alba.goes('Protocolo')
    await alba.sees('Esto ya no es para Drago.')
    await alba.goes('Registro')
    await alba.sees('Corte de agua')
  })

  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])

  await test.step('no disk and no byte through the hub says what was written, by whom, or where', async () => {
    const ids = await ceiba.idsInMemory()
    expect(ids.length).toBeGreaterThan(12)
    const words = [
      ...[
        'Las Tres Vertientes',
        'Defendemos el agua',
        'escribe aquí',
        'Cada quien cuida a quien',
        'Cuidar el agua',
      ],
      ...[
        'Corte de agua',
        'Rumores contra',
        'Familias de la loma',
        'Palabras de un teléfono',
        'Cuaderno de Alba',
      ],
      ...phones.map(({ name }) => name),
    ]
    for (const phone of phones) {
      await phone.close()
      expect(phone.dump().length).toBeGreaterThan(100_000)
      for (const { path, bytes } of phone.files()) {
        expect.soft(leaksIn(bytes, words), `${phone.name}: ${path}`).toEqual([])
        expect.soft(idsIn(bytes, ids), `${phone.name}: ${path}`).toEqual([])
      }
    }
    expect.soft(leaksIn(hubTraffic(), words)).toEqual([])
    expect.soft(idsIn(hubTraffic(), ids)).toEqual([])
  })
})

test('the search for leaks finds what is planted on a disk and sent through the hub', async ({ baseURL }) => {
  const phone = await Phone.of('Control', baseURL!)
  phones.push(phone)
  const words = 'Sembrado para ser hallado'
  const id = 'c0ffee'.repeat(10) + 'c0ff'
  await phone.plants(words, id)
  await phone.close()
  const disk = phone.dump()
  expect(leaksIn(disk, [words])).toEqual([words])
  expect(idsIn(disk, [id])).toEqual([id])
  await expect.poll(() => leaksIn(hubTraffic(), [words])).toEqual([words])
  expect(idsIn(hubTraffic(), [id])).toEqual([id])
})

/** All show the same text, and these words are in it. */
const allEqual = async (phones: readonly Phone[], ...words: readonly string[]): Promise<void> => {
  await expect
    .poll(
      async () => {
        const texts = await Promise.all(phones.map((phone) => phone.reads()))
        return new Set(texts).size === 1 && words.every((word) => texts[0]!.includes(word))
      },
      { timeout: 45_000 },
    )
    .toBe(true)
}
