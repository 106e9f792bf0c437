import { expect, test } from '@playwright/test'
import { leaksIn } from './leaks.ts'
import { memoryOf, type Memory } from './memory.ts'
import { Phone } from './phone.ts'

const phones: Phone[] = []
/** Something of everything that Marea writes, and who she is. */
const WRITTEN = [
  'Casa Marea',
  'La puerta de atras',
  'Nadie sube solo',
  'Quien llega golpea',
  'Despues del apuro',
]
const OTHER_PHRASE = 'siete higueras detras del muro'
const WORDS = [...WRITTEN, Phone.passphrase, OTHER_PHRASE, 'Marealuna']

test.afterEach(async ({}, testInfo) => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus)
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
    await phone.close().catch(() => {})
    phone.forget()
  }
})

/** A page is itself as long as this stays in it. */
const marks = (phone: Phone) => phone.page.evaluate(() => void Object.assign(globalThis, { thisVeryPage: 1 }))
const isMarked = (phone: Phone) => phone.page.evaluate(() => 'thisVeryPage' in globalThis)

/** Nothing of it in anything that pages keep: databases, caches, small storages, cookies. */
const keepsNothingReadable = async (phone: Phone): Promise<void> => {
  expect(leaksIn(await phone.rows(), WORDS)).toEqual([])
  const cached = await phone.page.evaluate(async () => {
    const texts: string[] = []
    for (const name of await caches.keys()) {
      const cache = await caches.open(name)
      for (const request of await cache.keys())
        texts.push(request.url, await (await cache.match(request))!.text())
    }
    return texts.join('\n')
  })
  expect(leaksIn(Buffer.from(cached), WORDS)).toEqual([])
  expect(
    await phone.page.evaluate(() =>
      Object.keys(sessionStorage).filter((key) => !key.startsWith('sveltekit')),
    ),
  ).toEqual([])
  expect(await phone.context.cookies()).toEqual([])
  expect(await phone.page.evaluate(() => document.cookie)).toBe('')
}

/** Nor in any file of the browser: its history, what it kept for going back, and what it threw away, too. */
const leavesNothingOnDisk = (phone: Phone): void => {
  expect(phone.dump().length).toBeGreaterThan(100_000)
  for (const { path, bytes } of phone.files()) expect.soft(leaksIn(bytes, WORDS), path).toEqual([])
}

