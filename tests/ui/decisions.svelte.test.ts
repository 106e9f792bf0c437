import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import { nameDevice } from '../../src/lib/domain/device-names.ts'
import type { Membership } from '../../src/lib/workspace/types.ts'
import {
  deviceId,
  entryId,
  memberId,
  paperDecision,
  paperDevice,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

type Decision = Membership['decisions'][number]

const vertientes = (): PaperSpace =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara', 'Trueno', 'Hilo'],
  })

const show = (space: PaperSpace, about: Staging = {}) =>
  stage(CollectiveScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/colectivo',
    title: 'Colectivo',
    ...about,
  })

/** Something waits, by Jícara, that Ceiba may agree to as far as her app says so. */
const asked = (about: Partial<Decision>): PaperSpace => {
  const space = vertientes()
  const decision = paperDecision('propuesta', {
    subject: null,
    subjectDevice: null,
    name: null,
    approvals: [memberId('Jícara')],
    needed: 3,
    ...about,
  })
  space.membership.set({ ...space.membership.read(), decisions: [decision] })
  return space
}

/** Tecolote, as a test tells of them. */
const tecolote = (
  space: PaperSpace,
  about: Partial<Membership['members'][number]>,
  phone: Parameters<typeof paperDevice>[1] = {},
) => {
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: now.members.map((member) =>
      member.id === memberId('Tecolote')
        ? { ...member, devices: [paperDevice('Tecolote phone', phone)], ...about }
        : member,
    ),
  })
}

/** What Tecolote’s phone said against Trueno’s twice, and against Hilo’s. */
const said = [
  {
    device: deviceId('Trueno phone'),
    holder: memberId('Trueno'),
    reason: 'doubtful' as const,
    seconded: false,
    acts: [entryId('uno'), entryId('dos')],
  },
  {
    device: deviceId('Hilo phone'),
    holder: memberId('Hilo'),
    reason: 'proposed' as const,
    seconded: false,
    acts: [entryId('tres')],
  },
]

const button = (name: string | RegExp) => page.getByRole('button', { name })
const yes = () => button('Dar mi aval')
const ofTecolote = () => button('Más sobre Tecolote')

beforeEach(() => page.viewport(360, 740))

test('whoever proposes to retire a thief’s phone ticks which of its pauses end with it, and none is ticked before', async () => {
  const space = vertientes()
  nameDevice(space.doc.read(), deviceId('Trueno phone'), 'El viejo')
  tecolote(space, {}, { standing: 'suspended', said, suspensions: [] })
  show(space)
  await page.getByText('Más sobre esta pausa').click()
  const boxes = page.getByRole('checkbox')
  await expect
    .element(page.getByText('Puso estas pausas y nadie más las confirmó.', { exact: false }))
    .toBeVisible()
  expect(boxes.elements().map((box) => (box as HTMLInputElement).checked)).toEqual([false, false])
  await expect.element(page.getByRole('group').getByText('El viejo')).toBeVisible()
  await expect.element(page.getByText('Avisó que hay duda de quién lo tiene.')).toBeVisible()
  await expect.element(page.getByText('Propuso retirarlo.')).toBeVisible()
  await expectNoBarriers()
  await page.getByLabelText('Quitar la pausa que puso al teléfono de Trueno').click()
  await page.getByLabelText('Quitar la pausa que puso al teléfono de Hilo').click()
  await page.getByLabelText('Quitar la pausa que puso al teléfono de Hilo').click()
  await button('Proponer retirarlo para siempre').click()
  await button('Proponer retirarlo para siempre').click()
  expect(space.wishes).toEqual([
    { action: 'revokeDevice', device: deviceId('Tecolote phone'), annul: [entryId('uno'), entryId('dos')] },
  ])
})

test('the same of a person, whichever of their phones said it; untouched, nothing ends', async () => {
  const space = vertientes()
  const [first, second] = said
  tecolote(space, {
    devices: [
      paperDevice('Tecolote phone', { said: [first!] }),
      paperDevice('Tecolote second', { said: [{ ...first!, acts: [entryId('cuatro')] }, second!] }),
    ],
  })
  show(space)
  await ofTecolote().click()
  await button('Proponer que deje de ser parte').click()
  expect(page.getByRole('checkbox').elements()).toHaveLength(2)
  await button('Proponerlo').click()
  await button('Proponerlo').click()
  await ofTecolote().click()
  await button('Proponer que deje de ser parte').click()
  await page.getByLabelText('Quitar la pausa que puso al teléfono de Trueno').click()
  await button('Proponerlo').click()
  await button('Proponerlo').click()
  const member = memberId('Tecolote')
  expect(space.wishes).toEqual([
    { action: 'removeMember', member, annul: [] },
    { action: 'removeMember', member, annul: [entryId('uno'), entryId('dos'), entryId('cuatro')] },
  ])
})

