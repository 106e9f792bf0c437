import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { addPerson, people } from '../../src/lib/domain/people.ts'
import AsideScreen from '../../src/lib/ui/collective/AsideScreen.svelte'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import {
  deviceId,
  entryId,
  markOf,
  memberId,
  paperDecision,
  paperDevice,
  PHRASE,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const vertientes = (...names: string[]): PaperSpace =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: names.length > 0 ? names : ['Ceiba', 'Tecolote', 'Jícara'],
  })

const show = (space: PaperSpace, about: Staging = {}) =>
  stage(CollectiveScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/colectivo',
    title: 'Colectivo',
    ...about,
  })

const button = (name: string | RegExp) => page.getByRole('button', { name })

/** Tecolote’s phone, as its row is told by a test. */
const tecolote = (space: PaperSpace, about: Parameters<typeof paperDevice>[1]) => {
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: now.members.map((member) =>
      member.id === memberId('Tecolote')
        ? { ...member, devices: [paperDevice('Tecolote phone', about)] }
        : member,
    ),
  })
}

const pausedBy = (name: string, about: { readonly seconded?: boolean } = {}) => ({
  standing: 'suspended' as const,
  knownBy: 1,
  suspensions: [
    {
      id: entryId(`pause by ${name}`),
      mine: name === 'Ceiba',
      seconded: about.seconded ?? false,
      by: memberId(name),
    },
  ],
})

beforeEach(() => page.viewport(360, 740))

test('Ceiba loses sight of Jícara’s phone and pauses it with four touches', async () => {
  const space = vertientes()
  show(space)
  let touches = 0
  const touch = async (name: string | RegExp) => {
    touches += 1
    await button(name).click()
  }
  await touch('Perdí un teléfono')
  await touch(/Teléfono de Jícara/)
  await expect
    .element(page.getByRole('listitem').filter({ hasText: 'deja de compartir lo nuevo' }))
    .toBeVisible()
  expect(space.asked).toEqual([])
  await touch('Poner en pausa este teléfono')
  expect(space.asked).toEqual([])
  await touch('Poner en pausa este teléfono')
  expect(touches).toBeLessThanOrEqual(4)
  expect(space.asked).toEqual([`suspend ${deviceId('Jícara phone')} lost`])
  await expect.element(page.getByText('1 de 2 personas ya lo saben').first()).toBeVisible()
})

test('what happens now is told in three lines before anything happens', async () => {
  show(vertientes())
  await button('Perdí un teléfono').click()
  await button(/Teléfono de Jícara/).click()
  const lines = page.getByRole('dialog').getByRole('listitem').elements()
  expect(lines).toHaveLength(3)
  expect(lines.map((line) => line.textContent).join(' ')).toContain('Jícara sigue siendo parte')
})

test('whoever says that a phone was taken says it with one touch more', async () => {
  const space = vertientes()
  show(space)
  await button('Perdí un teléfono').click()
  await button(/Teléfono de Tecolote/).click()
  await page.getByText('Lo quitaron').click()
  await button('Poner en pausa este teléfono').click()
  await button('Poner en pausa este teléfono').click()
  expect(space.asked).toEqual([`suspend ${deviceId('Tecolote phone')} seized`])
})

test('the phone in one’s hand is not among those one lost', async () => {
  show(vertientes())
  await button('Perdí un teléfono').click()
  await expect.element(button(/Teléfono de Tecolote/)).toBeVisible()
  expect(
    page
      .getByRole('dialog')
      .getByRole('button', { name: /Teléfono de Ceiba/ })
      .elements(),
  ).toHaveLength(0)
})

test('a pause that cannot be kept says so, and nothing claims that it was', async () => {
  const space = vertientes()
  space.refuses = 'StorageFailed'
  const { t } = show(space)
  await button('Perdí un teléfono').click()
  await button(/Teléfono de Jícara/).click()
  await button('Poner en pausa este teléfono').click()
  await button('Poner en pausa este teléfono').click()
  await expect.element(page.getByText(t('problem.StorageFailed'))).toBeVisible()
  expect(page.getByText(t('lost.done')).elements()).toHaveLength(0)
})

