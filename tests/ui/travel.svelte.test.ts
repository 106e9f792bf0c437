import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { addArticle } from '../../src/lib/domain/articles.ts'
import { printedOf } from '../../src/lib/domain/printed.ts'
import TravelScreen from '../../src/lib/ui/travel/TravelScreen.svelte'
import { deviceId, memberId, PaperSession, PaperSpace, PaperWorkspace, PHRASE } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const valley = () => {
  const space = new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
  addArticle(space.doc.read(), { title: 'Retenes', kind: 'rule', text: 'Avisa antes a Tecolote.' })
  addArticle(space.doc.read(), { title: 'El agua', kind: 'principle', text: 'Es de todas.' })
  space.latest.set(
    ['Tecolote', 'Jícara'].map((name) => ({
      member: memberId(name),
      device: deviceId(`${name} phone`),
      upTo: name === 'Tecolote' ? 'all' : null,
    })),
  )
  return space
}
const show = (space = valley(), about: Staging = {}) =>
  stage(TravelScreen as never, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/viaje',
    title: 'Antes de un viaje',
    back: '/ajustes',
    ...about,
  })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const holds = async (name: string) => {
  await button(name).click()
  await button(name).click()
}

beforeEach(() => page.viewport(360, 740))

test('who has all that is mine is said first, and what nobody has yet', async () => {
  const space = valley()
  space.waiting.set(2)
  show(space)
  await expect.element(page.getByText('Tienen todo lo tuyo: Tecolote.')).toBeVisible()
  await expect.element(page.getByText('2 cambios están solo en este teléfono.')).toBeVisible()
  space.latest.set([])
  await expect.element(page.getByText(/Todavía no sabemos de nadie/)).toBeVisible()
  space.waiting.set(0)
  await expect.element(page.getByText(/no hay nada tuyo que falte/)).toBeVisible()
})

test('with nothing: until the last step one may turn back, and then everything is erased', async () => {
  const { session } = show()
  await button('Salir sin nada').click()
  await button('Volver sin cambiar nada').click()
  expect(session.asked).toEqual([])
  await button('Salir sin nada').click()
  await holds('Borrar y salir')
  expect(session.asked).toEqual(['erase, then go away'])
})

test('with little: the phrase of now is refused, an article may stay behind, and only the rest goes along', async () => {
  const { session } = show()
  await button('Salir con lo mínimo').click()
  await expect.element(page.getByText('Quedan 2 artículos')).toBeVisible()
  await expect.element(page.getByText('Un nombre en el texto va tapado.')).toBeVisible()
  await page.getByLabelText('Otra frase, para lo que queda').fill(PHRASE)
  await holds('Dejar solo esto y salir')
  await expect.element(page.getByText('Es la frase de ahora. Elige otra.')).toBeVisible()
  await page.getByText('Qué artículos van').click()
  await page.getByLabelText('Retenes').click()
  await expect.element(page.getByText('Queda un artículo')).toBeVisible()
  await page.getByLabelText('Otra frase, para lo que queda').fill('nueve tejas sobre la loma')
  await holds('Dejar solo esto y salir')
  await expect.poll(() => session.asked).toEqual(['go light with Retenes, El agua', 'go light with El agua'])
})

test.each([
  ['es', 'light'],
  ['en', 'dark'],
  ['ar', 'discreet'],
] as const)('no barrier before a journey, %s, %s, and nothing wider than the phone', async (locale, look) => {
  const { t } = show(valley(), { locale, look })
  await expectNoBarriers()
  await button(t('travel.little')).click()
  await page.getByText(t('travel.which')).click()
  await expectNoBarriers()
  await button(t('travel.back')).click()
  await button(t('travel.nothing')).click()
  await expectNoBarriers()
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
})

test.each([
  ['es', 'light'],
  ['es', 'dark'],
  ['en', 'discreet'],
  ['ar', 'light'],
] as const)(
  'no barrier on the sheet that stays for reading, %s, %s: not at any size of letters, nor where it is taken away',
  async (locale, look) => {
    const { printed } = printedOf(valley().doc.read())
    const session = new PaperSession(new PaperWorkspace(), { type: 'light', printed })
    const { t } = stage(null, { session, locale, look })
    await expect.element(page.getByText('Es de todas.')).toBeVisible()
    await expectNoBarriers()
    for (let i = 0; i < 3; i++) await button(t('light.larger')).click()
    await expect.element(button(t('light.larger'))).toHaveAttribute('aria-disabled', 'true')
    await expectNoBarriers()
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    await button(t('light.end')).click()
    await expectNoBarriers()
    await holds(t('light.endGo'))
    expect(session.asked).toEqual(['erase, then begin anew'])
  },
)
