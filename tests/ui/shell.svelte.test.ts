import { expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { followAddress, followLinks } from '../../src/lib/ui/frame/follow-address.ts'
import HelpScreen from '../../src/lib/ui/settings/HelpScreen.svelte'
import LockRulesScreen from '../../src/lib/ui/settings/LockRulesScreen.svelte'
import { uncover } from '../../src/lib/ui/cover.ts'
import SettingsScreen from '../../src/lib/ui/settings/SettingsScreen.svelte'
import type { Status } from '../../src/lib/workspace/types.ts'
import {
  deviceId,
  memberId,
  PaperHostFlow,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const vertientes = () =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })

const show = (space = vertientes(), about: Staging = {}) =>
  stage(SettingsScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    path: '/ajustes',
    title: 'Ajustes',
    ...about,
  })

test('the lock is on every screen, one tap away', async () => {
  const { session } = show()
  await page.getByRole('button', { name: 'Cerrar con llave', exact: true }).click()
  expect(session.asked).toContain('lock')
})

test('the sections say where one is', async () => {
  show(vertientes(), { path: '/protocolo/a1' })
  const sections = page.getByRole('navigation', { name: 'Secciones' })
  await expect
    .element(sections.getByRole('link', { name: 'Protocolo' }))
    .toHaveAttribute('aria-current', 'page')
  await expect.element(sections.getByRole('link', { name: 'Registro' })).not.toHaveAttribute('aria-current')
})

test('the keyboard skips the sections and lands on the page', async () => {
  show()
  const skip = page.getByRole('button', { name: 'Ir al contenido' })
  ;(skip.element() as HTMLElement).focus()
  await userEvent.keyboard('{Enter}')
  await expect.element(page.getByRole('main')).toHaveFocus()
})

const FIVE_MINUTES = 5 * 60_000
const statuses: readonly (readonly [Status, RegExp, RegExp])[] = [
  [{ type: 'local', waiting: 3 }, /Guardado aquí/, /3 cambios esperan/],
  [{ type: 'connecting', tries: 2 }, /Buscando a tu equipo/, /revisa que tengas internet/],
  [{ type: 'exchanging', done: 12, total: 40 }, /Compartiendo 12 de 40/, /seguir escribiendo/],
  [{ type: 'upToDate', people: 4, at: Date.now() - FIVE_MINUTES }, /Al día con 4 personas/, /hace 5 minutos/],
  [{ type: 'stale', since: Date.now() - 24 * 60 * FIVE_MINUTES }, /Sin contacto desde/, /guardado aquí/],
  [{ type: 'attention', decisions: 1 }, /Falta tu decisión/, /Hay una decisión/],
  [{ type: 'paused' }, /Compartir en pausa/, /Tú lo paraste/],
  [{ type: 'out', how: 'paused' }, /Teléfono en pausa/, /no les llega/],
  [{ type: 'out', how: 'ended' }, /Teléfono retirado/, /ya no se usa/],
  [{ type: 'out', how: 'left' }, /Ya no eres parte/, /pueden recibirte otra vez/],
]

test.each(statuses)('the pill says %j in words, and more on a tap', async (status, short, detail) => {
  const space = vertientes()
  space.status.set(status)
  show(space)
  await page.getByRole('button', { name: short }).click()
  const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
  await expect.element(sheet.getByText(detail)).toBeVisible()
  await expectNoBarriers()
})

test.each(statuses)(
  'a disk that takes nothing is said before anything else, also while %j',
  async (status) => {
    const space = vertientes()
    space.status.set(status)
    space.kept.set('failing')
    show(space)
    await page.getByRole('button', { name: 'Sin guardar' }).click()
    const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
    await expect.element(sheet.getByText(/Haz espacio/)).toBeVisible()
    expect(sheet.element().textContent).not.toMatch(/guardado/)
    space.kept.set('on disk')
    await expect.element(sheet.getByText(/Haz espacio/)).not.toBeInTheDocument()
  },
)

test.each(statuses.flatMap(([status]) => [['collective', status] as const, ['notebook', status] as const]))(
  'to a guest nothing says that something is kept, %s, %j',
  async (kind, status) => {
    const space = vertientes()
    space.kind.set(kind)
    space.status.set(status)
    space.kept.set('memory only')
    show(space)
    const pill = document.querySelector<HTMLElement>('header [aria-haspopup=dialog]')!
    if (status.type === 'local') expect(pill.textContent).toContain('Solo en esta página')
    expect(pill.textContent).not.toContain('Guardado')
    pill.click()
    const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
    await expect.element(sheet.getByText(/no se guarda nada/)).toBeVisible()
    expect(sheet.element().textContent).not.toMatch(/guardado|vive en este/i)
  },
)

