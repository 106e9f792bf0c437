import type { Component } from 'svelte'
import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { ok } from '../../src/lib/core/result.ts'
import Reminder from '../../src/lib/ui/waysback/Reminder.svelte'
import WaysBackScreen from '../../src/lib/ui/waysback/WaysBackScreen.svelte'
import type { OpenCopy } from '../../src/lib/workspace/types.ts'
import {
  paperDevice,
  paperMember,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
  PHRASE,
} from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const DAY_MS = 86_400_000
const button = (name: string | RegExp) => page.getByRole('button', { name })

beforeEach(() => page.viewport(360, 740))

const opened: OpenCopy = {
  content: {
    at: Date.now() - 40 * DAY_MS,
    spaces: [
      { kind: 'collective', title: 'Las Tres Vertientes', myName: 'Ana', people: 5, circles: 1, isOut: true },
    ],
  },
  restore: () => Promise.resolve(ok(undefined)),
}

const among = () => {
  const space = new PaperSpace({
    id: 'todas',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ana', 'Bea', 'Delia'],
  })
  return { space, session: new PaperSession(new PaperWorkspace([space])) }
}

const shows = (session: PaperSession, about: Staging = {}) =>
  stage(WaysBackScreen as Component<never>, { session, props: { session, collective: null }, ...about })

const picks = () =>
  page.getByLabelText('Elegir el archivo').upload(new File([new Uint8Array(9)], 'cuaderno.bin'))

test('three ways side by side, each with what it takes, and when the last copy was made', async () => {
  const { session } = among()
  session.waysBack.set({ copied: Date.now() - 5 * DAY_MS, isDue: false })
  const { t } = shows(session)
  for (const heading of ['device', 'collective', 'file'] as const)
    await expect.element(page.getByRole('heading', { name: t(`waysBack.${heading}`) })).toBeVisible()
  await expect.element(page.getByText('Última copia: hace 5 días.')).toBeVisible()
  await expectNoBarriers()
})

test('where there is a page for the way of the collective there is a way to it', async () => {
  const { session } = among()
  shows(session, { props: { session, collective: '/volver/colectivo' } })
  await expect
    .element(page.getByRole('link', { name: 'Ver cómo es' }))
    .toHaveAttribute('href', '#/volver/colectivo')
})

test('alone in a notebook there is one way: the file', async () => {
  const alone = new PaperSpace({ id: 'mío', kind: 'notebook', title: 'Mío', names: ['Ana'] })
  const session = new PaperSession(new PaperWorkspace([alone]))
  const { t } = shows(session)
  await expect.element(page.getByText(t('waysBack.fileNever'))).toBeVisible()
  await expect.poll(() => page.getByRole('heading', { name: t('waysBack.device') }).elements()).toEqual([])
})

test('a copy is made under a phrase whose strength is told, and is named like the app here', async () => {
  const { session } = among()
  const { look } = shows(session)
  look.chooseFace('recetas')
  await button('Hacer una copia').click()
  await page.getByLabelText('Frase de la copia').fill('seis')
  await button('Hacer la copia').click()
  await expect.element(page.getByText(/ocho letras o más/)).toBeVisible()
  await page.getByLabelText('Frase de la copia').fill('nueve cántaros bajo la ceiba vieja')
  await expect.element(page.getByText(/más de una vida/)).toBeVisible()
  await button('Hacer la copia').click()
  const save = page.getByRole('link', { name: 'Guardar el archivo' })
  await expect.element(save).toHaveAttribute('download', 'recetas.bin')
  expect(session.asked).toEqual(['make copy', 'make copy'])
  look.chooseFace('cuaderno')
  await expectNoBarriers()
})