test('the count of those who know follows the news', async () => {
  const space = vertientes('Ceiba', 'Tecolote', 'Jícara', 'Maíz Negro', 'Trueno', 'Hilo')
  tecolote(space, pausedBy('Ceiba'))
  show(space)
  await expect.element(page.getByText('1 de 5 personas ya lo saben')).toBeVisible()
  tecolote(space, { ...pausedBy('Ceiba'), knownBy: 3 })
  await expect.element(page.getByText('3 de 5 personas ya lo saben')).toBeVisible()
  tecolote(space, { ...pausedBy('Ceiba'), knownBy: 5 })
  await expect.element(page.getByText('Todas las personas ya lo saben')).toBeVisible()
})

test('a pause by one other person is shown as unconfirmed, and a second person confirms it', async () => {
  const space = vertientes()
  tecolote(space, pausedBy('Jícara'))
  show(space)
  await expect.element(page.getByText('Lo pausó Jícara')).toBeVisible()
  await expect.element(page.getByText('Falta que otra persona confirme esta pausa.')).toBeVisible()
  await button('Confirmar la pausa').click()
  expect(space.asked).toEqual([`suspend ${deviceId('Tecolote phone')} lost`])
  await expect.element(page.getByText(/Otra persona confirmó la pausa/)).toBeVisible()
})

test('a paused phone that still hears of its pause does not count as in contact', async () => {
  const space = vertientes()
  tecolote(space, { ...pausedBy('Jícara'), linked: true })
  show(space)
  await expect.element(page.getByText('Lo pausó Jícara')).toBeVisible()
  expect(page.getByText('Conectado ahora').elements()).toHaveLength(0)
})

test('whoever pauses their own phone needs nobody to confirm it', async () => {
  const space = vertientes()
  tecolote(space, pausedBy('Tecolote'))
  show(space)
  await expect.element(page.getByText('Lo pausó Tecolote')).toBeVisible()
  expect(page.getByText(/Falta que otra persona/).elements()).toHaveLength(0)
  expect(button('Confirmar la pausa').elements()).toHaveLength(0)
})

test('a found phone comes back by the phrase of whoever paused it, and of nobody else', async () => {
  const space = vertientes()
  tecolote(space, pausedBy('Ceiba', { seconded: true }))
  show(space)
  await button('Quitar mi pausa').click()
  expect(space.asked).toEqual([])
  await button('Quitar mi pausa').click()
  expect(space.asked).toEqual([])
  const sheet = page.getByRole('dialog')
  await sheet.getByLabelText('Frase').fill('otra frase cualquiera')
  await sheet.getByRole('button', { name: 'Quitar mi pausa' }).click()
  await expect.element(sheet.getByText(/Esa frase no abre/)).toBeVisible()
  expect(space.asked).toEqual([])
  await sheet.getByLabelText('Frase').fill(PHRASE)
  await sheet.getByRole('button', { name: 'Quitar mi pausa' }).click()
  await expect.poll(() => space.asked).toEqual([`withdraw ${entryId('pause by Ceiba')}`])
  tecolote(space, pausedBy('Jícara', { seconded: true }))
  await expect.element(page.getByText(/Lo pausó Jícara/)).toBeVisible()
  expect(button('Quitar mi pausa').elements()).toHaveLength(0)
})

test('Ceiba vouches for Barranca, and takes her word back with one touch', async () => {
  const space = vertientes()
  space.membership.set({
    ...space.membership.read(),
    decisions: [paperDecision('Barranca', { approvals: [memberId('Jícara')] })],
  })
  show(space)
  await expect.element(page.getByText('Barranca quiere entrar')).toBeVisible()
  await expect.element(page.getByText('Ya dijeron que sí: Jícara')).toBeVisible()
  await button('Dar mi aval').click()
  await expect.element(page.getByText('2 de 2 avales')).toBeVisible()
  await button('Deshacer').click()
  expect(space.asked).toEqual([`approve ${entryId('Barranca')}`, `withdraw ${entryId('Barranca')}`])
  await expect.element(page.getByText('1 de 2 avales')).toBeVisible()
})

test('who may not decide yet sees the decision and no button', async () => {
  const space = vertientes()
  space.membership.set({
    ...space.membership.read(),
    decisions: [paperDecision('Barranca', { mayApprove: false })],
  })
  show(space)
  await expect.element(page.getByText('Barranca quiere entrar')).toBeVisible()
  expect(button('Dar mi aval').elements()).toHaveLength(0)
})