test('behind the pill stands what waits, who has it already, and where to meet', async () => {
  const space = vertientes()
  space.status.set({ type: 'connecting', tries: 1 })
  space.waiting.set(3)
  space.latest.set([{ member: memberId('Tecolote'), device: deviceId('Tecolote phone'), upTo: 'all' }])
  show(space)
  await page.getByRole('button', { name: /Buscando a tu equipo/ }).click()
  const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
  await expect.element(sheet.getByText('3 cambios tuyos esperan a tu equipo')).toBeVisible()
  await expect.element(sheet.getByText('lo tiene todo')).toBeVisible()
  await expect.element(sheet.getByRole('link', { name: 'Encontrarse o llevar un archivo' })).toBeVisible()
  await expectNoBarriers()
})

test.each([
  [{ type: 'upToDate', people: 2, at: Date.now() }, /Falta algo/],
  [{ type: 'local', waiting: 0 }, /Guardado aquí/],
] as const)('of whom something is missing is said in words, while %j', async (status, short) => {
  const space = vertientes()
  space.status.set(status)
  space.missing.set([
    { member: memberId('Ceiba'), name: 'Ceiba' },
    { member: memberId('Jícara'), name: 'Jícara' },
  ])
  show(space)
  await page.getByRole('button', { name: short }).click()
  const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
  await expect.element(sheet.getByText('Falta algo de Ceiba y Jícara')).toBeVisible()
  await expect.element(sheet.getByText('un archivo hecho con «Todo»')).toBeVisible()
  expect(sheet.element().textContent).not.toMatch(/tienen lo mismo/)
  await expectNoBarriers()
  space.missing.set([])
  await expect.element(sheet.getByText(/Falta algo/)).not.toBeInTheDocument()
})

test('whose phone sends so much that it comes in little by little is said, and what one can do', async () => {
  const space = vertientes()
  space.status.set({ type: 'upToDate', people: 2, at: Date.now() })
  space.pouring.set([{ member: memberId('Ceiba'), name: 'Ceiba' }])
  show(space)
  await page.getByRole('button', { name: /Al día con/ }).click()
  const sheet = page.getByRole('dialog', { name: 'Cómo va lo compartido' })
  await expect
    .element(sheet.getByText(/De un teléfono de Ceiba llega muchísimo.*ponlo en pausa/))
    .toBeVisible()
  await expectNoBarriers()
  space.pouring.set([])
  await expect.element(sheet.getByText(/muchísimo/)).not.toBeInTheDocument()
})

test('the pill follows what happens while one looks', async () => {
  const space = vertientes()
  show(space)
  await expect.element(page.getByRole('button', { name: /Guardado aquí/ })).toBeVisible()
  space.status.set({ type: 'upToDate', people: 1, at: Date.now() })
  await expect.element(page.getByRole('button', { name: /Al día con una persona/ })).toBeVisible()
})

test('a look is chosen and kept on this device; the discreet one hides the name of the collective', async () => {
  const { look } = show()
  await page.getByLabelText('Discreto').click()
  expect(look.name).toBe('discreet')
  expect(look.theme).toBe('discreet')
  expect(document.body.textContent).not.toContain('Las Tres Vertientes')
})

test('erasing asks to be held or chosen twice', async () => {
  const { session } = show()
  await page.getByRole('button', { name: 'Borrar lo de este teléfono' }).click()
  const erase = page.getByRole('dialog').getByRole('button', { name: 'Borrar todo de aquí' })
  await erase.click()
  expect(session.asked).toEqual([])
  await erase.click()
  expect(session.asked).toEqual(['erase, then go away'])
})

test.each(['es', 'en', 'ar'])('settings and help are no barrier for anybody, in %s', async (locale) => {
  const { t } = show(vertientes(), { locale })
  await expect.element(page.getByText(t('settings.theme'))).toBeVisible()
  await expectNoBarriers()
})

test.each(['light', 'dark', 'discreet'] as const)('the help page says both sides, %s', async (look) => {
  show(vertientes(), { look })
  stage(HelpScreen, { look, path: '/ayuda', title: 'Ayuda y límites' })
  await expect.element(page.getByRole('heading', { name: 'Lo que no puede hacer' })).toBeVisible()
})

test('an address that is typed leads there without a reload, and the way back stays', async () => {
  const went: string[] = []
  const start = location.href
  history.replaceState({ router: 1 }, '', '#/protocolo')
  const stop = followAddress((path) => {
    went.push(path)
    history.pushState({ router: 2 }, '', `#${path}`)
  })
  location.hash = '#/registro'
  await expect.poll(() => went).toEqual(['/registro'])
  expect(location.hash).toBe('#/registro')
  expect(history.state).toEqual({ router: 2 })
  history.back()
  await expect.poll(() => location.hash).toBe('#/protocolo')
  expect(history.state).toEqual({ router: 1 })
  stop()
  history.replaceState(null, '', start)
})

