import encodeQR from 'qr'
import { beforeEach, expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { heldOf } from '../../src/lib/domain/held.ts'
import { people } from '../../src/lib/domain/people.ts'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import LostScreen from '../../src/lib/ui/collective/LostScreen.svelte'
import InviteScreen from '../../src/lib/ui/flows/InviteScreen.svelte'
import JoinScreen from '../../src/lib/ui/flows/JoinScreen.svelte'
import type { PaperEncounter, PaperHostFlow } from './paper-session.ts'
import {
  deviceId,
  entryId,
  memberId,
  paperDecision,
  paperDevice,
  PaperGuestFlow,
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
const show = (screen: Parameters<typeof stage>[0], space: PaperSpace, about: Staging = {}) =>
  stage(screen, {
    session: new PaperSession(new PaperWorkspace([space])),
    path: '/colectivo',
    ...about,
    props: { space, ...about.props },
  })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const waitsFor = (space: PaperSpace, action: 'admit' | 'addDevice') =>
  space.membership.set({
    ...space.membership.read(),
    decisions: [
      paperDecision('Barranca', {
        action,
        name: 'Barranca',
        approvals: [memberId('Tecolote')],
        mayApprove: true,
        mine: false,
        ...(action === 'addDevice' && { subject: memberId('Tecolote'), name: 'Tecolote', approvals: [] }),
      }),
    ],
  })

beforeEach(() => page.viewport(360, 740))

test('Ceiba shows her code, looks at the name, and asks the others; then she sees who has vouched and who still can', async () => {
  const space = vertientes()
  show(InviteScreen, space, { props: { kind: 'join' } })
  await button('Está aquí conmigo').click()
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  const [flow] = space.invitations as [PaperHostFlow]
  flow.state.set({
    step: 'here',
    guest: { id: 'Barranca', name: 'Barranca', words: null, state: 'verified' },
  })
  await expect.element(page.getByText('¿Barranca está aquí contigo?')).toBeVisible()
  await button('Sí, pedir el aval').click()
  expect(flow.asked).toEqual(['words Barranca same'])
  waitsFor(space, 'admit')
  flow.state.set({
    step: 'vouching',
    name: 'Barranca',
    have: 1,
    needed: 2,
    proposal: space.membership.read().decisions[0]!.id,
  })
  await expect.element(page.getByText('Ya dieron su aval: Tecolote')).toBeVisible()
  await expect.element(page.getByText('Pueden darlo: Jícara')).toBeVisible()
})

test('a browser that was told “no” to the wifi is the reason that is told at the door, too', async () => {
  const states: Record<string, PermissionState> = { 'local-network-access': 'prompt' }
  vi.spyOn(navigator.permissions, 'query').mockImplementation(({ name }) => {
    const state = states[name]
    const status = Object.assign(new EventTarget(), { state })
    return state ? Promise.resolve(status as unknown as PermissionStatus) : Promise.reject(new TypeError())
  })
  const space = vertientes()
  show(InviteScreen, space, { props: { kind: 'join' } })
  await button('Está aquí conmigo').click()
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  states['local-network-access'] = 'denied'
  const { encounter } = space.invitations[0]!
  ;(encounter as PaperEncounter).state.set({ step: 'failed' })
  await expect.element(page.getByText('No es que no haya nadie')).toBeVisible()
  vi.restoreAllMocks()
})

/** From here on the browser says this of what the app may do. */
const allows = (states: Readonly<Record<string, PermissionState>>) =>
  vi.spyOn(navigator.permissions, 'query').mockImplementation(({ name }) => {
    const state = states[name]
    const status = Object.assign(new EventTarget(), { state })
    return state ? Promise.resolve(status as unknown as PermissionStatus) : Promise.reject(new TypeError())
  })
const reason = () => page.getByText('No es que no haya nadie')
const cameraOff = () => page.getByText('La cámara está apagada para esta app')

test('at a door, too, what was refused is told before, while the code stands, and when nothing came about', async () => {
  allows({ camera: 'denied', 'local-network-access': 'denied' })
  const space = vertientes()
  show(InviteScreen, space, { props: { kind: 'join' } })
  const told = async () => {
    await expect.element(reason()).toBeVisible()
    await expect.element(cameraOff()).toBeVisible()
  }
  await button('Está aquí conmigo').click()
  await told()
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  await told()
  const [flow] = space.invitations as [PaperHostFlow]
  ;(flow.encounter as PaperEncounter).state.set({ step: 'connecting' })
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  await told()
  // A door goes with its code.
  flow.state.set({ step: 'ended', why: 'no contact' })
  await expect.element(page.getByText('No se completó')).toBeVisible()
  await told()
  await expect.element(page.getByText('¿Es una red de visitas')).toBeVisible()
  vi.restoreAllMocks()
})

test('a host who goes out through relay points alone reads nothing of an address in her code', async () => {
  const space = vertientes()
  space.holds = 'relay'
  show(InviteScreen, space, { props: { kind: 'join' } })
  await button('Está aquí conmigo').click()
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  expect(page.getByText(/la dirección de este|ninguna dirección/).elements()).toEqual([])
})

const INVITATION = 'https://example.org/#/unirme?c=joinjoinjoin'

/** Without a camera, where the code of another phone is typed. */
const typesTheInvitation = async () => {
  await button('Mostrar mi código').click()
  await button('Seguir sin cámara').click()
  await page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(INVITATION)
  await button('Usar este código').click()
}

test('Barranca reads an invitation where codes are read: she is let in by it, under the name she gave', async () => {
  const session = new PaperSession(new PaperWorkspace())
  stage(JoinScreen, { session, path: '/unirme' })
  await button('Estoy con quien me invita').click()
  await page.getByLabelText('Tu nombre').fill('Barranca')
  await typesTheInvitation()
  await expect
    .poll(() => session.workspace.asked)
    .toEqual(['join here as Barranca', `open ${INVITATION} as Barranca`])
  await expect.element(button('Mostrar mi código')).not.toBeInTheDocument()
})

test('an invitation is nothing for a further phone of one’s own: nobody comes in under the name of a phone', async () => {
  const session = new PaperSession(new PaperWorkspace())
  stage(JoinScreen, { session, path: '/unirme' })
  await button('Ya soy parte: sumar este teléfono').click()
  await page.getByLabelText('Cómo se llama este teléfono').fill('El de la cocina')
  await typesTheInvitation()
  expect(session.workspace.asked).toEqual(['device here as El de la cocina'])
})

test('Barranca’s camera sees the invitation on the screen of whoever invites her, and is let go of', async () => {
  const lens = document.createElement('canvas')
  lens.getContext('2d')!.fillRect(0, 0, 10, 10)
  const stream = lens.captureStream(15)
  vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockImplementation(async () => stream)
  const session = new PaperSession(new PaperWorkspace())
  stage(JoinScreen, { session, path: '/unirme' })
  await button('Estoy con quien me invita').click()
  await page.getByLabelText('Tu nombre').fill('Barranca')
  await button('Mostrar mi código').click()
  await button('Usar la cámara').click()
  await expect.element(page.getByLabelText('Lo que ve la cámara')).toBeVisible()
  draw(lens, INVITATION)
  await expect
    .poll(() => session.workspace.asked, { timeout: 10_000 })
    .toEqual(['join here as Barranca', `open ${INVITATION} as Barranca`])
  await expect.element(page.getByLabelText('Lo que ve la cámara')).not.toBeInTheDocument()
  expect(stream.getTracks().map(({ readyState }) => readyState)).toEqual(['ended'])
  vi.restoreAllMocks()
})

/** Holds a code before the lens. */
const draw = (lens: HTMLCanvasElement, text: string): void => {
  const rows = encodeQR(text, 'raw', { border: 4 })
  const side = 10
  lens.width = lens.height = rows.length * side
  const context = lens.getContext('2d')!
  for (const [y, row] of rows.entries())
    for (const [x, dark] of row.entries()) {
      context.fillStyle = dark ? '#000' : '#fff'
      context.fillRect(x * side, y * side, side, side)
    }
}

test('a door stays where it is while another code is made', async () => {
  vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockRejectedValue(new DOMException('', 'NotAllowedError'))
  const space = vertientes()
  space.holds = 'nothing'
  show(InviteScreen, space, { props: { kind: 'join' } })
  await button('Está aquí conmigo').click()
  await button('Seguir sin cámara').click()
  await expect.element(page.getByText('Este teléfono no muestra ninguna dirección')).toBeVisible()
  space.holds = 'address'
  await button('Usar la cámara').click()
  await expect.element(page.getByText('Tu código lleva la dirección')).toBeVisible()
  await expect.element(page.getByText('No se pudo usar la cámara')).toBeVisible()
  expect(space.invitations).toHaveLength(2)
  vi.restoreAllMocks()
})

test('“not yet” asks for a day and for nothing else, tells the newcomer, and is noted without a reason', async () => {
  const space = vertientes()
  show(InviteScreen, space, { props: { kind: 'join' } })
  await button('Está lejos').click()
  await expect.poll(() => space.invitations.length).toBe(1)
  const [flow] = space.invitations as [PaperHostFlow]
  waitsFor(space, 'admit')
  const proposal = space.membership.read().decisions[0]!.id
  flow.state.set({ step: 'vouching', name: 'Barranca', have: 1, needed: 2, proposal })
  await button('Decir que todavía no').click()
  expect(page.getByRole('dialog').getByRole('textbox').elements()).toHaveLength(0)
  await button('En un mes').click()
  await expect.poll(() => flow.asked).toMatchObject([/^not until \d+$/])
  expect(heldOf(space.doc.read()).read()).toMatchObject([
    { member: memberId('Barranca'), name: 'Barranca', by: space.me.member },
  ])
  await expect.element(page.getByText('Le dijiste que todavía no.', { exact: false })).toBeVisible()
})

test('whoever is told “not yet” reads from when on they can ask again, and no accusation', async () => {
  const session = new PaperSession()
  const flow = new PaperGuestFlow('join')
  flow.state.set({ step: 'ended', why: 'not yet', until: Date.UTC(2030, 2, 3, 12) })
  session.workspace.flow.set(flow)
  stage(JoinScreen, { session })
  await expect.element(page.getByText('todavía no', { exact: false })).toBeVisible()
  await expect.element(page.getByText('3 de marzo', { exact: false })).toBeVisible()
})

test('a member asks that somebody wait: everybody sees it on the card, and can vouch all the same', async () => {
  const space = vertientes()
  waitsFor(space, 'admit')
  show(CollectiveScreen, space)
  await button('Pedir que espere').click()
  await button('En una semana').click()
  await expect.element(page.getByText(/tú pide esperar hasta el/)).toBeVisible()
  await expect.element(button('Dar mi aval')).toBeVisible()
})

test('a request for a further phone stands above every screen, on that of whose name it is in other words', async () => {
  const space = vertientes()
  waitsFor(space, 'addDevice')
  show(LostScreen, space, { path: '/registro' })
  await expect
    .element(page.getByText('Tecolote pide sumar otro teléfono.', { exact: false }))
    .toBeInTheDocument()
  space.membership.set({
    ...space.membership.read(),
    decisions: [paperDecision('mine', { action: 'addDevice', subject: space.me.member })],
  })
  await expect.element(page.getByText('Se pidió sumar un teléfono a tu nombre.')).toBeInTheDocument()
})

test('the phone beside one’s name is called what one likes, and others see what it is called', async () => {
  const space = vertientes()
  show(CollectiveScreen, space)
  await button('Ponerle nombre').click()
  await page.getByRole('textbox', { name: 'Nombre' }).fill('El azul')
  await button('Guardar').click()
  await expect.element(page.getByText('El azul')).toBeVisible()
})

test('to put somebody out is proposed apart, behind words on what it is not for; how they are is noted and changes nothing', async () => {
  const space = vertientes()
  show(CollectiveScreen, space)
  await button('Más sobre Tecolote').click()
  await button('en detención').click()
  expect(
    people(space.doc.read())
      .read()
      .find(({ name }) => name === 'Tecolote')?.state,
  ).toBe('detained')
  expect(space.wishes).toEqual([])
  await button('Más sobre Tecolote').click()
  await button('Proponer que deje de ser parte').click()
  await expect.element(page.getByText('Estar en detención nunca saca a nadie.')).toBeVisible()
  expect(space.wishes).toEqual([])
  const hold = button('Proponerlo')
  await hold.click()
  await hold.click()
  await expect
    .poll(() => space.wishes)
    .toEqual([{ action: 'removeMember', member: memberId('Tecolote'), annul: [] }])
})

test('a paused phone: that it comes back, and that it ends for good, are two proposals of two different touches', async () => {
  const space = vertientes()
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: now.members.map((member) =>
      member.id === memberId('Tecolote')
        ? {
            ...member,
            devices: [
              paperDevice('Tecolote phone', {
                standing: 'suspended',
                suspensions: [{ id: entryId('pause'), mine: false, seconded: true, by: memberId('Jícara') }],
              }),
            ],
          }
        : member,
    ),
  })
  show(CollectiveScreen, space)
  await page.getByText('Más sobre esta pausa').click()
  await button('Proponer quitar la pausa').click()
  await expect.poll(() => space.wishes).toEqual([{ action: 'lift', device: deviceId('Tecolote phone') }])
  const end = button('Proponer retirarlo para siempre')
  await end.click()
  await end.click()
  await expect.poll(() => space.wishes.map(({ action }) => action)).toEqual(['lift', 'revokeDevice'])
})

