import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import * as Y from 'yjs'
import { systemClock } from '../../src/lib/core/clock.ts'
import { partClosed } from '../../src/lib/domain/closing.ts'
import { createDocument } from '../../src/lib/domain/document.ts'
import {
  addThreat,
  archiveThreat,
  editThreat,
  moveThreat,
  threats,
  versionsOf,
} from '../../src/lib/domain/threats.ts'
import { FieldDraft } from '../../src/lib/ui/register/field-draft.svelte.ts'
import RegisterScreen from '../../src/lib/ui/register/RegisterScreen.svelte'
import ThreatScreen from '../../src/lib/ui/register/ThreatScreen.svelte'
import type { PaperSpace } from './paper-session.ts'
import { barriers, join, paperSpace, show } from './protocol/stage.ts'

vi.setConfig({ testTimeout: 15_000 })

const docOf = (space: PaperSpace): Y.Doc => space.doc.read()
const only = (doc: Y.Doc) => threats(doc).read()[0]!
const cards = () =>
  page
    .getByRole('listitem')
    .getByRole('heading')
    .elements()
    .map((heading) => heading.textContent.trim())
const register = (space: PaperSpace) => show(RegisterScreen, { space, path: '/registro' })
const threat = (space: PaperSpace, id: string) => show(ThreatScreen, { space, id, path: '/registro' })
const field = (name: string) => page.getByRole('textbox', { name, exact: true })

beforeEach(() => page.viewport(1280, 800))
afterEach(() => {
  location.hash = ''
})

test('a title is enough to add a threat, and Undo puts it away', async () => {
  const space = paperSpace()
  register(space)
  await expect.element(page.getByText('Aquí reúnen lo que les amenaza', { exact: false })).toBeVisible()
  await field('¿Qué les amenaza?').fill('Desalojo')
  await userEvent.keyboard('{Enter}')
  await expect.poll(cards).toEqual(['Desalojo'])
  await page.getByRole('button', { name: 'Deshacer' }).click()
  await expect.poll(cards).toEqual([])
  expect(only(docOf(space)).archived).toBe(true)
})

test('threats are found by words in any field and by status', async () => {
  const space = paperSpace()
  addThreat(docOf(space), { title: 'Incendio', from: 'Los de la compañía' })
  addThreat(docOf(space), { title: 'Desalojo', status: 'watched' })
  addThreat(docOf(space), { title: 'Robo', status: 'closed' })
  register(space)
  await expect.poll(cards).toEqual(['Robo', 'Desalojo', 'Incendio'])
  await page.getByRole('searchbox').fill('COMPANIA')
  await expect.poll(cards).toEqual(['Incendio'])
  await page.getByRole('button', { name: 'En observación 1' }).click()
  await expect.poll(cards).toEqual([])
  await page.getByRole('button', { name: 'Ver todas' }).click()
  await page.getByRole('button', { name: 'En observación 1' }).click()
  await expect.poll(cards).toEqual(['Desalojo'])
})

test('what Berta adds far away appears', async () => {
  const space = paperSpace()
  const berta = createDocument()
  join(docOf(space), berta)
  register(space)
  addThreat(berta, { title: 'Incendio' })
  await expect.poll(cards).toEqual(['Incendio'])
})

test('two thousand threats open with a few dozen on the page, and search at once', async () => {
  const space = paperSpace()
  docOf(space).transact(() => {
    for (let i = 0; i < 2000; i++)
      addThreat(docOf(space), {
        title: `Amenaza ${i}`,
        what: 'Llegan de noche a las casas del río',
        who: 'familias',
      })
  })
  const from = performance.now()
  register(space)
  await expect.poll(() => cards().length).toBeGreaterThan(0)
  const opened = performance.now() - from
  expect(cards().length).toBeLessThanOrEqual(120)
  await expect.element(page.getByText(/2[.,\s]?000 amenazas/)).toBeVisible()
  await page.getByRole('searchbox').fill('amenaza 1234')
  await expect.poll(cards).toEqual(['Amenaza 1234'])
  expect(opened).toBeLessThan(3000)
})

