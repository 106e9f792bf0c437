import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import EncounterScreen from '../../src/lib/ui/encounter/EncounterScreen.svelte'
import { memberId, PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const vertientes = () =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
const show = (space: PaperSpace, about: Staging = {}) =>
  stage(EncounterScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/encuentro',
    title: 'Encuentro',
    ...about,
  })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const code = () => page.getByRole('textbox', { name: 'Código del otro teléfono' })

beforeEach(() => page.viewport(360, 740))

test('why the camera is asked for is said before it is asked for, and one can go on without', async () => {
  const space = vertientes()
  show(space)
  await expect.element(page.getByText('No se guarda ninguna imagen')).toBeVisible()
  expect(space.encounters).toHaveLength(0)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  await expect.element(code()).toBeVisible()
})

test('Ceiba pastes Tecolote’s code, is told what is missing, and then that it was checked to be his phone', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await code().fill('ABC234')
  await button('Usar este código').click()
  const [encounter] = space.encounters
  expect(encounter!.taken).toEqual(['ABC234'])
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  encounter!.state.set({ step: 'met', member: memberId('Tecolote') })
  await expect.element(page.getByText('Este teléfono y el de Tecolote ya están conectados')).toBeVisible()
})

test('a code that is none says so where it was pasted, and the own code stays', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await code().fill('¡hola!')
  await button('Usar este código').click()
  await expect.element(page.getByText('Eso no es un código de esta app')).toBeVisible()
  expect(space.encounters).toHaveLength(1)
  await expect.element(page.getByRole('img')).toBeVisible()
})

test('when nothing comes about, it says what to look at, and shows another code', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(code()).toBeVisible()
  space.encounters[0]!.state.set({ step: 'failed' })
  await expect.element(page.getByText('que no sea una red de visitas')).toBeVisible()
  await button('Mostrar otro código').click()
  await expect.element(page.getByRole('img')).toBeVisible()
  expect(space.encounters).toHaveLength(2)
  expect(space.encounters[0]!.isStopped).toBe(true)
})

test('a phone without any address says what to do, and nothing is shown in vain', async () => {
  const space = vertientes()
  space.hasAddress = false
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByText('no muestra ninguna dirección en la red')).toBeVisible()
  await expect.element(button('Usar la cámara')).toBeVisible()
})

for (const look of ['light', 'dark'] as const)
  for (const locale of ['es', 'ar'])
    test(`has no barriers and no sideways scrolling, ${look}, ${locale}`, async () => {
      const { t } = show(vertientes(), { look, locale })
      await button(t('encounter.noCamera')).click()
      await expect.element(page.getByRole('img')).toBeVisible()
      await expectNoBarriers()
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    })
