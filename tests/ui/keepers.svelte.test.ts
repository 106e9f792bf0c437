import { expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import type { Membership } from '../../src/lib/workspace/types.ts'
import {
  deviceId,
  markOf,
  memberId,
  paperDecision,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

type Keeper = Membership['keepers'][number]

const attic = (about: Partial<Keeper> = {}): Keeper => ({
  id: deviceId('attic'),
  mark: markOf('attic'),
  standing: 'active',
  linked: true,
  heard: null,
  isFull: false,
  pauses: [],
  ...about,
})

const show = (keepers: readonly Keeper[] = [], kind: 'collective' | 'pair' = 'collective') => {
  const space = new PaperSpace({ id: 'v', kind, title: 'Vertientes', names: ['Ceiba', 'Tecolote', 'Jícara'] })
  space.membership.set({ ...space.membership.read(), keepers })
  stage(CollectiveScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/colectivo',
    title: 'Colectivo',
  })
  return space
}

const keepers = () => page.getByRole('region', { name: 'Quien guarda' })

test('somebody pastes the text of a keeper, meets it, and sees the words it shows too', async () => {
  const space = show()
  await keepers().getByRole('button', { name: 'Sumar un guardián' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabelText('Texto del guardián').fill('no es un texto')
  await sheet.getByRole('button', { name: 'Proponerlo' }).click()
  await expect.element(sheet.getByText('Ese no es el texto de un guardián')).toBeVisible()
  await sheet.getByLabelText('Texto del guardián').fill('hAFma2VlcGVy')
  await sheet.getByRole('button', { name: 'Proponerlo' }).click()
  await expect.element(sheet.getByText('Buscando al guardián')).toBeVisible()
  space.keepersMet[0]!.state.set({ step: 'proposed', words: ['nube', 'sal', 'faro', 'trigo'] })
  await expect.element(sheet.getByText('faro')).toBeVisible()
  await expectNoBarriers()
  await sheet.getByRole('button', { name: 'Listo' }).click()
  await expect.element(sheet).not.toBeInTheDocument()
})

test('a keeper that does not answer, keeps for others, or cannot write, is said kindly and may be tried again', async () => {
  const space = show()
  await keepers().getByRole('button', { name: 'Sumar un guardián' }).click()
  const sheet = page.getByRole('dialog')
  await sheet.getByLabelText('Texto del guardián').fill('hAFma2VlcGVy')
  await sheet.getByRole('button', { name: 'Proponerlo' }).click()
  space.keepersMet[0]!.state.set({ step: 'ended', why: 'no contact' })
  await expect.element(sheet.getByRole('alert')).toHaveTextContent('No contestó nadie')
  await sheet.getByRole('button', { name: 'Proponerlo' }).click()
  space.keepersMet[1]!.state.set({ step: 'ended', why: 'keeps for others' })
  await expect.element(sheet.getByRole('alert')).toHaveTextContent('otro colectivo')
  await sheet.getByRole('button', { name: 'Proponerlo' }).click()
  space.keepersMet[2]!.state.set({ step: 'ended', why: 'disk failed' })
  await expect.element(sheet.getByRole('alert')).toHaveTextContent('no puede escribir en su disco')
})

test('a keeper is listed with whether it is there and has room; anybody pauses it, and takes the pause back', async () => {
  const space = show([attic(), attic({ id: deviceId('shop'), isFull: true })])
  await expect.element(keepers().getByText('Conectado ahora')).toBeVisible()
  await expect.element(keepers().getByText('Ya no tiene espacio')).toBeVisible()
  await expectNoBarriers()
  const pause = keepers().getByRole('button', { name: 'Poner en pausa al guardián' }).first()
  await pause.click()
  await pause.click()
  await expect.element(keepers().getByText('Lo pausaste tú')).toBeVisible()
  expect(space.asked).toEqual([`suspend ${deviceId('attic')} doubtful`])
  await userEvent.keyboard('{Escape}')
  await expect.element(keepers().getByRole('button', { name: 'Quitar mi pausa' })).toBeVisible()
})

test('of a paused keeper, lifting the pause or retiring it is put to all, as with a phone', async () => {
  const pause = { id: paperDecision('pause').id, by: memberId('Tecolote'), mine: false }
  const space = show([attic({ standing: 'suspended', linked: false, pauses: [pause] })])
  await expect.element(keepers().getByText('Tecolote')).toBeVisible()
  await expect.element(keepers().getByRole('button', { name: 'Quitar mi pausa' })).not.toBeInTheDocument()
  await keepers().getByText('Más sobre esta pausa').click()
  await expectNoBarriers()
  await keepers().getByRole('button', { name: 'Proponer quitar la pausa' }).click()
  expect(space.wishes).toEqual([{ action: 'lift', device: deviceId('attic') }])
  const end = keepers().getByRole('button', { name: 'Proponer retirarlo para siempre' })
  await end.click()
  await end.click()
  expect(space.wishes.at(-1)).toEqual({ action: 'revokeDevice', device: deviceId('attic') })
})

test('what is proposed of a keeper names no phone, and is not proposed twice', async () => {
  const space = show([attic({ standing: 'suspended', linked: false })])
  space.membership.set({
    ...space.membership.read(),
    decisions: (['lift', 'revokeDevice'] as const).map((action) =>
      paperDecision(action, {
        action,
        subject: null,
        subjectDevice: deviceId('attic'),
        name: null,
        approvals: [memberId('Tecolote')],
      }),
    ),
  })
  await expect.element(page.getByText('Propuesta: quitar la pausa a un guardián')).toBeVisible()
  await expect.element(page.getByText('Propuesta: retirar para siempre a un guardián')).toBeVisible()
  await keepers().getByText('Más sobre esta pausa').click()
  await expect
    .element(keepers().getByRole('button', { name: 'Proponer quitar la pausa' }))
    .not.toBeInTheDocument()
})

test('a keeper that waits for votes stands among the decisions', async () => {
  const space = show()
  space.membership.set({
    ...space.membership.read(),
    decisions: [
      paperDecision('keeper', {
        action: 'keeper',
        subject: null,
        name: null,
        approvals: [memberId('Tecolote')],
      }),
    ],
  })
  await expect.element(page.getByText('Propuesta: que un guardián guarde lo sellado')).toBeVisible()
})

test('two cannot let a keeper in, and are not asked to', async () => {
  show([], 'pair')
  await expect.element(page.getByText('Cuaderno de dos personas')).toBeVisible()
  expect(page.getByRole('button', { name: 'Sumar un guardián' }).query()).toBeNull()
})