test('Ana and Berta fill two fields of one threat at once, on their screens, and both stand', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo' })
  const berta = createDocument()
  const cut = join(docOf(space), berta)
  threat(space, id)
  cut()
  await field('A quiénes golpea más').fill('las familias del río')
  editThreat(berta, id, { field: 'from', text: 'la empresa' })
  await expect.poll(() => only(docOf(space)).who).toBe('las familias del río')
  join(docOf(space), berta)
  expect(only(berta)).toMatchObject({ who: 'las familias del río', from: 'la empresa' })
  await expect.element(field('De dónde viene')).toHaveValue('la empresa')
})

test('Ana types while Berta writes the same field: Ana’s letters stay, both texts are shown, she keeps one', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo', what: 'vienen' })
  const berta = createDocument()
  join(docOf(space), berta)
  threat(space, id)
  await field('Qué pasa').click()
  await userEvent.keyboard('{Control>}{End}{/Control} de')
  editThreat(berta, id, { field: 'what', text: 'vienen con máquinas' })
  await userEvent.keyboard(' noche')
  await expect
    .poll(() =>
      only(berta)
        .versions.what?.map(({ text }) => text)
        .sort(),
    )
    .toEqual(['vienen con máquinas', 'vienen de noche'])
  await expect.element(field('Qué pasa')).toHaveValue('vienen de noche')
  await expect
    .element(page.getByText('Dos personas escribieron aquí a la vez.', { exact: false }))
    .toBeVisible()
  await page
    .getByRole('listitem')
    .filter({ hasText: 'vienen con máquinas' })
    .getByRole('button', { name: 'Quedarse con este' })
    .click()
  await expect.poll(() => only(berta)).toMatchObject({ what: 'vienen con máquinas', versions: {} })
  await expect.element(field('Qué pasa')).toHaveValue('vienen con máquinas')
})

test('what is half typed is kept when the screen closes or the document is replaced', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo' })
  const screen = threat(space, id)
  await field('Qué hacemos ya').click()
  await userEvent.keyboard('guardia')
  const again = createDocument()
  join(docOf(space), again)()
  space.doc.set(again)
  await userEvent.keyboard(' de noche')
  await screen.unmount()
  expect(only(again).already).toBe('guardia de noche')
})

test('a status is chosen by shape and word, and Undo takes it back', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo', status: 'closed' })
  threat(space, id)
  await expect.element(page.getByRole('radio', { name: 'Reducida' })).toBeDisabled()
  await page.getByRole('radio', { name: 'En observación' }).click()
  expect(only(docOf(space)).status).toBe('watched')
  await page.getByRole('status').getByRole('button', { name: 'Deshacer' }).click()
  expect(only(docOf(space)).status).toBe('closed')
  await expect.element(page.getByRole('radio', { name: 'Cerrada' })).toBeChecked()
})

test('two statuses set at once are shown as undecided until somebody chooses', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo' })
  const berta = createDocument()
  join(docOf(space), berta)()
  moveThreat(docOf(space), id, 'closed')
  moveThreat(berta, id, 'reduced')
  join(docOf(space), berta)
  threat(space, id)
  await expect
    .element(page.getByText('Dos personas cambiaron el estado a la vez.', { exact: false }))
    .toBeVisible()
  await page.getByRole('radio', { name: 'Reducida' }).click()
  expect(only(berta)).toMatchObject({ status: 'reduced', versions: {} })
})

test('a threat put away leaves the register, and comes back by Undo', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo' })
  threat(space, id)
  await page.getByRole('button', { name: 'Guardar aparte' }).click()
  expect(only(docOf(space)).archived).toBe(true)
  expect(location.hash).toBe('#/registro')
  await page.getByRole('status').getByRole('button', { name: 'Deshacer' }).click()
  expect(only(docOf(space)).archived).toBe(false)
})