test('people without a phone are named, counted, and can be added', async () => {
  const space = vertientes()
  addPerson(space.doc.read(), { name: 'Abuela Brasa', member: null, participation: 'no device' })
  show(space)
  await expect.element(page.getByText('Colectivo de 4 personas')).toBeVisible()
  await button('Agregar a alguien sin teléfono').click()
  await page.getByRole('dialog').getByLabelText('Nombre').fill('Don Pedernal')
  await button('Agregar').last().click()
  await expect.element(page.getByText('Don Pedernal', { exact: true })).toBeVisible()
  await expect.element(page.getByText('Colectivo de 5 personas')).toBeVisible()
  expect(
    people(space.doc.read())
      .read()
      .map(({ name }) => name),
  ).toContain('Don Pedernal')
})

test('somebody who waits for vouchers is not yet counted among us', async () => {
  const space = vertientes()
  addPerson(space.doc.read(), {
    name: 'Barranca',
    member: memberId('Barranca'),
    participation: 'own device',
  })
  const asked = [memberId('Barranca')]
  space.membership.set({ ...space.membership.read(), asked, decisions: [paperDecision('Barranca')] })
  show(space)
  await expect.element(page.getByText('Barranca quiere entrar')).toBeVisible()
  await expect.element(page.getByText('Colectivo de 3 personas')).toBeVisible()
  expect(page.getByText('Barranca', { exact: true }).elements()).toHaveLength(0)
})

test('whoever the others put out is named as out, and is counted neither here nor among people without a phone', async () => {
  const space = vertientes()
  addPerson(space.doc.read(), {
    name: 'Barranca',
    member: memberId('Barranca'),
    participation: 'own device',
  })
  space.membership.set({ ...space.membership.read(), removed: [memberId('Barranca')] })
  show(space)
  await expect.element(page.getByText('Colectivo de 3 personas')).toBeVisible()
  const row = page.getByRole('listitem').filter({ hasText: 'Barranca' })
  await expect.element(row.getByRole('button', { name: 'Fuera' })).toBeVisible()
  expect(page.getByText('Barranca', { exact: true }).elements()).toHaveLength(1)
  await expectNoBarriers()
})

test('a member nobody has named yet is there all the same, and can be given a name', async () => {
  const space = vertientes()
  space.membership.set({
    ...space.membership.read(),
    members: [
      ...space.membership.read().members,
      {
        id: memberId('Hilo'),
        founder: false,
        votes: true,
        dormant: false,
        me: false,
        trust: 'unverified',
        devices: [paperDevice('Hilo phone')],
      },
    ],
  })
  show(space)
  await expect.element(page.getByText('Sin nombre todavía')).toBeVisible()
  await button('Renombrar').last().click()
  await page.getByRole('dialog').getByLabelText('Nombre').fill('Hilo')
  await button('Guardar').click()
  await expect.element(page.getByText('Hilo', { exact: true })).toBeVisible()
  expect(
    people(space.doc.read())
      .read()
      .find(({ name }) => name === 'Hilo')?.member,
  ).toBe(memberId('Hilo'))
})

test('another document takes the place of the first, and the names follow', async () => {
  const space = vertientes()
  show(space)
  const rebuilt = vertientes('Ceiba', 'Tecolote la Grande', 'Jícara').doc.read()
  for (const person of people(rebuilt).read())
    if (person.name === 'Tecolote la Grande')
      addPerson(rebuilt, { name: 'Lechuza', member: null, participation: 'no device' })
  space.doc.set(rebuilt)
  await expect.element(page.getByText('Lechuza')).toBeVisible()
})

test('somebody writes as if they were Tecolote’s phone: it is said without blame, and paused with two touches', async () => {
  const space = vertientes()
  show(space)
  tecolote(space, { copied: true })
  await expect.element(page.getByText('Alguien escribe como si fuera el teléfono de Tecolote')).toBeVisible()
  await expect.element(page.getByText(/Hablen con Tecolote en persona/)).toBeVisible()
  await expectNoBarriers()
  await button('Poner en pausa').click()
  await expect.element(page.getByText('Hay duda')).toBeVisible()
  tecolote(space, { ...pausedBy('Ceiba'), copied: true })
  await expect.element(page.getByText(/Ya está en pausa/)).toBeInTheDocument()
})

