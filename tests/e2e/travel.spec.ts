import { expect, test } from '@playwright/test'
import { closePhones, foundAt } from './founding.ts'
import { idsIn, leaksIn } from './leaks.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []
test.afterEach(({}, testInfo) => closePhones(phones, testInfo))

/** For the sheet that stays: none of its words is anybody’s. */
const LITTLE = 'nueve tejas sobre la loma'
/** What nobody is to find on a phone that went with little: people, the collective, the register, and what was written. */
const GONE = ['Albahaca', 'Brunilda', 'Ceibana', 'Las Tres Vertientes', 'Drones sobre la milpa']
const WRITTEN = ['Pasar el reten', 'Vamos siempre de a dos', 'avisa antes a']

const picture = async (phone: Phone, path: string): Promise<void> => {
  await phone.page.evaluate(() => document.documentElement.setAttribute('data-theme', 'light'))
  await phone.page.screenshot({ path: `${path}.png`, fullPage: true })
  await phone.page.evaluate(() => document.documentElement.setAttribute('data-theme', 'dark'))
  await phone.page.screenshot({ path: `${path}-dark.png`, fullPage: true })
  await phone.page.evaluate(() => document.documentElement.setAttribute('data-theme', 'light'))
}

test('before a checkpoint one leaves with the protocol alone, another with nothing, and the team keeps everything', async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(300_000)
  const [alba, bruna, ceiba] = await foundAt({
    address: baseURL!,
    names: ['Albahaca', 'Brunilda', 'Ceibana'],
    phones,
  })
  await ceiba.writesArticle('Pasar el reten', 'Vamos siempre de a dos.', 'Quien sale avisa antes a Brunilda.')
  await ceiba.addsThreat('Drones sobre la milpa')
  const ids = await ceiba.idsInMemory()
  await alba.goes('Registro')
  await alba.sees('Drones sobre la milpa')

  await test.step('Ceiba sees who has hers, and leaves with little: six touches and a new phrase', async () => {
    await ceiba.goes('Protocolo')
    await ceiba.tap('Ajustes')
    await ceiba.tap('Antes de un viaje')
    await ceiba.sees(/Tienen todo lo tuyo: .*(Albahaca|Brunilda)/)
    await picture(ceiba, testInfo.outputPath('before'))
    await ceiba.tap('Salir con lo mínimo')
    await ceiba.sees('Queda un artículo para leer')
    await ceiba.sees('Un nombre en el texto va tapado.')
    // The phrase of now would open what a browser leaves of the old slot.
    await ceiba.field('Otra frase, para lo que queda').fill(Phone.passphrase)
    await picture(ceiba, testInfo.outputPath('little'))
    await ceiba.tap('Dejar solo esto y salir')
    await ceiba.tap('Dejar solo esto y salir')
    await ceiba.sees('Es la frase de ahora. Elige otra.')
    // There is a way back, and nothing has happened.
    await ceiba.tap('Volver sin cambiar nada')
    await ceiba.goes('Registro')
    await ceiba.sees('Drones sobre la milpa')

    const again = await ceiba.counts()
    await ceiba.tap('Ajustes')
    await ceiba.tap('Antes de un viaje')
    await ceiba.tap('Salir con lo mínimo')
    await ceiba.field('Otra frase, para lo que queda').click()
    await ceiba.page.keyboard.type(LITTLE)
    await ceiba.tap('Dejar solo esto y salir')
    // The second tap is still to come.
    expect((await again()).touches).toBe(5)
    await ceiba.tap('Dejar solo esto y salir')
    await ceiba.page.waitForURL(/\/nota\.html$/)
  })

  await test.step('on its disk there is one sealed row, and not a word, id or key of the collective', async () => {
    const rows = await ceiba.rows()
    expect(leaksIn(rows, [...GONE, ...WRITTEN, LITTLE, Phone.passphrase])).toEqual([])
    for (const all of Object.values(ids)) expect(idsIn(rows, all)).toEqual([])
    expect(await countRows(ceiba)).toEqual({ clear: ['header'], sealed: 1 })
    expect(await ceiba.page.evaluate(async () => (await indexedDB.databases()).length)).toBe(1)
  })

  await test.step('the old phrase opens nothing; the new one a page to read, which says nothing else', async () => {
    await ceiba.page.goto(baseURL!)
    await ceiba.field('Frase').fill(Phone.passphrase)
    await ceiba.tap('Abrir')
    await ceiba.sees('Esa frase no abre este cuaderno.')
    await ceiba.field('Frase').fill(LITTLE)
    await ceiba.tap('Abrir')
    await ceiba.sees('Vamos siempre de a dos.')
    await ceiba.sees('Quien sale avisa antes a ···.')
    await expect(ceiba.page).toHaveTitle('Cuaderno')
    const said = await ceiba.page.locator('body').innerText()
    for (const word of GONE) expect(said).not.toContain(word)
    // No sections, no status, nobody to share with.
    for (const name of ['Protocolo', 'Registro', 'Colectivo', 'Ajustes'])
      await expect(ceiba.page.getByRole('link', { name })).toHaveCount(0)
    const small = await textSize(ceiba)
    await ceiba.tap(/letra más grande/)
    expect(await textSize(ceiba)).toBeGreaterThan(small)
    await picture(ceiba, testInfo.outputPath('light'))
    for (const all of Object.values(await ceiba.idsInMemory())) expect(all).toEqual([])
    await ceiba.tap('Cerrar con llave')
    await expect(ceiba.field('Frase')).toBeVisible()
  })

  await test.step('back home the sheet is taken away, and the phone is as new', async () => {
    await ceiba.field('Frase').fill(LITTLE)
    await ceiba.tap('Abrir')
    await ceiba.tap('Quitar esta hoja')
    await ceiba.tap('Borrar esta hoja')
    await ceiba.tap('Borrar esta hoja')
    await ceiba.sees('Un cuaderno para cuidarnos')
  })

  await test.step('Bruna leaves with nothing: five touches, or four where the last is held', async () => {
    await bruna.goes('Registro')
    const hands = await bruna.counts()
    await bruna.tap('Ajustes')
    await bruna.tap('Antes de un viaje')
    await bruna.tap('Salir sin nada')
    await bruna.sees('Sigues siendo parte, con tu nombre y tu voz.')
    await picture(bruna, testInfo.outputPath('nothing'))
    await bruna.tap('Borrar y salir')
    expect((await hands()).touches).toBe(4)
    await bruna.tap('Borrar y salir')
    await bruna.page.waitForURL(/\/nota\.html$/)
    const rows = await bruna.rows()
    expect(leaksIn(rows, [...GONE, ...WRITTEN, Phone.passphrase])).toEqual([])
    for (const all of Object.values(ids)) expect(idsIn(rows, all)).toEqual([])
    expect(await bruna.page.evaluate(() => localStorage.length)).toBe(0)
  })

  await test.step('nobody was put out by it, and nothing is lost', async () => {
    await alba.goes('Colectivo')
    for (const name of ['Brunilda', 'Ceibana']) await alba.sees(name)
    await expect(alba.page.getByText(/en pausa|ya no está/i)).toHaveCount(0)
    await alba.goes('Protocolo')
    await alba.sees('Quien sale avisa antes a Brunilda.')
  })
  expect(phones.flatMap(({ complaints }) => complaints)).toEqual([])

  await test.step('and no file of either browser says a word of it', async () => {
    for (const phone of [ceiba, bruna]) {
      await phone.close()
      for (const { path, bytes } of phone.files())
        expect.soft(leaksIn(bytes, [...GONE, ...WRITTEN, LITTLE, Phone.passphrase]), path).toEqual([])
    }
  })
})