test('whoever votes reads which pauses would end', async () => {
  show(
    asked({
      action: 'removeMember',
      subject: memberId('Tecolote'),
      name: 'Tecolote',
      change: { action: 'removeMember', annul: said },
    }),
  )
  await expect.element(page.getByText('Con eso terminan también las pausas que puso a:')).toBeVisible()
  const lines = page.getByRole('article').getByRole('listitem').elements()
  expect(lines.map(({ textContent }) => textContent.trim())).toEqual([
    'Teléfono de Trueno',
    'Teléfono de Hilo',
  ])
  await expect.element(yes()).toBeVisible()
})

test('a number of vouchers is said from what to what, and when it would let nobody in', async () => {
  const change = { action: 'policy', from: 2, to: 4, voices: 5 } as const
  const space = asked({ action: 'policy', change })
  show(space)
  await expect.element(page.getByText('Propuesta: 4 avales para entrar, en vez de 2')).toBeVisible()
  await expect.element(page.getByText(/nadie podría entrar/)).not.toBeInTheDocument()
  await expect.element(yes()).toBeVisible()
  const now = space.membership.read()
  space.membership.set({
    ...now,
    decisions: [{ ...now.decisions[0]!, change: { ...change, to: 1000 } }],
  })
  await expect.element(page.getByText(/Propuesta: 1.?000 avales para entrar, en vez de 2/)).toBeVisible()
  await expect
    .element(page.getByText('Deciden 5 personas: con tantos avales, nadie podría entrar.'))
    .toBeVisible()
})

test('who is said to be away is named, and what follows from it', async () => {
  const members = [memberId('Tecolote'), memberId('Hilo')]
  show(asked({ action: 'dormant', change: { action: 'dormant', members } }))
  await expect
    .element(page.getByText('Propuesta: los acuerdos firmes no esperan a Tecolote e Hilo'))
    .toBeVisible()
  await expect.element(page.getByText(/con cualquier señal vuelven a esperar su firma/)).toBeVisible()
  await expect.element(yes()).toBeVisible()
})

test('that more of what a phone wrote counts: whose, how much, and where to read it first', async () => {
  const change = { action: 'amendFrontier', changes: 3, isHere: true } as const
  const about = {
    action: 'amendFrontier',
    name: 'Tecolote',
    subjectDevice: deviceId('Tecolote phone'),
  } as const
  const space = asked({ ...about, change })
  show(space)
  await expect
    .element(page.getByText('Propuesta: que cuente más de lo que escribió un teléfono de Tecolote'))
    .toBeVisible()
  await expect.element(page.getByText(/Contarían 3 cambios más/)).toBeVisible()
  await expect
    .element(page.getByRole('link', { name: 'Leerlo antes' }))
    .toHaveAttribute('href', '#/colectivo/apartado')
  await expect.element(yes()).toBeVisible()
  const now = space.membership.read()
  space.membership.set({
    ...now,
    decisions: [
      { ...now.decisions[0]!, mayApprove: false, change: { ...change, changes: 0, isHere: false } },
    ],
  })
  await expect.element(page.getByText('Lo que contaría todavía no llega a este teléfono.')).toBeVisible()
  await expect.element(yes()).not.toBeInTheDocument()
})

test('rules this app knows take a second touch, because there is no way back', async () => {
  const space = asked({ action: 'minRules', change: { action: 'minRules', rules: 1, isKnown: true } })
  show(space)
  await expect.element(page.getByText('Propuesta: seguir con las reglas 1 de la app')).toBeVisible()
  await expect.element(page.getByText(/Tu app las conoce.*No hay vuelta atrás/)).toBeVisible()
  await yes().click()
  expect(space.asked).toEqual([])
  await yes().click()
  expect(space.asked).toEqual([`approve ${entryId('propuesta')}`])
})

test('rules this app does not know: it says what would happen here, and has no yes', async () => {
  const change = { action: 'minRules', rules: 9, isKnown: false } as const
  show(asked({ action: 'minRules', mayApprove: false, change }))
  await expect.element(page.getByText('Propuesta: seguir con las reglas 9 de la app')).toBeVisible()
  await expect.element(page.getByText(/Tu app no las conoce.*aquí solo podrás leer/)).toBeVisible()
  await expect.element(yes()).not.toBeInTheDocument()
})