test('what a phone holds and wrote last is told and shown, once it is paused', async () => {
  const space = vertientes()
  space.edits.push({
    id: 'one',
    device: deviceId('Tecolote phone'),
    member: memberId('Tecolote'),
    text: 'Mañana salimos por el puente.',
    where: { type: 'article', title: 'Rutas' },
    brought: false,
  })
  show(LostScreen, space)
  await button(/Teléfono de Tecolote/).click()
  const pause = button('Poner en pausa este teléfono')
  await pause.click()
  await pause.click()
  await page.getByText('Qué puede haber en ese teléfono').click()
  await expect.element(page.getByText('Si estaba abierto', { exact: false })).toBeVisible()
  await button('Revisar lo último que escribió').click()
  await expect.element(page.getByText('Mañana salimos por el puente.')).toBeVisible()
  await expect.element(page.getByText('En el artículo «Rutas»')).toBeVisible()
})

const screens: Readonly<Record<string, (about: Staging) => void>> = {
  'how to come in': (about) => void stage(JoinScreen, { session: new PaperSession(), ...about }),
  'how to let in': (about) => void show(InviteScreen, vertientes(), { ...about, props: { kind: 'join' } }),
  'which phone was lost': (about) => void show(LostScreen, vertientes(), about),
  'people and phones': (about) => {
    const space = vertientes()
    waitsFor(space, 'addDevice')
    show(CollectiveScreen, space, about)
  },
}

for (const [name, open] of Object.entries(screens))
  test.each([
    { locale: 'es', look: 'light' },
    { locale: 'ar', look: 'dark' },
  ] as const)(`no barrier, and nothing wider than a small phone: ${name} ($locale, $look)`, async (about) => {
    open(about)
    await expectNoBarriers()
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
  })