test('whose own phone was copied is told so, and whom to talk to', async () => {
  const space = vertientes()
  show(space)
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: now.members.map((member) =>
      member.me
        ? { ...member, devices: member.devices.map((device) => ({ ...device, copied: true })) }
        : member,
    ),
  })
  await expect.element(page.getByText('Alguien escribe como si fuera este teléfono')).toBeVisible()
  await expect.element(page.getByText(/Cuéntalo a tu equipo en persona/)).toBeVisible()
  await expect.element(button('Poner en pausa')).not.toBeInTheDocument()
})

test('on a paused phone everything can be read and nothing can be done', async () => {
  const space = vertientes()
  space.membership.set({
    ...space.membership.read(),
    me: 'suspended',
    decisions: [paperDecision('Barranca')],
  })
  const { t } = show(space)
  await expect.element(page.getByText(t('suspended.lead'))).toBeVisible()
  for (const name of ['Dar mi aval', 'Perdí un teléfono', 'Renombrar', 'Agregar a alguien sin teléfono'])
    expect(button(name).elements()).toHaveLength(0)
  expect(page.getByRole('link', { name: 'Invitar a alguien' }).elements()).toHaveLength(0)
})

test('a notebook invites nobody: it offers to found', async () => {
  show(new PaperSpace({ id: 'mío', kind: 'notebook', title: 'Mío', names: ['Ceiba'] }))
  await expect
    .element(page.getByRole('link', { name: 'Fundar un colectivo' }))
    .toHaveAttribute('href', '#/fundar')
  expect(page.getByRole('link', { name: 'Invitar a alguien' }).elements()).toHaveLength(0)
  expect(button('Perdí un teléfono').elements()).toHaveLength(0)
})

test('what else is on this phone opens from here', async () => {
  const space = vertientes()
  const own = new PaperSpace({ id: 'mío', kind: 'notebook', title: 'Mi cuaderno', names: ['Ceiba'] })
  const { session } = show(space, { session: new PaperSession(new PaperWorkspace([space, own])) })
  await button(/Mi cuaderno/).click()
  expect(session.workspace.current.read()?.id).toBe('mío')
})

test('a key that does not open is told with the name of whose phone made it, on the phone it came to and on others', async () => {
  const space = vertientes()
  const complaint = {
    id: entryId('complaint'),
    epoch: entryId('epoch') as never,
    isMissing: false,
    by: memberId('Ceiba'),
    maker: memberId('Tecolote'),
    mine: true,
  }
  space.membership.set({ ...space.membership.read(), complaints: [complaint] })
  show(space)
  await expect
    .element(
      page.getByText('A este teléfono le llegó una llave que no abre. La hizo el teléfono de Tecolote.'),
    )
    .toBeVisible()
  space.membership.set({
    ...space.membership.read(),
    complaints: [{ ...complaint, by: memberId('Jícara'), mine: false }],
  })
  await expect
    .element(
      page.getByText(
        'Al teléfono de Jícara le llegó una llave que no abre. La hizo el teléfono de Tecolote.',
      ),
    )
    .toBeVisible()
  await expectNoBarriers()
  // None came: that is no fault of whoever made it, and is not said to be one.
  space.membership.set({ ...space.membership.read(), complaints: [{ ...complaint, isMissing: true }] })
  await expect.element(page.getByText(/A este teléfono todavía no le llega una llave/)).toBeVisible()
  expect(page.getByText(/Tecolote\. Si vuelve/).elements()).toHaveLength(0)
  expect(page.getByText(/La hizo el teléfono/).elements()).toHaveLength(0)
})

const aside = (text: string) => ({
  id: `aside ${text}`,
  device: deviceId('Tecolote phone'),
  member: memberId('Tecolote'),
  text,
  where: { type: 'article' as const, title: 'Si alguien viene de noche' },
  brought: false,
})

test('what a paused phone wrote is listed with its author, and a piece is brought back', async () => {
  const space = vertientes()
  space.setAside.set([aside('Luces y caracol.'), aside('Nos juntamos.')])
  stage(AsideScreen, { session: new PaperSession(new PaperWorkspace([space])), props: { space } })
  await expect.element(page.getByText('Luces y caracol.')).toBeVisible()
  expect(page.getByText('Lo escribió el teléfono de Tecolote').elements()).toHaveLength(2)
  await button('Traer de vuelta').first().click()
  expect(space.asked).toEqual(['bring back aside Luces y caracol.'])
  await expect.element(page.getByRole('status').getByText('Quedó como un cambio tuyo.')).toBeVisible()
  await expect.element(page.getByText('Luces y caracol.')).toBeVisible()
  expect(button('Traer de vuelta').elements()).toHaveLength(1)
  // That somebody brought it back is what somebody said: whoever does not find it may do it again.
  await expect.element(page.getByText('Alguien de tu equipo ya lo trajo de vuelta.')).toBeVisible()
  await button('Traerlo otra vez').click()
  expect(space.asked).toHaveLength(2)
})

