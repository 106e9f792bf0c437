import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import CreateNotebook from '../../src/lib/ui/doors/CreateNotebook.svelte'
import { markOf, PaperSession, PaperWorkspace, PHRASE } from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

const locked = () => new PaperSession(new PaperWorkspace(), { type: 'locked', mark: markOf('vault') })
const fresh = (about: { readonly guest?: boolean } = {}) =>
  new PaperSession(new PaperWorkspace(), { type: 'fresh', guest: about.guest ?? false, others: false })

const button = (name: string | RegExp) => page.getByRole('button', { name })

beforeEach(() => page.viewport(360, 740))

test('while the app is still loading there is nothing to tell whether this phone holds anything', async () => {
  stage(null, { session: new PaperSession(new PaperWorkspace(), { type: 'starting' }) })
  await expect.element(page.getByRole('status')).toHaveTextContent('Abriendo…')
  expect(page.getByRole('textbox').elements()).toHaveLength(0)
})

test('Ana opens her notebook with her phrase and the Enter key', async () => {
  const { session } = stage(null, { session: locked() })
  await page.getByLabelText('Frase').fill(PHRASE)
  await userEvent.keyboard('{Enter}')
  await expect.poll(() => session.phase.read().type).toBe('open')
})

test('the phrase takes the keyboard at once, is hidden, and can be shown', async () => {
  stage(null, { session: locked() })
  const field = page.getByLabelText('Frase')
  await expect.element(field).toHaveFocus()
  await expect.element(field).toHaveAttribute('type', 'password')
  await button('Mostrar').click()
  await expect.element(field).toHaveAttribute('type', 'text')
})

test('a wrong phrase is not blamed on anybody, and another try is offered', async () => {
  const { session, t } = stage(null, { session: locked() })
  await page.getByLabelText('Frase').fill('otra frase')
  await button('Abrir').click()
  await expect.element(page.getByRole('alert')).toHaveTextContent(t('problem.WrongPassphrase'))
  await page.getByLabelText('Frase').fill(PHRASE)
  await button('Abrir').click()
  await expect.poll(() => session.phase.read().type).toBe('open')
})

test('whoever touches “open” with nothing typed has not tried: no try is counted for it', async () => {
  const { session } = stage(null, { session: locked() })
  await button('Abrir').click()
  await userEvent.keyboard('{Enter}')
  expect(session.asked).toEqual([])
  await page.getByLabelText('Frase').fill(PHRASE)
  await button('Abrir').click()
  await expect.poll(() => session.asked).toEqual(['unlock'])
})

test('after many tries the wait is counted down, and nothing is tried meanwhile', async () => {
  const session = locked()
  session.waits = 30_000
  stage(null, { session })
  await page.getByLabelText('Frase').fill('otra frase')
  await button('Abrir').click()
  await expect.element(page.getByText('Puedes intentar otra vez en 30 s.')).toBeVisible()
  await expect.element(page.getByText('Puedes intentar otra vez en 29 s.')).toBeVisible()
  const before = session.asked.length
  await userEvent.keyboard('{Enter}')
  expect(session.asked).toHaveLength(before)
})

test('whoever lost a phone finds what to do before anything is open', async () => {
  const { t } = stage(null, { session: locked() })
  await button('Perdí un teléfono').click()
  for (const line of ['lock.lostOther', 'lock.lostTeam', 'lock.lostThen'] as const)
    await expect.element(page.getByText(t(line))).toBeVisible()
})

test('whoever says so from here is back where the sheet was opened, with the keyboard too', async () => {
  const { t, went } = stage(null, { session: locked() })
  await button(t('lock.lost')).click()
  await button(t('lost.here')).click()
  expect(went).toEqual(['/perdido'])
  await expect.element(button(t('lock.lost'))).toHaveFocus()
})

test('the closed notebook shows no name of its own', async () => {
  stage(null, { session: locked() })
  await expect.element(page.getByRole('heading', { level: 1 })).toHaveTextContent('Cuaderno')
})

test('another tab has it: it can be taken over here', async () => {
  const { session } = stage(null, {
    session: new PaperSession(new PaperWorkspace(), { type: 'elsewhere', mark: markOf('vault') }),
  })
  await button('Usarlo aquí').click()
  expect(session.asked).toEqual(['take over'])
})

test('Bea begins: what she wants, a phrase, and she is on her way', async () => {
  const { session, went } = stage(null, { session: fresh() })
  await button('Crear').click()
  await page.getByLabelText('Tu frase').fill(PHRASE)
  await button('Guardar mi frase').click()
  await expect.poll(() => session.phase.read().type).toBe('open')
  expect(went).toEqual(['/'])
})

test('whoever came to join goes on to the link', async () => {
  const { went } = stage(null, { session: fresh() })
  await button('Unirme').click()
  await page.getByLabelText('Tu frase').fill(PHRASE)
  await button('Guardar mi frase').click()
  await expect.poll(() => went).toEqual(['/unirme'])
})

test('with an invitation in hand there is one way, and it says so', async () => {
  const { home, t } = stage(null, { session: fresh() })
  home.link = 'http://localhost/#/unirme?c=AAECAwQFBgcICQoLDA0ODw'
  await expect.element(page.getByText(t('welcome.invited'))).toBeVisible()
  expect(button('Crear').elements()).toHaveLength(0)
})

