import { expect, test } from 'vitest'
import { page } from 'vitest/browser'
import EncounterScreen from '../../src/lib/ui/encounter/EncounterScreen.svelte'
import JoinScreen from '../../src/lib/ui/flows/JoinScreen.svelte'
import type { RoomHub } from '../../src/lib/workspace/types.ts'
import { PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

const show = (locale: 'es' | 'en' = 'es') => {
  const space = new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
  const workspace = new PaperWorkspace([space])
  stage(EncounterScreen, {
    session: new PaperSession(workspace),
    props: { space },
    path: '/encuentro',
    title: 'Encuentro',
    locale,
  })
  return workspace
}
type HubState = ReturnType<RoomHub['state']['read']>
const setState = ({ state }: RoomHub, now: HubState) =>
  (state as unknown as { set(now: HubState): void }).set(now)
const button = (name: string) => page.getByRole('button', { name })
const found = () => page.getByText('Este teléfono está conectado a la computadora')
const searching = () => page.getByText('Buscando la computadora que leíste…')

test('the computer of the gathering is looked for, found, lost and found again, and one can leave it', async () => {
  const workspace = show()
  expect(workspace.joinHub('HUB A').ok).toBe(true)
  await expect.element(searching()).toBeVisible()
  await expect.element(page.getByText('Revisa que no haya VPN')).toBeVisible()
  const [hub] = workspace.hubs.read()
  setState(hub!, 'open')
  await expect.element(found()).toBeVisible()
  await expect.element(searching()).not.toBeInTheDocument()
  await expectNoBarriers()
  setState(hub!, 'searching')
  await expect.element(searching()).toBeVisible()
  setState(hub!, 'open')
  await button('Dejar esta computadora').click()
  await expect.element(found()).not.toBeInTheDocument()
  expect(workspace.hubs.read()).toEqual([])
})

test('two computers in one room stand each for itself', async () => {
  const workspace = show()
  workspace.joinHub('HUB A')
  workspace.joinHub('HUB B')
  const [, second] = workspace.hubs.read()
  setState(second!, 'open')
  await expect.element(searching()).toBeVisible()
  await expect.element(found()).toBeVisible()
  await button('Dejar esta computadora').last().click()
  await expect.element(found()).not.toBeInTheDocument()
  await expect.element(searching()).toBeVisible()
})

test('a newcomer without any notebook reads the code of the computer at the door, and the door stays open', async () => {
  const session = new PaperSession(new PaperWorkspace())
  stage(JoinScreen, { session, path: '/unirme' })
  await button('Estoy con quien me invita').click()
  await page.getByLabelText('Tu nombre').fill('Barranca')
  await button('Mostrar mi código').click()
  await expect.element(page.getByText('¿Hay una computadora del encuentro?')).toBeVisible()
  await button('Seguir sin cámara').click()
  await page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill('HUB A')
  await button('Usar este código').click()
  await expect.element(searching()).toBeVisible()
  setState(session.workspace.hubs.read()[0]!, 'open')
  await expect.element(found()).toBeVisible()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  await expectNoBarriers()
  await button('Elegir otra manera').click()
  await expect.element(found()).toBeVisible()
})

test('the code of the computer, pasted where a link belongs, is taken for what it is', async () => {
  const session = new PaperSession(new PaperWorkspace())
  stage(JoinScreen, { session, path: '/unirme' })
  await button('Tengo un enlace').click()
  await page.getByLabelText('Enlace').fill('HUB A')
  await button('Entrar').click()
  await expect.element(searching()).toBeVisible()
  await expect.element(page.getByLabelText('Enlace')).toHaveValue('')
  expect(session.workspace.asked).toEqual(['join HUB A'])
})