test('attacks 38, 40 and 44: a phone that is locked, left in a hurry, killed or erased keeps nothing that can be read, and AB1', async ({
  baseURL,
}, testInfo) => {
  test.setTimeout(300_000)
  const picture = (phone: Phone, name: string) =>
    phone.page.screenshot({ path: testInfo.outputPath(`${name}.png`) })
  let marea = await Phone.of('Marealuna', baseURL!)
  phones.push(marea)

  await test.step('before anything, Marea chooses what the app is called', async () => {
    await marea.tap('Nombre e icono')
    await marea.field('Recetas').click()
    await expect(marea.page).toHaveTitle('Recetas')
    await picture(marea, 'face')
    const manifest = await marea.page.evaluate(async () => {
      const { href } = document.querySelector<HTMLLinkElement>('link[rel=manifest]')!
      return { href, text: await (await fetch(href)).text() }
    })
    expect(JSON.parse(manifest.text)).toMatchObject({ name: 'Recetas', short_name: 'Recetas' })
    expect(manifest.text).not.toMatch(/lumbre/i)
    await marea.tap('Cerrar')
  })

  await test.step('a short PIN is told what it is worth; she takes a phrase', async () => {
    await marea.tap(/^Crear/)
    await marea.field('Tu frase').fill('12345')
    await marea.tap('Guardar mi frase')
    await marea.sees(/Si son solo números, seis o más/)
    await marea.field('Tu frase').fill('284617')
    await marea.sees(/adivina en minutos/)
    await marea.sees(/Un PIN frena a quien prueba con los dedos/)
    await expect(marea.page.getByText(/Si son solo números/)).toHaveCount(0)
    await picture(marea, 'pin')
    await marea.choosesPhrase()
    await marea.field('Nombre del cuaderno').fill('Casa Marea')
    await marea.field('Tu nombre').fill('Marealuna')
    await marea.tap('Crear cuaderno')
    await marea.writesArticle('La puerta de atras', 'Nadie sube solo.', 'Quien llega golpea dos veces.')
  })

  await test.step('attack 40: after a lock the page is a new one, no key can be reached in it, and no worker runs', async () => {
    const open = await memoryOf(marea.page)
    await marks(marea)
    await marea.locks()
    expect(await isMarked(marea)).toBe(false)
    expect(marea.page.workers()).toEqual([])
    await expect(marea.page).toHaveTitle('Recetas')
    await picture(marea, 'locked')
    const locked = await memoryOf(marea.page)
    await keepsNothingReadable(marea)
    await marea.unlocks()
    const again = await memoryOf(marea.page)
    // What is in the open notebook each time: the vault's key, the secrets of the device, those of the epochs, and ids.
    const kept = [...open.keyLikes].filter((bytes) => again.keyLikes.has(bytes))
    expect(kept.length).toBeGreaterThan(4)
    const among = ({ keyLikes, compiled }: Memory) =>
      kept.filter((bytes) => keyLikes.has(bytes) || compiled.includes(Buffer.from(bytes, 'hex')))
    expect(among(locked)).toEqual([])
    expect(among(again)).toEqual(kept)
    expect(locked.compiled.length).toBeGreaterThan(100_000)
  })

  await test.step('Shift three times: a blank note, and the way back leads to a closed door', async () => {
    await marea.opensArticle('La puerta de atras')
    await marea.writes(' Despues del apuro.')
    await marks(marea)
    for (let i = 0; i < 3; i++) await marea.page.keyboard.press('Shift')
    await marea.page.waitForURL(/\/nota\.html$/)
    await expect(marea.page).toHaveTitle('Notas')
    await picture(marea, 'left')
    expect(await isMarked(marea)).toBe(false)
    await keepsNothingReadable(marea)
    await marea.page.goBack()
    await expect(marea.field('Frase')).toBeVisible()
    expect(await isMarked(marea)).toBe(false)
    // It never erases, not even what was typed last.
    await marea.unlocks()
    await marea.sees(/Despues del apuro/)
  })

  await test.step('AB1: one tap closes it; no badge and no notification was ever asked for', async () => {
    await marea.tap('Salir ya')
    await marea.page.waitForURL(/\/nota\.html$/)
    expect(await marea.page.evaluate(() => Notification.permission)).not.toBe('granted')
    await marea.page.goto(baseURL!)
    await marea.unlocks()
  })

  await test.step('in the background the screen is empty, and it locks where she chose that', async () => {
    const goesToBackground = () =>
      marea.page.evaluate(() => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
        document.dispatchEvent(new Event('visibilitychange'))
        return getComputedStyle(document.body).visibility
      })
    expect(await goesToBackground()).toBe('hidden')
    await marea.page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'visible' })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await marea.tap('Ajustes')
    await marea.tap('Cerradura')
    await marea.field('Cerrar en seguida').click()
    await marea.field('1 min').click()
    await picture(marea, 'lock-rules')
    await goesToBackground()
    await expect(marea.field('Frase')).toBeVisible()
    await marea.unlocks()
    await marea.tap('Ajustes')
    await marea.tap('Cerradura')
    await expect(marea.field('Cerrar en seguida')).toBeChecked()
    await expect(marea.field('1 min')).toBeChecked()
  })

  await test.step('another notebook apart opens by its own phrase alone, and knows nothing of the first', async () => {
    await marea.tap('Cerrar con llave')
    await marea.tap('Otro cuaderno aparte')
    await picture(marea, 'profiles')
    await marea.tap('Empezar otro aparte')
    await marea.tap(/^Crear/)
    await marea.field('Tu frase').fill(OTHER_PHRASE)
    await marea.tap('Guardar mi frase')
    await marea.field('Nombre del cuaderno').fill('Recetas de mi abuela')
    await marea.field('Tu nombre').fill('Marea')
    await marea.tap('Crear cuaderno')
    await marea.sees('Escribir el primero')
    await marea.locks()
    await marea.field('Frase').fill(OTHER_PHRASE)
    await marea.tap('Abrir')
    await marea.sees('Esa frase no abre este cuaderno.')
    await marea.tap('Otro cuaderno aparte')
    await marea.tap('Ir al cuaderno 2')
    await marea.field('Frase').fill(OTHER_PHRASE)
    await marea.tap('Abrir')
    await marea.sees('Escribir el primero')
    await marea.locks()
    await marea.unlocks()
    await marea.sees('La puerta de atras')
  })

  await test.step('attack 40: killed right after a write, nothing in the clear lies on the disk, and it opens as it was', async () => {
    await marea.opensArticle('La puerta de atras')
    await marea.writes(' Quien llega golpea tres veces.')
    await marea.sees('Guardado aquí')
    await marea.dies()
    leavesNothingOnDisk(marea)
    marea = await marea.again(baseURL!)
    phones.splice(0, 1, marea)
    await marea.unlocks()
    await marea.sees('La puerta de atras')
    // And right after a lock.
    await marea.locks()
    await marea.dies()
    leavesNothingOnDisk(marea)
    marea = await marea.again(baseURL!)
    phones.splice(0, 1, marea)
    await marea.unlocks()
  })

  await test.step('attack 44: three taps and a held thumb erase this notebook, its key first; the other one stays', async () => {
    const front = await frontOf(marea)
    await marea.tap('Ajustes')
    await marea.tap('Borrar lo de este teléfono')
    await picture(marea, 'erase')
    await marea.tap('Borrar todo de aquí')
    await marea.tap('Borrar todo de aquí')
    await marea.page.waitForURL(/\/nota\.html$/)
    const databases = await marea.page.evaluate(async () =>
      (await indexedDB.databases()).map(({ name }) => name),
    )
    expect(databases).toEqual(['cuaderno-2'])
    await keepsNothingReadable(marea)
    expect((await marea.rows()).includes(front)).toBe(false)
  })

  await test.step('the other one erases itself after five wrong phrases, as she chose', async () => {
    await marea.page.goto(baseURL!)
    await marea.field('Frase').fill(OTHER_PHRASE)
    await marea.tap('Abrir')
    await marea.sees('Escribir el primero')
    await marea.tap('Ajustes')
    await marea.tap('Cerradura')
    await marea.field('Borrar tras 5').click()
    await marea.locks()
    const isGone = marea.page.getByText('Un cuaderno para cuidarnos')
    const left = ['Quedan 4', 'Quedan 3', 'Quedan 2', 'Queda un intento']
    for (const said of left) {
      await marea.field('Frase').fill('higueras de nadie')
      await marea.tap('Abrir')
      await marea.sees(new RegExp(said))
    }
    await picture(marea, 'one-left')
    await expect(async () => {
      if (await isGone.isVisible()) return
      await marea.field('Frase').fill('higueras de nadie', { timeout: 1000 })
      await marea.button('Abrir').click({ timeout: 1000 })
      await expect(isGone).toBeVisible({ timeout: 5000 })
    }).toPass({ timeout: 60_000 })
    expect((await marea.rows()).toString()).not.toContain('header')
    expect(await marea.page.evaluate(() => localStorage.length)).toBe(0)
    await marea.close()
    leavesNothingOnDisk(marea)
  })
})

/** The header of the first vault, as it lies in the clear. */
const frontOf = async (phone: Phone): Promise<Buffer> =>
  Buffer.from(
    await phone.page.evaluate(
      () =>
        new Promise<number[]>((resolve, reject) => {
          const opening = indexedDB.open('cuaderno')
          opening.onerror = () => reject(new Error('no database'))
          opening.onsuccess = () => {
            const asked = opening.result
              .transaction('z')
              .objectStore('z')
              .get('header') as IDBRequest<Uint8Array>
            asked.onsuccess = () => {
              opening.result.close()
              resolve([...asked.result])
            }
          }
        }),
    ),
  )