test('hostile text in a set-aside change is text and nothing else', async () => {
  const space = vertientes()
  space.setAside.set([aside('<img src=x onerror=alert(1)>\u202Eoçnam')])
  stage(AsideScreen, { session: new PaperSession(new PaperWorkspace([space])), props: { space } })
  await expect.element(page.getByText('<img src=x', { exact: false })).toBeVisible()
  expect(document.querySelector('main img')).toBeNull()
})

const full = () => {
  const space = vertientes('Ceiba', 'Tecolote', 'Jícara')
  tecolote(space, pausedBy('Jícara'))
  space.membership.set({ ...space.membership.read(), decisions: [paperDecision('Barranca')] })
  space.setAside.set([aside('Luces.')])
  addPerson(space.doc.read(), { name: 'Abuela Brasa', member: null, participation: 'no device' })
  return space
}

test.each([
  ['light', 'es', 360],
  ['dark', 'es', 360],
  ['discreet', 'en', 1280],
  ['light', 'ar', 360],
] as const)('no barrier in the collective, %s, %s, %i wide', async (look, locale, width) => {
  await page.viewport(width, 740)
  show(full(), { look, locale })
  await expectNoBarriers()
  await page.getByRole('button', { name: /Perdí un|I lost/ }).click()
  await expectNoBarriers()
})

test.each(['es', 'ar'])('nothing in the collective is wider than a small phone in %s', async (locale) => {
  const space = full()
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: [
      ...now.members,
      {
        id: memberId('long'),
        founder: true,
        votes: false,
        dormant: false,
        me: false,
        trust: 'verified',
        devices: [{ ...paperDevice('long'), mark: markOf('long'), linked: true }],
      },
    ],
  })
  addPerson(space.doc.read(), {
    name: 'Maríadelosángelesguadalupeconcepcióndelaluz'.repeat(2),
    member: memberId('long'),
    participation: 'shared device',
  })
  show(space, { locale })
  await expect.element(page.getByText(/Maríadelos/).first()).toBeVisible()
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
})

test('whoever uses the keyboard goes in, out, and back to where they were', async () => {
  show(vertientes())
  const opener = button('Perdí un teléfono')
  opener.element().focus()
  await userEvent.keyboard('{Enter}')
  const dialog = page.getByRole('dialog')
  await expect.element(dialog).toBeVisible()
  expect(dialog.element().contains(document.activeElement)).toBe(true)
  await userEvent.keyboard('{Escape}')
  await expect.element(dialog).not.toBeInTheDocument()
  await expect.element(opener).toHaveFocus()
})

test('a paused phone says who paused it and why, and erases itself only when held or tapped twice', async () => {
  const space = vertientes()
  const now = space.membership.read()
  const by = now.members.find(({ me }) => !me)!.id
  space.membership.set({
    ...now,
    me: 'suspended',
    members: now.members.map((member) =>
      member.me
        ? {
            ...member,
            devices: member.devices.map((device) => ({
              ...device,
              standing: 'suspended' as const,
              suspensions: [
                { id: paperDecision('x').id, mine: false, seconded: false, by, reason: 'seized' as const },
              ],
            })),
          }
        : member,
    ),
  })
  const { session, t } = show(space)
  await expect.element(page.getByText(/La pausa la puso .*Avisó que lo quitaron\./)).toBeVisible()
  await expect.element(page.getByText(t('suspended.stays'))).toBeVisible()
  await button('Borrar lo de este teléfono').click()
  await expect.element(page.getByText(t('erase.team'))).toBeVisible()
  const erase = page.getByRole('dialog').getByRole('button', { name: 'Borrar todo de aquí' })
  await erase.click()
  expect(session.asked).toEqual([])
  await erase.click()
  expect(session.asked).toEqual(['erase, then begin anew'])
})