test('in a notebook that moved into a collective threats are read, not changed', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo', what: 'vienen' })
  space.readOnly.set(true)
  const screen = register(space)
  await expect.poll(cards).toEqual(['Desalojo'])
  expect(page.getByRole('textbox', { name: '¿Qué les amenaza?' }).elements()).toHaveLength(0)
  await screen.unmount()
  threat(space, id)
  await expect.element(page.getByText('vienen')).toBeVisible()
  expect(page.getByRole('textbox').elements()).toHaveLength(0)
  await expect.element(page.getByRole('radio', { name: 'Cerrada' })).toBeDisabled()
})

test.each(['light', 'dark', 'discreet'])(
  'the register and a threat are whole for a screen reader, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    const space = paperSpace()
    const id = addThreat(docOf(space), { title: 'Desalojo', what: 'vienen' })
    addThreat(docOf(space), { title: 'Incendio', status: 'watched' })
    addThreat(docOf(space), { title: 'Robo', status: 'reduced' })
    const screen = register(space)
    await expect.poll(() => cards().length).toBe(3)
    expect(await barriers()).toEqual([])
    await screen.unmount()
    threat(space, id)
    await expect.element(field('Qué pasa')).toBeVisible()
    expect(await barriers()).toEqual([])
    delete document.documentElement.dataset['theme']
  },
)

const steps = () => page.getByRole('group', { name: 'Tus últimos pasos' })
const step = (name: 'Deshacer' | 'Rehacer') => steps().getByRole('button', { name })

test('Ana takes back what she wrote in a field with a key, also before it was saved; Berta’s words stay', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo', what: 'antes' })
  const berta = createDocument()
  join(docOf(space), berta)
  threat(space, id)
  await expect.element(field('Qué pasa')).toHaveValue('antes')
  editThreat(berta, id, { field: 'who', text: 'todas' })
  await field('Qué pasa').fill('después')
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.element(field('Qué pasa')).toHaveValue('antes')
  expect(only(docOf(space))).toMatchObject({ what: 'antes', who: 'todas' })
  expect(only(berta)).toMatchObject({ what: 'antes', who: 'todas' })
  // Again and again: only her own steps, and no further than she went.
  await userEvent.keyboard('{Control>}z{/Control}{Control>}z{/Control}')
  expect(only(docOf(space))).toMatchObject({ what: 'antes', who: 'todas', archived: false })
  await userEvent.keyboard('{Control>}{Shift>}z{/Shift}{/Control}')
  await expect.element(field('Qué pasa')).toHaveValue('después')
  await step('Deshacer').click()
  await expect.element(field('Qué pasa')).toHaveValue('antes')
  await step('Rehacer').click()
  expect(only(berta)).toMatchObject({ what: 'después', who: 'todas', versions: {} })
})

test('keeping one of two texts can be taken back, and the other one is there again', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Desalojo' })
  editThreat(docOf(space), id, { field: 'what', text: 'de Ana', over: [] })
  const berta = createDocument()
  editThreat(berta, id, { field: 'what', text: 'nada' })
  const cut = join(docOf(space), berta)
  cut()
  editThreat(docOf(space), id, { field: 'what', text: 'de Ana, otra vez' })
  editThreat(berta, id, { field: 'what', text: 'de Berta' })
  join(docOf(space), berta)
  const both = ['de Ana, otra vez', 'de Berta']
  const texts = () =>
    versionsOf(docOf(space), id, 'what')
      .map(({ text }) => text)
      .sort()
  threat(space, id)
  await expect.poll(texts).toEqual(both)
  await page.getByRole('button', { name: 'Quedarse con este' }).first().click()
  expect(texts()).toHaveLength(1)
  await page.getByRole('status').getByRole('button', { name: 'Deshacer' }).click()
  await expect.poll(texts).toEqual(both)
  // An offer to take a step back is gone with the next step: it would take back another one.
  await page.getByRole('button', { name: 'Quedarse con este' }).first().click()
  await expect.element(page.getByText('Quedó ese texto.')).toBeVisible()
  await field('A quiénes golpea más').fill('familias')
  ;(field('A quiénes golpea más').element() as HTMLElement).blur()
  await expect.element(page.getByText('Quedó ese texto.')).not.toBeInTheDocument()
  await step('Deshacer').click()
  await step('Deshacer').click()
  await expect.poll(texts).toEqual(both)
  expect(only(docOf(space)).who).toBe('')
})

