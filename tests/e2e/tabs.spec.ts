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
