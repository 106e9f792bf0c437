import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import RehearsalScreen from '../../src/lib/ui/back/RehearsalScreen.svelte'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import { memberId, paperDecision, PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

const vertientes = () =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
const show = (screen: Parameters<typeof stage>[0], space: PaperSpace) =>
  stage(screen, {
    session: new PaperSession(new PaperWorkspace([space])),
    path: '/colectivo',
    props: { space },
  })
const button = (name: string) => page.getByRole('button', { name, exact: true })
const asks = (space: PaperSpace, about: Parameters<typeof paperDecision>[1]) =>
  space.membership.set({
    ...space.membership.read(),
    decisions: [
      paperDecision('Jícara', {
        action: 'recover',
        name: 'Jícara',
        approvals: [memberId('Tecolote')],
        ...about,
      }),
    ],
  })

beforeEach(() => page.viewport(360, 740))

test('Ceiba is asked to make sure herself; only when two have may she rely on them', async () => {
  const space = vertientes()
  asks(space, { checks: [{ member: memberId('Tecolote'), how: 'beside' }], mayTrust: false })
  show(CollectiveScreen, space)
  await expect.element(page.getByText('Tecolote comprobó en persona.')).toBeVisible()
  await expect.element(page.getByText('Cuando decidan, su teléfono de antes queda fuera.')).toBeVisible()
  for (const word of ['agua', 'monte', 'piedra', 'fuego'])
    await expect.element(page.getByText(word, { exact: true })).toBeVisible()
  const trust = button('Estar de acuerdo: confío en quienes comprobaron')
  expect(trust.elements()).toHaveLength(0)
  await expectNoBarriers()
  asks(space, { mayTrust: true })
  await expect.element(trust).toBeVisible()
  await button('Reconocí su voz y leyó estas palabras').click()
  expect(space.asked.some((asked) => asked.startsWith('approve'))).toBe(true)
})

test('whose place it is sees it in their own name, and has nothing to press', async () => {
  const space = vertientes()
  asks(space, { subject: memberId('Ceiba'), name: 'Ceiba', mayApprove: false })
  show(CollectiveScreen, space)
  await expect.element(page.getByText('Alguien pide volver con tu nombre').first()).toBeVisible()
  expect(button('Reconocí su voz y leyó estas palabras').elements()).toHaveLength(0)
})

test('the rehearsal says when it would not be enough, and of whom nothing was heard', async () => {
  const space = vertientes()
  space.rehearsal = {
    isPossible: false,
    needed: 2,
    voices: 3,
    checks: 2,
    people: [{ member: memberId('Tecolote'), linked: false, heard: null }],
    words: ['uno', 'dos', 'tres', 'cuatro'],
  }
  show(RehearsalScreen, space)
  await expect.element(page.getByText('Hoy no alcanza: solo una persona podría decir que sí.')).toBeVisible()
  await expect.element(page.getByText('Sin noticia en este teléfono')).toBeVisible()
  await button('Practicar las palabras').click()
  await expect.element(page.getByText('cuatro', { exact: true })).toBeVisible()
  await expectNoBarriers()
  await button('Eran las mismas').click()
  await expect.element(page.getByText('Ojalá nunca haga falta.')).toBeVisible()
  expect(space.asked).toEqual([])
})