/** As after a checkpoint: a threat nobody is told from, and one that is open. */
const withClosed = () => {
  const space = paperSpace()
  addThreat(docOf(space), { title: 'Desalojo' })
  const before = createDocument()
  archiveThreat(before, addThreat(before, { title: 'Vigilancia', what: 'Un auto gris', status: 'reduced' }))
  const { closed } = partClosed({
    main: Y.encodeStateAsUpdate(before),
    before: null,
    client: 2 ** 53 - 7,
    nameOf: () => '00000000000000c1',
  })
  const doc = createDocument()
  Y.applyUpdate(doc, closed!)
  space.closed.set(doc)
  return space
}

test('what was closed is found beside what was put away, and is read as it was', async () => {
  const space = withClosed()
  register(space)
  await expect.poll(cards).toEqual(['Desalojo'])
  await page.getByRole('button', { name: 'Guardadas aparte 1' }).click()
  await expect.poll(cards).toEqual(['Vigilancia'])
  await page.getByRole('searchbox').fill('gris')
  await expect.poll(cards).toEqual(['Vigilancia'])
  expect(await barriers()).toEqual([])
})

test('a closed threat says that it is nobody’s any more, and is not written in', async () => {
  const space = withClosed()
  threat(space, '00000000000000c1')
  await expect
    .element(page.getByText('Esta amenaza se cerró con un acuerdo firme', { exact: false }))
    .toBeVisible()
  await expect.element(page.getByText('Un auto gris')).toBeVisible()
  expect(page.getByRole('textbox').elements()).toEqual([])
  await expect
    .element(page.getByText('queda quién escribió cada parte', { exact: false }))
    .not.toBeInTheDocument()
  expect(await barriers()).toEqual([])
})

test('a closed threat is opened again as one’s own text; the register then shows the open one alone', async () => {
  const space = withClosed()
  const { unmount } = threat(space, '00000000000000c1')
  await page.getByRole('button', { name: 'Abrir otra vez' }).click()
  const again = threats(docOf(space))
    .read()
    .find(({ title }) => title === 'Vigilancia')!
  expect(again).toMatchObject({ what: 'Un auto gris', status: 'reduced', archived: false })
  expect(location.hash).toBe(`#/registro/${again.id}`)
  await unmount()
  register(space)
  await expect.poll(cards).toEqual(['Vigilancia', 'Desalojo'])
  await expect.element(page.getByRole('button', { name: 'Guardadas aparte' })).not.toBeInTheDocument()
})

test('an open threat that is only read says that who wrote it can be found, too', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Robo' })
  space.readOnly.set(true)
  threat(space, id)
  await expect.element(page.getByText('queda quién escribió cada parte', { exact: false })).toBeVisible()
  expect(page.getByRole('textbox').elements()).toEqual([])
})

test('one that is put away says that it will close, and that until then authorship is kept', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Robo' })
  archiveThreat(docOf(space), id)
  threat(space, id)
  await expect
    .element(page.getByText('Mientras tanto queda quién la escribió', { exact: false }))
    .toBeVisible()
  await expect.element(page.getByText('queda quién escribió cada parte', { exact: false })).toBeVisible()
})

test('what Ana is typing when the threat is closed under her hands is not lost', async () => {
  const space = paperSpace()
  const id = addThreat(docOf(space), { title: 'Robo' })
  const draft = new FieldDraft({ doc: () => space.doc.read(), id, field: 'what', clock: systemClock })
  draft.type('Fue de noche')
  space.doc.set(createDocument())
  draft.save()
  expect(only(docOf(space))).toMatchObject({ what: 'Fue de noche', archived: false })
})