test('a phrase too short is refused in words, and nothing is made', async () => {
  const { session, t } = stage(null, { session: fresh() })
  await button('Crear').click()
  await page.getByLabelText('Tu frase').fill('corta')
  await button('Guardar mi frase').click()
  await expect.element(page.getByRole('alert')).toHaveTextContent(t('problem.PassphraseTooShort'))
  expect(session.phase.read().type).toBe('fresh')
})

test('a page that keeps nothing says so before anything is written, and again at the phrase', async () => {
  const { t } = stage(null, { session: fresh({ guest: true }) })
  await expect.element(page.getByText(t('welcome.guest'))).toBeVisible()
  await button('Crear').click()
  await expect.element(page.getByText(t('vault.noteGuest'))).toBeVisible()
})

test('the language changes at the door, for every word on it', async () => {
  stage(null, { session: fresh() })
  await page.getByText('English').click()
  await expect.element(button('Create')).toBeVisible()
  await page.getByText('Español').click()
  await expect.element(button('Crear')).toBeVisible()
})

test('Ana lights a notebook', async () => {
  const { session, went } = stage(CreateNotebook)
  await page.getByLabelText('Nombre del cuaderno').fill('El pozo')
  await page.getByLabelText('Tu nombre').fill('Ana')
  await button('Crear cuaderno').click()
  await expect.poll(() => session.workspace.asked).toEqual(['light El pozo as Ana'])
  expect(went).toEqual(['/protocolo'])
})

test('a notebook without names is not lit: the fields say what is missing', async () => {
  const { session, t } = stage(CreateNotebook)
  await button('Crear cuaderno').click()
  await expect.element(page.getByText(t('problem.required')).first()).toBeVisible()
  await expect.element(page.getByLabelText('Tu nombre')).toHaveAttribute('aria-invalid', 'true')
  expect(session.workspace.asked).toEqual([])
})

const doors = {
  locked,
  fresh: () => fresh(),
  guest: () => fresh({ guest: true }),
  elsewhere: () => new PaperSession(new PaperWorkspace(), { type: 'elsewhere', mark: markOf('vault') }),
}

for (const [name, session] of Object.entries(doors))
  test.each([
    ['light', 'es'],
    ['dark', 'en'],
    ['discreet', 'ar'],
  ] as const)(
    `no barrier at the door “${name}”, %s, %s, and nothing wider than the phone`,
    async (look, locale) => {
      stage(null, { session: session(), look, locale })
      await expect.element(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectNoBarriers()
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    },
  )

test('every button at the door is big enough for a thumb', async () => {
  stage(null, { session: locked() })
  await expect.element(button('Abrir')).toBeVisible()
  const small = [...document.querySelectorAll('button, input, label:has(input)')].filter((element) => {
    const { inlineSize, blockSize } = getComputedStyle(element)
    const isInLabel = element.matches('label input')
    return !isInLabel && (parseFloat(blockSize) < 44 || parseFloat(inlineSize) < 44)
  })
  expect(small.map(({ outerHTML }) => outerHTML.slice(0, 100))).toEqual([])
})

test('a PIN is told what it is worth while it is written', async () => {
  const { t } = stage(null, { session: fresh() })
  await button('Crear').click()
  await page.getByLabelText('Tu frase').fill('284617')
  await expect.element(page.getByText(t('strength.minutes'))).toBeVisible()
  await expect.element(page.getByText(t('strength.pin'))).toBeVisible()
  await page.getByLabelText('Tu frase').fill('cuatro piedras junto fogon higuera')
  await expect.element(page.getByText(t('strength.lifetime'))).toBeVisible()
})

test('where wrong tries are counted against the notebook, each says how many are left', async () => {
  const session = locked()
  session.left = 3
  const { t } = stage(null, { session })
  await page.getByLabelText('Frase').fill('otra frase')
  await button('Abrir').click()
  await expect.element(page.getByRole('alert')).toHaveTextContent(t('lock.left', { left: 3 }))
})

test('notebooks kept apart show their weave and no name; another can be gone to, or begun', async () => {
  const session = locked()
  session.others = [
    { name: 'cuaderno', mark: markOf('vault'), isHere: true },
    { name: 'cuaderno-2', mark: markOf('other'), isHere: false },
  ]
  stage(null, { session })
  await button('Otro cuaderno aparte').click()
  await button('Ir al cuaderno 2').click()
  expect(session.asked).toEqual(['enter cuaderno-2'])
  await button('Otro cuaderno aparte').click()
  await button('Empezar otro aparte').click()
  expect(session.asked).toEqual(['enter cuaderno-2', 'start a profile'])
})

test('what the app is called is chosen before it is installed, and no name of ours is among them', async () => {
  const { look } = stage(null, { session: fresh() })
  await button('Nombre e icono').click()
  await page.getByText('Recetas').click()
  expect(look.face).toBe('recetas')
  expect(document.body.textContent).not.toMatch(/lumbre/i)
  look.chooseFace('cuaderno')
})
