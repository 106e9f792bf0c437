import { expect, test } from '@playwright/test'
import { Phone } from './phone.ts'

test('a second tab says kindly that the notebook is open elsewhere, and can take it over', async ({
  baseURL,
}) => {
  const alba = await Phone.of('Alba', baseURL!)
  try {
    await alba.lightsNotebook('Cuaderno')
    await alba.writesArticle('El agua', 'Es de todas.')
    const second = await alba.context.newPage()
    await second.goto(baseURL!)
    await expect(second.getByText('Está abierto en otra pestaña')).toBeVisible()
    await second.getByRole('button', { name: 'Usarlo aquí' }).click()
    // The first tab writes down what it had, and locks.
    await expect(
      alba.page.getByText('Está abierto en otra pestaña').or(alba.field('Frase')).first(),
    ).toBeVisible()
    await second.getByLabel('Frase', { exact: true }).fill(Phone.passphrase)
    await second.getByRole('button', { name: 'Abrir', exact: true }).click()
    await expect(second.getByText('Es de todas.').first()).toBeVisible()
  } finally {
    await alba.close()
    alba.forget()
  }
})

test('a wrong phrase opens nothing, and the right one still does', async ({ baseURL }) => {
  const alba = await Phone.of('Alba', baseURL!)
  try {
    await alba.lightsNotebook('Cuaderno')
    await alba.locks()
    await alba.field('Frase').fill('otras piedras lejos del fogon')
    await alba.tap('Abrir')
    await alba.sees('Esa frase no abre este cuaderno.')
    await alba.unlocks()
  } finally {
    await alba.close()
    alba.forget()
  }
})

test('where the browser has no locks, a guest is told that nothing is kept, and nothing is', async ({
  browser,
  baseURL,
}) => {
  const context = await browser.newContext({ locale: 'es-MX', viewport: { width: 360, height: 740 } })
  // As on a plain http page, where these are missing.
  await context.addInitScript(() => {
    delete (Navigator.prototype as { locks?: unknown }).locks
  })
  const page = await context.newPage()
  await page.goto(baseURL!)
  await expect(page.getByText('En este navegador no se guarda nada.').first()).toBeVisible()
  await page.getByRole('button', { name: /^Crear/ }).click()
  await page.getByLabel('Tu frase', { exact: true }).fill(Phone.passphrase)
  await page.getByRole('button', { name: 'Guardar mi frase' }).click()
  await page.getByLabel('Nombre del cuaderno', { exact: true }).fill('De paso')
  await page.getByLabel('Tu nombre', { exact: true }).fill('Alba')
  await page.getByRole('button', { name: 'Crear cuaderno' }).click()
  await expect(page.getByRole('button', { name: 'Escribir el primero' })).toBeVisible()
  // Inside too, and beside what is written.
  await expect(page.getByRole('button', { name: 'Solo en esta página' })).toBeVisible()
  await page.getByRole('button', { name: 'Escribir el primero' }).click()
  await page.getByLabel('Título', { exact: true }).fill('De paso')
  await expect(page.getByRole('main').getByText('Solo en esta página')).toBeVisible()
  await expect(page.getByText('Guardado aquí')).toHaveCount(0)
  await page.reload()
  await expect(page.getByText('En este navegador no se guarda nada.').first()).toBeVisible()
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([])
  await context.close()
})