/** What of the first vault lies in the clear, and how many sealed rows there are. */
const countRows = (phone: Phone) =>
  phone.page.evaluate(async () => {
    const asked = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(new Error('unreadable'))
      })
    const db = await asked(indexedDB.open('cuaderno'))
    let sealed = 0
    let clear: IDBValidKey[] = []
    for (const store of db.objectStoreNames) {
      const rows = db.transaction(store).objectStore(store)
      if (store === 'z') clear = await asked(rows.getAllKeys())
      else sealed += await asked(rows.count())
    }
    db.close()
    return { clear, sealed }
  })

const textSize = (phone: Phone) =>
  phone.page
    .getByText('Vamos siempre de a dos.')
    .evaluate((element) => parseFloat(getComputedStyle(element).fontSize))

/** Every page there is, by the name a person would not see. */
const PAGES = [
  '/protocolo',
  '/registro',
  '/colectivo',
  '/colectivo/apartado',
  '/ajustes',
  '/ajustes/llave',
  '/ajustes/paso',
  '/ayuda',
  '/encuentro',
  '/fundar',
  '/invitar',
  '/otro-telefono',
  '/perdido',
  '/unirme',
  '/viaje',
]

test('AB6: quitting the app on Jueves’s phone leaves no readable notification, title or address', async ({
  baseURL,
}) => {
  test.setTimeout(180_000)
  const jueves = await Phone.of('Juevesluna', baseURL!)
  phones.push(jueves)
  // Whatever a page could use to be noticed outside of itself is watched from the first moment on.
  await jueves.context.addInitScript(() => {
    const loud: string[] = []
    Object.assign(globalThis, { loud })
    const watch = (owner: object | undefined, name: string) => {
      if (owner && name in owner)
        Object.defineProperty(owner, name, { get: () => (loud.push(name), undefined), configurable: true })
    }
    watch(globalThis, 'Notification')
    watch(globalThis, 'PushManager')
    watch(Navigator.prototype, 'setAppBadge')
    watch(Navigator.prototype, 'vibrate')
    watch(Navigator.prototype, 'mediaSession')
    watch(ServiceWorkerRegistration.prototype, 'showNotification')
    watch(ServiceWorkerRegistration.prototype, 'pushManager')
  })
  await jueves.page.reload()
  await jueves.lightsNotebook('Casa Jueves')
  await jueves.writesArticle('La ventana de atras', 'Nadie abre de noche.')
  await jueves.addsThreat('Patrulla en la esquina')
  await jueves.opensArticle('La ventana de atras')
  const titles = new Set<string>()
  for (const path of PAGES) {
    const before = jueves.page.url()
    // As its own links do.
    await jueves.page.evaluate((to) => {
      const link = document.createElement('a')
      link.href = `#${to}`
      document.getElementById('app')!.append(link)
      link.click()
      link.remove()
    }, path)
    await expect(jueves.page).not.toHaveURL(before)
    await expect(jueves.page).toHaveURL(/#\/\d{6}$/)
    await expect(jueves.page.locator('h1').first()).toBeVisible()
    titles.add(await jueves.page.title())
  }
  expect([...titles]).toEqual(['Cuaderno'])

  await test.step('back and forward lead where they led', async () => {
    await jueves.goes('Protocolo')
    await jueves.page.getByRole('link', { name: 'La ventana de atras' }).first().click()
    await expect(jueves.button('Escribir')).toBeVisible()
    await jueves.page.goBack()
    await expect(jueves.page.getByRole('heading', { level: 1, name: 'Protocolo' })).toBeVisible()
    await jueves.page.goForward()
    await expect(jueves.button('Escribir')).toBeVisible()
  })
  await test.step('an address of a page that is gone leads to the start', async () => {
    const address = jueves.page.url()
    await jueves.locks()
    await jueves.page.goto(address)
    await jueves.unlocks()
    await jueves.sees('Nadie abre de noche.')
  })
  await jueves.tap('Salir ya')
  await jueves.page.waitForURL(/\/nota\.html$/)
  expect(await jueves.page.evaluate(() => (globalThis as unknown as { loud: string[] }).loud)).toEqual([])
  await jueves.page.goto(baseURL!)
  expect(await jueves.page.evaluate(() => (globalThis as unknown as { loud: string[] }).loud)).toEqual([])
  expect(
    await jueves.page.evaluate(() => navigator.serviceWorker.ready.then((it) => it.getNotifications())),
  ).toEqual([])
  expect(jueves.complaints).toEqual([])
  await jueves.close()

  // The browser's own notes of where it was: databases of its history, and what it would open again.
  const notes = jueves
    .files()
    .filter(({ path }) => /History|Session|Tabs|Favicons|Shortcuts|Visited/.test(path))
  expect(notes.length).toBeGreaterThan(1)
  // They do note where it was: numbers.
  expect(notes.some(({ bytes }) => /127\.0\.0\.1:\d+\/#\/\d{6}/.test(bytes.toString('latin1')))).toBe(true)
  for (const { path, bytes } of notes) {
    const said = PAGES.filter(
      (page) => bytes.includes(`#${page}`) || bytes.includes(Buffer.from(`#${page}`, 'utf16le')),
    )
    expect.soft(said, path).toEqual([])
    expect
      .soft(leaksIn(bytes, ['Casa Jueves', 'La ventana de atras', 'Patrulla en la esquina']), path)
      .toEqual([])
  }
})
