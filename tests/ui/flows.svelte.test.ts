import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { problemKey } from '../../src/lib/i18n/problems.ts'
import FoundScreen from '../../src/lib/ui/flows/FoundScreen.svelte'
import InviteScreen from '../../src/lib/ui/flows/InviteScreen.svelte'
import JoinScreen from '../../src/lib/ui/flows/JoinScreen.svelte'
import type { FlowEnd, GuestState, HostGuest, HostState } from '../../src/lib/workspace/types.ts'
import {
  entryId,
  PaperGuestFlow,
  PaperHostFlow,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

const LINK = '#/unirme?c=AAECAwQFBgcICQoLDA0ODw'
const WORDS = ['árbol', 'lluvia', 'cocina', 'noche']
const GENESIS_WORDS = ['piedra', 'canto', 'mesa', 'río']

const notebook = () => new PaperSpace({ id: 'mío', kind: 'notebook', title: 'El pozo', names: ['Ana'] })
const collective = () =>
  new PaperSpace({ id: 'pozo', kind: 'collective', title: 'El pozo', names: ['Ana', 'Bea', 'Caro'] })

const guest = (name: string, state: HostGuest['state']): HostGuest => ({
  id: name,
  name,
  words: state === 'meeting' ? null : WORDS,
  state,
})

const inviting = (...guests: HostGuest[]): HostState => ({ step: 'inviting', link: LINK, guests })
const button = (name: string) => page.getByRole('button', { name, exact: true })

const founding = (state: HostState, locale = 'es') => {
  const space = notebook()
  const session = new PaperSession(new PaperWorkspace([space]))
  const flow = new PaperHostFlow('found')
  flow.state.set(state)
  session.workspace.flow.set(flow)
  return { flow, ...stage(FoundScreen, { session, props: { space }, locale }) }
}

const joining = (state: GuestState, kind: 'found' | 'join' = 'found', locale = 'es') => {
  const session = new PaperSession()
  const flow = new PaperGuestFlow(kind)
  flow.state.set(state)
  session.workspace.flow.set(flow)
  return { flow, ...stage(JoinScreen, { session, locale }) }
}

beforeEach(() => page.viewport(360, 740))

test('Ana begins to found from her notebook, with what she already wrote', async () => {
  const space = notebook()
  const { session } = stage(FoundScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
  })
  await expect.element(page.getByLabelText('Nombre del colectivo')).toHaveValue('El pozo')
  await expect.element(page.getByLabelText('Tu nombre')).toHaveValue('Ana')
  await button('Empezar').click()
  await expect.poll(() => session.workspace.asked).toEqual(['found El pozo as Ana'])
  await expect.element(page.getByLabelText('Enlace para tu equipo')).toBeVisible()
})

test('the link is whole: the address of this page, and the invitation behind the hash', async () => {
  founding(inviting())
  await expect
    .element(page.getByLabelText('Enlace para tu equipo'))
    .toHaveValue(`${location.origin}${location.pathname}${LINK}`)
})

test('with one guest verified nobody can found yet; with two they can', async () => {
  const { flow } = founding(inviting(guest('Bea', 'verified'), guest('Caro', 'words')))
  await expect.element(page.getByText('Falta una persona más para poder firmar.')).toBeVisible()
  expect(button('Ya estamos todas las personas').elements()).toHaveLength(0)
  flow.state.set(inviting(guest('Bea', 'verified'), guest('Caro', 'verified')))
  await button('Ya estamos todas las personas').click()
  expect(flow.asked).toEqual(['genesis'])
})

test('the words of a guest are shown in order, and each answer goes to that guest', async () => {
  const { flow } = founding(inviting(guest('Bea', 'words'), guest('Caro', 'meeting')))
  const shown = page.getByRole('list', { name: 'Palabras para comparar' }).getByRole('listitem').elements()
  expect(shown.map((item) => item.textContent.replace(/\d/g, '').trim())).toEqual(WORDS)
  await button('Son las mismas').click()
  expect(flow.asked).toEqual(['words Bea same'])
  await expect.element(page.getByText('Falta que Bea lo diga', { exact: false })).toBeVisible()
})

test('words that differ turn that guest away', async () => {
  const { flow } = founding(inviting(guest('Eve', 'words')))
  await button('No son las mismas').click()
  expect(flow.asked).toEqual(['words Eve differ'])
})

test('all read the words of the founding, and each signs once', async () => {
  const { flow } = founding({
    step: 'genesis',
    words: GENESIS_WORDS,
    guests: [guest('Bea', 'signed'), guest('Caro', 'verified')],
    signed: false,
  })
  for (const word of GENESIS_WORDS) await expect.element(page.getByText(word, { exact: true })).toBeVisible()
  await button('Son las mismas, firmar').click()
  expect(flow.asked).toEqual(['sign'])
  await expect.element(page.getByText('Ya firmaste', { exact: false })).toBeVisible()
  expect(button('Son las mismas, firmar').elements()).toHaveLength(0)
})

test('a founding that is left ends with what happened, and can begin anew', async () => {
  const { flow } = founding(inviting(guest('Bea', 'meeting')))
  await button('Dejar de fundar').click()
  expect(flow.asked).toEqual(['cancel'])
  await button('Intentar otra vez').click()
  await expect.element(button('Empezar')).toBeVisible()
})

