import { expect, test } from 'vitest'
import { page } from 'vitest/browser'
import EncounterScreen from '../../src/lib/ui/encounter/EncounterScreen.svelte'
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
const found = () => page.getByText('Este teléfono está en el encuentro')
const searching = () => page.getByText('Buscando la computadora del encuentro…')

test('the computer of the gathering is looked for, found, lost and found again, and one can leave it', async () => {
  const workspace = show()
  expect(workspace.joinHub('HUB A').ok).toBe(true)
  await expect.element(searching()).toBeVisible()
  await expect.element(page.getByText('Revisa que estés en el mismo wifi')).toBeVisible()
  const [hub] = workspace.hubs.read()
  setState(hub!, 'open')
  await expect.element(found()).toBeVisible()
  await expect.element(searching()).not.toBeInTheDocument()
  await expectNoBarriers()
  setState(hub!, 'searching')
  await expect.element(searching()).toBeVisible()
  setState(hub!, 'open')
  await button('Dejar el encuentro').click()
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
  await button('Dejar el encuentro').last().click()
  await expect.element(found()).not.toBeInTheDocument()
  await expect.element(searching()).toBeVisible()
})