test('a rehearsal says how old the copy is, what would come back, and that nothing changed', async () => {
  const { session } = among()
  session.opens = ok(opened)
  const { t } = shows(session)
  await button('Simulacro').click()
  await picks()
  await page.getByLabelText('Frase de la copia').fill('otra frase')
  await button('Abrir la copia').click()
  await expect.element(page.getByText(t('backup.WrongBackupPhrase'))).toBeVisible()
  await expect.element(page.getByText(t('backup.unchanged'))).toBeVisible()
  await page.getByLabelText('Frase de la copia').fill(PHRASE)
  await button('Abrir la copia').click()
  for (const key of ['backup.whole', 'backup.rehearsed', 'backup.out', 'backup.old'] as const)
    await expect.element(page.getByText(t(key))).toBeVisible()
  await expect.element(page.getByText(/Aquí eres Ana. Hay 5 personas. Con un círculo./)).toBeVisible()
  await expectNoBarriers()
})

test.each(['NotABackup', 'CarriedNotBackup', 'NewerBackup', 'BackupDamaged'] as const)(
  'a file that is no copy of ours is refused by its name: %s',
  async (type) => {
    const { session } = among()
    session.looks = { ok: false, error: { type } }
    const { t } = shows(session)
    await button('Simulacro').click()
    await picks()
    await expect.element(page.getByText(t(`backup.${type}`))).toBeVisible()
  },
)

test('on a phone with nothing in it a copy is opened first, then a phrase for this phone is chosen', async () => {
  const session = new PaperSession(new PaperWorkspace(), { type: 'fresh', guest: false, others: false })
  const asked: string[] = []
  session.opens = ok({
    ...opened,
    restore: (phrase) => {
      asked.push(phrase)
      return Promise.resolve(ok(undefined))
    },
  })
  const { went } = stage(null, { session })
  await button('Tengo una copia').click()
  await expect.element(page.getByText('Elegir el archivo')).toBeVisible()
  await picks()
  await page.getByLabelText('Frase de la copia').fill(PHRASE)
  await button('Abrir la copia').click()
  await button('Volver a empezar aquí').click()
  await page.getByLabelText('Tu frase').fill('una frase de este teléfono')
  await button('Guardar mi frase').click()
  await expect.poll(() => went).toEqual(['/'])
  expect(asked).toEqual(['una frase de este teléfono'])
})

test('where nothing is kept no copy is offered', async () => {
  const session = new PaperSession(new PaperWorkspace(), { type: 'fresh', guest: true, others: false })
  const { t } = stage(null, { session })
  await expect.element(button(t('welcome.create'))).toBeVisible()
  expect(button('Tengo una copia').elements()).toEqual([])
})

test('a phone that came back says on every page that it waits, and why', async () => {
  const { session, space } = among()
  space.awaitsOthers.set(true)
  const { t } = shows(session, { path: '/volver' })
  for (const key of ['waysBack.waitsTitle', 'waysBack.waits1', 'waysBack.waits4'] as const)
    await expect.element(page.getByText(t(key))).toBeVisible()
  space.awaitsOthers.set(false)
  await expect.poll(() => page.getByText(t('waysBack.waitsTitle')).elements()).toEqual([])
})

test('after a week without a way back a card asks once; with another phone of one’s own it does not', async () => {
  const { session, space } = among()
  session.waysBack.set({ copied: null, isDue: true })
  const { t } = stage(Reminder as Component<never>, { session, props: { session, space } })
  await expect.element(page.getByText(t('waysBack.remind'))).toBeVisible()
  const { membership } = space
  const before = membership.read()
  const devices = [paperDevice('one', { thisOne: true }), paperDevice('two')]
  membership.set({ ...before, members: [paperMember('Ana', { me: true, devices })] })
  await expect.poll(() => page.getByText(t('waysBack.remind')).elements()).toEqual([])
  membership.set(before)
  await button(t('waysBack.remindNot')).click()
  await expect.poll(() => page.getByText(t('waysBack.remind')).elements()).toEqual([])
  expect(session.asked).toEqual(['silence reminder'])
})