test('a link is made for a newcomer only when asked for', async () => {
  const space = collective()
  stage(InviteScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space, kind: 'join' },
  })
  expect(space.invitations).toHaveLength(0)
  await button('Está lejos').click()
  await expect.element(page.getByLabelText('Enlace para una persona')).toBeVisible()
  // Whoever films the code has the link: it is there when somebody asks for it.
  const code = page.getByRole('img', { name: 'Código para leer con la cámara' })
  await expect.element(code).not.toBeInTheDocument()
  await page.getByText('Mostrarlo como código').click()
  await expect.element(code).toBeVisible()
  await expectNoBarriers()
  await page.getByText('Mostrarlo como código').click()
  await expect.element(code).not.toBeInTheDocument()
  expect(space.invitations).toHaveLength(1)
})

test('the host sees how many have vouched for the newcomer', async () => {
  const space = collective()
  const { home } = stage(InviteScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space, kind: 'join' },
  })
  await button('Está lejos').click()
  await expect.poll(() => home.invitation).not.toBeNull()
  space.invitations[0]!.state.set({
    step: 'vouching',
    name: 'Delia',
    have: 1,
    needed: 2,
    proposal: entryId('proposal'),
  })
  await expect.element(page.getByText('Delia espera el aval de tu equipo')).toBeVisible()
  await expect.element(page.getByText('1 de 2 avales')).toBeVisible()
  space.invitations[0]!.state.set({ step: 'done', space })
  await expect.element(page.getByText('Ya es parte del colectivo')).toBeVisible()
})

test('Delia pastes her link, says her name, and knocks', async () => {
  const { session } = stage(JoinScreen)
  await button('Tengo un enlace').click()
  await page.getByLabelText('Enlace').fill(`https://example.org/${LINK}`)
  await page.getByLabelText('Tu nombre').fill('Delia')
  await button('Entrar').click()
  await expect.poll(() => session.workspace.asked).toEqual([`open https://example.org/${LINK} as Delia`])
  await expect.element(page.getByText('Buscando a quien te invitó…')).toBeVisible()
})

test('a link that was opened needs only a name', async () => {
  const { session, home, t } = stage(JoinScreen)
  home.link = `https://example.org/${LINK}`
  await expect.element(page.getByText(t('join.ready'))).toBeVisible()
  await page.getByLabelText('Tu nombre').fill('Delia')
  await button('Entrar').click()
  await expect.poll(() => session.workspace.asked).toEqual([`open https://example.org/${LINK} as Delia`])
  expect(home.link).toBeNull()
})

test('half a link is refused kindly, and stays there to be corrected', async () => {
  const { t } = stage(JoinScreen)
  await button('Tengo un enlace').click()
  await page.getByLabelText('Enlace').fill('https://example.org/#/unirme')
  await page.getByLabelText('Tu nombre').fill('Delia')
  await button('Entrar').click()
  await expect.element(page.getByText(t(problemKey({ type: 'BadLink' })))).toBeVisible()
  await expect.element(page.getByLabelText('Enlace')).toHaveValue('https://example.org/#/unirme')
})

test('the guest reads the same words, and says so', async () => {
  const { flow } = joining({ step: 'words', words: WORDS, host: 'Ana' })
  await expect.element(page.getByText('Lee estas palabras con Ana')).toBeVisible()
  await button('Son las mismas').click()
  expect(flow.asked).toEqual(['words same'])
})

test('a guest who reads other words stops everything', async () => {
  const { flow, t } = joining({ step: 'words', words: WORDS, host: 'Ana' })
  await button('No son las mismas').click()
  expect(flow.asked).toEqual(['words differ'])
  await expect.element(page.getByText(t('ended.wordsDiffer'))).toBeVisible()
})

test('a guest sees what is founded and with whom before signing', async () => {
  const { flow } = joining({
    step: 'genesis',
    words: GENESIS_WORDS,
    title: 'El pozo',
    names: ['Ana', 'Bea', 'Caro'],
    before: null,
    signed: false,
  })
  await expect.element(page.getByText('Fundar «El pozo»')).toBeVisible()
  await expect.element(page.getByText('Firman: Ana, Bea y Caro')).toBeVisible()
  await button('Son las mismas, firmar').click()
  expect(flow.asked).toEqual(['sign'])
})

test('whoever waits for vouchers sees how many there are', async () => {
  const { flow } = joining({ step: 'vouching', have: 1, needed: 2 }, 'join')
  await expect.element(page.getByText('1 de 2 avales')).toBeVisible()
  flow.state.set({ step: 'vouching', have: 2, needed: 2 })
  await expect.element(page.getByText('2 de 2 avales')).toBeVisible()
})

const ENDS: readonly FlowEnd[] = [
  'cancelled',
  'words differ',
  'turned away',
  'link used up',
  'no contact',
  'not kept',
]

test.each(ENDS)('an end has words and a way on: %s', async (why) => {
  joining({ step: 'ended', why })
  await expect.element(page.getByRole('heading', { name: 'No se completó' })).toBeVisible()
  await button('Intentar otra vez').click()
  await expect.element(button('Entrar')).toBeVisible()
})

const steps: Readonly<Record<string, () => void>> = {
  'inviting, all kinds of guests': () =>
    void founding(inviting(guest('Bea', 'words'), guest('Caro', 'verified'), guest('', 'meeting')), 'ar'),
  'founding words': () =>
    void founding({ step: 'genesis', words: GENESIS_WORDS, guests: [guest('Bea', 'signed')], signed: true }),
  founded: () => void founding({ step: 'done', space: collective() }),
  meeting: () => void joining({ step: 'meeting' }),
  'guest words': () => void joining({ step: 'words', words: WORDS, host: 'Ana' }, 'found', 'ar'),
  vouching: () => void joining({ step: 'vouching', have: 0, needed: 2 }, 'join'),
  ended: () => void joining({ step: 'ended', why: 'no contact' }),
}

for (const [name, show] of Object.entries(steps))
  test(`no barrier while meeting: ${name}`, async () => {
    show()
    await expectNoBarriers()
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
  })
