import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { addArticle } from '../../src/lib/domain/articles.ts'
import { addThreat, threats } from '../../src/lib/domain/threats.ts'
import ArticleScreen from '../../src/lib/ui/protocol/ArticleScreen.svelte'
import RegisterScreen from '../../src/lib/ui/register/RegisterScreen.svelte'
import ThreatScreen from '../../src/lib/ui/register/ThreatScreen.svelte'
import { barriers, paperSpace, show } from './protocol/stage.ts'

vi.setConfig({ testTimeout: 15_000 })

beforeEach(() => page.viewport(360, 740))
afterEach(() => {
  location.hash = ''
})

const warning = (words: string) => page.getByText(words, { exact: false })

test('Ana writes a phone number into a threat: she is told why not, leaves it, and is not told again', async () => {
  const space = paperSpace()
  const id = addThreat(space.doc.read(), { title: 'Llamadas de noche' })
  show(ThreatScreen, { space, id, path: '/registro' })
  const field = page.getByRole('textbox', { name: 'De dónde viene', exact: true })
  await field.fill('Llaman desde el 300 123 4567')
  await expect.element(warning('Esto parece un número de teléfono: «300 123 4567».')).toBeVisible()
  await expect.element(warning('Quien abra un solo teléfono del equipo')).toBeVisible()
  expect(await barriers()).toEqual([])
  await page.getByRole('button', { name: 'Dejarlo así' }).click()
  await expect.element(warning('número de teléfono')).not.toBeInTheDocument()
  await field.fill('Llaman desde el 300 123 4567, cada noche')
  await expect.poll(() => threats(space.doc.read()).read()[0]!.from).toContain('cada noche')
  await expect.element(warning('número de teléfono')).not.toBeInTheDocument()
  // Another one is another matter.
  await field.fill('Llaman desde el 300 123 4567 y el 311 987 6543')
  await expect.element(warning('«311 987 6543»')).toBeVisible()
})

test('an address in a title is named before the threat is added, and may be added all the same', async () => {
  const space = paperSpace()
  show(RegisterScreen, { space, path: '/registro' })
  await page.getByRole('textbox', { name: '¿Qué les amenaza?', exact: true }).fill('Vigilan la Calle Luna 14')
  await expect.element(warning('Esto parece una dirección: «Calle Luna 14».')).toBeVisible()
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => threats(space.doc.read()).read()[0]?.title).toBe('Vigilan la Calle Luna 14')
})

test('an e-mail address in an article is named, and a picture does not go in', async () => {
  const space = paperSpace()
  const id = addArticle(space.doc.read(), { title: 'Avisos', kind: 'rule' })
  show(ArticleScreen, { space, id, path: '/protocolo' })
  await page.getByRole('button', { name: 'Escribir', exact: true }).click()
  const text = page.getByRole('textbox', { name: 'Avisos' })
  await text.click()
  await userEvent.keyboard('Avisen a rosa@correo.example')
  await expect.element(warning('«rosa@correo.example»')).toBeVisible()
  const files = new DataTransfer()
  files.items.add(new File([Uint8Array.of(1)], 'casa.jpg', { type: 'image/jpeg' }))
  const drop = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: files })
  text.element().dispatchEvent(drop)
  await expect.element(warning('Las fotos no entran aquí.')).toBeVisible()
  expect(drop.defaultPrevented).toBe(true)
  expect(text.element().querySelector('img')).toBeNull()
})

test('what a protocol says every day is warned of by nobody', async () => {
  const space = paperSpace()
  const id = addThreat(space.doc.read(), { title: 'Llamadas de noche' })
  show(ThreatScreen, { space, id, path: '/registro' })
  await page
    .getByRole('textbox', { name: 'De dónde viene', exact: true })
    .fill('Desde el 2026-11-01, 12 veces; pidieron $ 2.000.000')
  await expect.poll(() => threats(space.doc.read()).read()[0]!.from).toContain('pidieron')
  expect(page.getByRole('button', { name: 'Dejarlo así' }).elements()).toEqual([])
})