test('a link is followed by what it leads to, and the router never sees its address; others are the browser’s', async () => {
  const went: string[] = []
  const stop = followLinks((path) => void went.push(path))
  const start = location.href
  const tap = (about: Partial<HTMLAnchorElement>, how: MouseEventInit = {}) => {
    const link = Object.assign(document.createElement('a'), about)
    link.append(document.createElement('b'))
    document.body.append(link)
    const event = new MouseEvent('click', { bubbles: true, cancelable: true, ...how })
    // Nothing of what is left to the browser may lead this test away.
    link.addEventListener('click', (late) => late.preventDefault())
    const untouched = { is: true }
    link.addEventListener('click', (late) => (untouched.is = !late.defaultPrevented), { capture: true })
    link.firstElementChild!.dispatchEvent(event)
    link.remove()
    return untouched.is
  }
  expect(tap({ href: '#/registro/a1b2' })).toBe(false)
  expect(went).toEqual(['/registro/a1b2'])
  expect(tap({ href: '#/registro' }, { ctrlKey: true })).toBe(true)
  expect(tap({ href: '#/registro', target: '_blank' })).toBe(true)
  expect(tap({ href: 'blob:x', download: 'notas.bin' })).toBe(true)
  stop()
  expect(tap({ href: '#/registro' })).toBe(true)
  expect(went).toEqual(['/registro/a1b2'])
  expect(location.href).toBe(start)
})

test.each([
  ['es', 'No oculta, entre los teléfonos del colectivo, quién escribió cada parte de lo que sigue abierto.'],
  ['en', 'It does not hide, among the collective’s phones, who wrote each part of what is still open.'],
])(
  'the help says in %s, among what cannot be done, that authorship of what is open is kept',
  async (locale, text) => {
    stage(HelpScreen, { path: '/ayuda', locale })
    const cannot = page.getByRole('list').filter({ hasText: text })
    await expect.element(cannot.getByText(text)).toBeVisible()
  },
)

test('a founding that goes on is found again from any other page, until it is over', async () => {
  const workspace = new PaperWorkspace([vertientes()])
  const flow = new PaperHostFlow('found')
  workspace.flow.set(flow)
  stage(HelpScreen, { session: new PaperSession(workspace), path: '/ayuda' })
  const back = page.getByRole('link', { name: /Están fundando/ })
  await expect.element(back).toHaveAttribute('href', '#/fundar')
  await expectNoBarriers()
  flow.cancel()
  await expect.element(back).not.toBeInTheDocument()
})

test('leaving in a hurry is one tap away on every screen, and the screen is empty at once', async () => {
  const { session } = show()
  await page.getByRole('button', { name: 'Salir ya' }).first().click()
  expect(session.asked).toEqual(['exit'])
  expect(getComputedStyle(document.body).visibility).toBe('hidden')
  uncover()
})

const showRules = (about: Staging = {}) => {
  const session = new PaperSession(new PaperWorkspace([vertientes()]))
  return stage(LockRulesScreen, {
    session,
    props: { session },
    path: '/ajustes/llave',
    title: 'Cerradura',
    ...about,
  })
}

test('when the notebook locks by itself is chosen, and kept', async () => {
  const { session } = showRules()
  await expect.element(page.getByLabelText('5 min', { exact: true })).toBeChecked()
  await page.getByText('15 min', { exact: true }).click()
  await page.getByText('Cerrar en seguida').click()
  expect(session.asked).toEqual(['lock after 15, on leaving wait', 'lock after 15, on leaving lock'])
})

test('nothing is erased after wrong tries unless that is chosen, and beside the choice stands what it may cost', async () => {
  const { session, t } = showRules()
  await expect.element(page.getByLabelText('Solo esperar')).toBeChecked()
  await expect.element(page.getByText(t('lockRules.legal'))).toBeVisible()
  await page.getByText('Borrar tras 10').click()
  expect(session.asked).toEqual(['erase after 10'])
})

test.each([
  ['light', 'es'],
  ['dark', 'en'],
  ['discreet', 'ar'],
] as const)(
  'the lock’s own screen is no barrier, %s, %s, and no wider than a phone',
  async (look, locale) => {
    await page.viewport(360, 740)
    const { t } = showRules({ look, locale })
    await expect.element(page.getByText(t('lockRules.after'))).toBeVisible()
    await expectNoBarriers()
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
  },
)

test('a phone that is out says so on every page, and where one reads what it means', async () => {
  const space = vertientes()
  space.membership.set({ ...space.membership.read(), me: 'suspended' })
  show(space, { path: '/protocolo' })
  await expect
    .element(page.getByRole('link', { name: /Este teléfono está en pausa/ }))
    .toHaveAttribute('href', '#/colectivo')
})
