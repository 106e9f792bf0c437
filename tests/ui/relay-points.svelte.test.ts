import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import {
  addRelayPoint,
  relayPoints,
  removeRelayPoint,
  turnServersOf,
} from '../../src/lib/domain/relay-points.ts'
import RelayPointsScreen from '../../src/lib/ui/settings/RelayPointsScreen.svelte'
import { PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const POINT = { urls: 'turn:paso.example:3478', username: '1767225600:tres', credential: 'q2hhdmU=' }

const show = (about: Staging & { readonly points?: readonly (typeof POINT)[] } = {}) => {
  const space = new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
  for (const point of about.points ?? []) addRelayPoint(space.doc.read(), point)
  const workspace = new PaperWorkspace([space])
  const session = new PaperSession(workspace)
  const staged = stage(RelayPointsScreen, {
    session,
    props: { space },
    path: '/ajustes/paso',
    title: 'Puntos de paso',
    ...about,
  })
  return { ...staged, space, workspace }
}
const button = (name: string | RegExp) => page.getByRole('button', { name })
const written = (space: PaperSpace) => relayPoints(space.doc.read()).read()

beforeEach(() => page.viewport(360, 740))

test('there is none at first, and it says what such a point would see', async () => {
  const { t } = show()
  await expect.element(page.getByText('No hay ninguno.')).toBeVisible()
  await expect.element(page.getByText(t('relays.sees'))).toBeVisible()
})

test('Ceiba writes one down for everybody', async () => {
  const { space } = show()
  await button('Agregar un punto de paso').click()
  await page.getByLabelText('Dirección').fill(POINT.urls)
  await page.getByLabelText('Nombre de acceso').fill(POINT.username)
  await page.getByLabelText('Clave de acceso').fill(POINT.credential)
  await button('Guardar').click()
  await expect.element(page.getByText('Guardado para todo el equipo.')).toBeVisible()
  expect(turnServersOf(space.doc.read())).toEqual([{ ...POINT, urls: [POINT.urls] }])
  await expect.element(page.getByText(POINT.urls)).toBeVisible()
})

test('an address that is none is said so beside it, and nothing is kept', async () => {
  const { space } = show()
  await button('Agregar un punto de paso').click()
  await page.getByLabelText('Dirección').fill('https://paso.example')
  await button('Guardar').click()
  await expect.element(page.getByText('Esa dirección no sirve.')).toBeVisible()
  await page.getByLabelText('Dirección').fill(POINT.urls)
  await button('Guardar').click()
  await expect.element(page.getByText('Falta el nombre o la clave')).toBeVisible()
  expect(written(space)).toEqual([])
})

test('the access is renewed without touching the rest, and a point is taken away deliberately', async () => {
  const { space } = show({ points: [POINT] })
  await button('Cambiar').click()
  await page.getByLabelText('Clave de acceso').fill('bnVldm8=')
  await button('Guardar').click()
  expect(written(space)[0]!.written).toEqual({ ...POINT, credential: 'bnVldm8=' })
  await button('Cambiar').click()
  const remove = page.getByRole('dialog').getByRole('button', { name: 'Quitar este punto de paso' })
  await remove.click()
  expect(written(space)).toHaveLength(1)
  await remove.click()
  await expect.element(page.getByText('No hay ninguno.')).toBeVisible()
})

test('with three there is no fourth, and one that makes no sense is shown as unused', async () => {
  const { space } = show({ points: [POINT, { ...POINT, username: 'b' }, { ...POINT, username: 'c' }] })
  await expect.element(page.getByText(POINT.urls).first()).toBeVisible()
  expect(button('Agregar un punto de paso').elements()).toHaveLength(0)
  const [first] = written(space)
  const item = space.doc.read().getMap<never>('relays').get(first!.id)! as unknown as Map<string, string>
  for (const key of item.keys()) if (key.startsWith('urls.')) item.set(key, 'stun:eve.example:3478')
  await expect.element(page.getByText('No se usa')).toBeVisible()
})

test('a phone goes out through relay points alone only where there is one, and says what that costs', async () => {
  const { workspace, t } = show()
  await page.getByText('Solo por puntos de paso').click()
  await expect.element(page.getByText(t('problem.NoRelayPoint'))).toBeVisible()
  await expect.element(page.getByRole('radio', { name: 'Directo' })).toBeChecked()
  expect(workspace.reach.read()).toBe('direct')
})

test('where there is one, the choice holds; when it is gone, the screen says that nobody is found', async () => {
  const { space, workspace, t } = show({ points: [POINT] })
  await page.getByText('Solo por puntos de paso').click()
  await expect.element(page.getByText(t('relays.relayedMeans'))).toBeVisible()
  expect(workspace.reach.read()).toBe('relayed')
  removeRelayPoint(space.doc.read(), written(space)[0]!.id)
  await expect.element(page.getByText(t('relays.cutOff'))).toBeVisible()
})

test('in a notebook that is only read nothing can be changed but this phone', async () => {
  const { space } = show({ points: [POINT] })
  space.readOnly.set(true)
  await expect.element(page.getByRole('radio', { name: 'Directo' })).toBeVisible()
  expect(button('Cambiar').elements()).toHaveLength(0)
})

for (const look of ['light', 'dark'] as const)
  for (const locale of ['es', 'ar'])
    test(`has no barriers and no sideways scrolling, ${look}, ${locale}`, async () => {
      const long = `turn:${'largo.'.repeat(12)}example:3478`
      const { t } = show({ points: [{ ...POINT, urls: long }], look, locale })
      await expect.element(button(t('relays.change'))).toBeVisible()
      await expectNoBarriers()
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
      await button(t('relays.change')).click()
      await expect.element(page.getByRole('dialog')).toBeVisible()
      await expectNoBarriers()
    })