test('what this app cannot show at all has no yes, whatever is said of it', async () => {
  show(asked({ action: 'other' }))
  await expect.element(page.getByText('Tu app no conoce esta propuesta')).toBeVisible()
  await expect.element(page.getByText(/Actualízala para ver qué cambia/)).toBeVisible()
  await expect.element(yes()).not.toBeInTheDocument()
})

test('while nothing is firm, decisions say that they may change; afterwards they do not', async () => {
  const space = asked({ action: 'dormant', change: { action: 'dormant', members: [memberId('Hilo')] } })
  show(space)
  const provisional = page.getByText('Todavía nada es firme: lo que se decide puede cambiar.')
  await expect.element(provisional).toBeVisible()
  const final = { id: entryId('acuerdo'), signedBy: [], words: [], mayReturn: false }
  space.agreed.state.set({ ...space.agreed.state.read(), final })
  await expect.element(provisional).not.toBeInTheDocument()
})

test('who has not answered for a month is put to all as away, once, and is marked when all agreed', async () => {
  const space = vertientes()
  tecolote(space, {}, { heard: Date.now() - 31 * 24 * 3_600_000 })
  show(space)
  await ofTecolote().click()
  await button('Hace mucho que no responde').click()
  await expect.element(page.getByText(/Sigue siendo parte y su voz cuenta igual/)).toBeVisible()
  await button('Proponerlo').click()
  const members = [memberId('Tecolote')]
  expect(space.wishes).toEqual([{ action: 'dormant', members }])
  const now = space.membership.read()
  const decision = paperDecision('lejos', { action: 'dormant', change: { action: 'dormant', members } })
  space.membership.set({ ...now, decisions: [decision] })
  await ofTecolote().click()
  await expect.element(button('Proponer que deje de ser parte')).toBeVisible()
  expect(button('Hace mucho que no responde').elements()).toHaveLength(0)
  await page.getByRole('button', { name: 'Cerrar', exact: true }).click()
  tecolote(space, { dormant: true })
  await expect.element(page.getByText(/lejos: no se espera su firma/)).toBeVisible()
})

test.each([
  ['is linked', {}, { linked: true }],
  ['was heard last week', {}, { heard: Date.now() - 7 * 24 * 3_600_000 }],
  ['has no voice yet', { votes: false }, {}],
  ['is away already', { dormant: true }, {}],
])('nobody is asked about as away who %s', async (_, about, phone) => {
  const space = vertientes()
  tecolote(space, about, phone)
  show(space)
  await ofTecolote().click()
  await expect.element(button('Proponer que deje de ser parte')).toBeVisible()
  expect(button('Hace mucho que no responde').elements()).toHaveLength(0)
})

test('of two, nobody is put to all as away or as no longer part: there is no majority', async () => {
  const pair = new PaperSpace({ id: 'dos', kind: 'pair', title: 'Dos', names: ['Ceiba', 'Tecolote'] })
  show(pair)
  await ofTecolote().click()
  await expect.element(page.getByRole('dialog')).toBeVisible()
  for (const name of ['Hace mucho que no responde', 'Proponer que deje de ser parte'])
    expect(button(name).elements()).toHaveLength(0)
  expect(page.getByRole('heading', { name: 'Reglas' }).elements()).toHaveLength(0)
})

test('the collective’s rules say how many vouch, and offer only numbers that may be', async () => {
  const space = vertientes()
  show(space)
  await expect.element(page.getByText('Para entrar hacen falta 2 avales.')).toBeVisible()
  await button('Proponer otro número').click()
  const number = page.getByLabelText('Avales para entrar')
  expect([...(number.element() as HTMLSelectElement).options].map(({ value }) => value)).toEqual([
    '3',
    '4',
    '5',
  ])
  await expectNoBarriers()
  await number.selectOptions('4')
  await button('Proponerlo').click()
  expect(space.wishes).toEqual([{ action: 'policy', admit: 4 }])
})

test('what a retired phone wrote that does not count is put to all, after reading it', async () => {
  const space = vertientes()
  tecolote(space, {}, { standing: 'revoked', aside: 2 })
  show(space)
  await expect.element(page.getByText(/2 cambios suyos no cuentan/)).toBeVisible()
  await expect.element(page.getByRole('link', { name: 'Leerlo antes' })).toBeVisible()
  await button('Proponer que cuente lo que escribió').click()
  await button('Proponer que cuente lo que escribió').click()
  expect(space.wishes).toEqual([{ action: 'amendFrontier', device: deviceId('Tecolote phone') }])
  tecolote(space, {}, { standing: 'revoked', aside: 0 })
  await expect.element(button('Proponer que cuente lo que escribió')).not.toBeInTheDocument()
})
