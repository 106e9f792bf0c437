import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import AgreedSection from '../../src/lib/ui/collective/AgreedSection.svelte'
import { Roster } from '../../src/lib/ui/collective/roster.svelte.ts'
import type { AgreedState } from '../../src/lib/workspace/types.ts'
import { entryId, memberId, PaperAgreed, PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const harvest = entryId('harvest')
const waiting = (about: Partial<AgreedState['open'][number]> = {}): AgreedState['open'][number] => ({
  id: harvest,
  by: memberId('Tecolote'),
  signedBy: [memberId('Tecolote')],
  needed: 3,
  check: 'same',
  mayNot: null,
  newVoices: [],
  gone: [],
  ...about,
})
const settled = { id: harvest, words: ['río', 'maíz', 'piedra', 'luna'], mayReturn: true }

const show = (agreed: PaperAgreed, about: Staging & { readonly mayAct?: boolean } = {}) => {
  const space = new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
  const session = new PaperSession(new PaperWorkspace([space]))
  const props = { agreed, roster: new Roster(space), mayAct: about.mayAct ?? true }
  return stage(AgreedSection, { session, props, path: '/colectivo', title: 'Colectivo', ...about })
}
const button = (name: string | RegExp) => page.getByRole('button', { name })

beforeEach(() => page.viewport(360, 740))

test('Ceiba signs what her phone found to be the same, and sees who decides from then on', async () => {
  const agreed = new PaperAgreed({ open: [waiting({ newVoices: [memberId('Jícara')] })] })
  show(agreed)
  await expect.element(page.getByText('1 de 3 firmas')).toBeVisible()
  await expect.element(page.getByText('leen lo que ya estaba cerrado: Jícara')).toBeVisible()
  await button('Firmar').click()
  expect(agreed.asked).toEqual([`cosign ${harvest}`])
  await expect.element(page.getByText('Firmaste el acuerdo.')).toBeVisible()
})

test('a proposal that counts somebody who left says so, and may be made again', async () => {
  const agreed = new PaperAgreed({ open: [waiting({ gone: [memberId('Jícara')] })], mayPropose: true })
  show(agreed)
  await expect.element(page.getByText(/cuentan con Jícara, que ya no está/)).toBeVisible()
  await button('Proponer un acuerdo firme').click()
  expect(agreed.asked).toEqual(['propose'])
})

test('nobody can sign what differs from their phone, or what it has not checked', async () => {
  for (const check of ['differs', 'working', 'missing', 'newer'] as const) {
    const agreed = new PaperAgreed({ open: [waiting({ check })] })
    const { t } = show(agreed)
    await expect.element(page.getByText(t(`agreed.${check}`)).last()).toBeVisible()
    expect(button('Firmar').elements()).toHaveLength(0)
  }
})

test('Ceiba decided something that is not in it: her phone says why it does not sign, and she may propose another', async () => {
  const agreed = new PaperAgreed({
    open: [waiting({ mayNot: { type: 'SignedOtherwise' } })],
    mayPropose: true,
  })
  show(agreed)
  await expect.element(page.getByText(/Ya firmaste o decidiste algo que no está/)).toBeVisible()
  expect(button('Firmar').elements()).toHaveLength(0)
  await button('Proponer un acuerdo firme').click()
  expect(agreed.asked).toEqual(['propose'])
})

test('whoever has signed, or may not act, finds no button', async () => {
  show(new PaperAgreed({ open: [waiting({ signedBy: [memberId('Ceiba')] })] }))
  await expect.element(page.getByText('Ya lo firmaste.')).toBeVisible()
  expect(button('Firmar').elements()).toHaveLength(0)
})

test('a phone out of use only reads', async () => {
  show(new PaperAgreed({ final: { ...settled, signedBy: [memberId('Tecolote')] }, open: [waiting()] }), {
    mayAct: false,
  })
  await expect.element(page.getByText('Lo firmaron Tecolote.')).toBeVisible()
  for (const name of ['Firmar', 'Volver a como estaba', 'Proponer un acuerdo firme'])
    expect(button(name).elements()).toHaveLength(0)
})

test('returning to how it was takes a deliberate touch', async () => {
  const agreed = new PaperAgreed({ final: { ...settled, signedBy: [memberId('Ceiba')] } })
  show(agreed)
  await button('Volver a como estaba').click()
  await expect.element(page.getByText('queda archivado, no se borra')).toBeVisible()
  const deliberate = page.getByRole('dialog').getByRole('button', { name: 'Volver a como estaba' })
  await deliberate.click()
  expect(agreed.asked).toEqual([])
  await deliberate.click()
  expect(agreed.asked).toEqual([`return to ${harvest}`])
})

test('the words of what is settled can be shown and compared', async () => {
  show(new PaperAgreed({ final: { ...settled, signedBy: [memberId('Ceiba')] } }))
  await button('Ver sus palabras').click()
  await expect.element(page.getByRole('dialog').getByText('piedra')).toBeVisible()
})

test('two that contradict each other are shown with who signed both', async () => {
  show(new PaperAgreed({ conflicts: [{ id: entryId('other'), signedBoth: [memberId('Jícara')] }] }))
  await expect.element(page.getByText('Firmaron los dos: Jícara')).toBeVisible()
})

test('a proposal that cannot be made says why', async () => {
  const agreed = new PaperAgreed()
  agreed.refuses = { type: 'CheckpointIncomplete' }
  show(agreed)
  await button('Proponer un acuerdo firme').click()
  await expect.element(page.getByText('Todavía faltan cambios por llegar.')).toBeVisible()
})

test('while texts are open, it says that authorship can be found', async () => {
  show(new PaperAgreed())
  await expect.element(page.getByText('queda quién escribió cada parte')).toBeVisible()
})

for (const look of ['light', 'dark'] as const)
  for (const locale of ['es', 'ar'])
    test(`has no barriers and no sideways scrolling, ${look}, ${locale}`, async () => {
      show(
        new PaperAgreed({
          final: { ...settled, signedBy: [memberId('Ceiba'), memberId('Tecolote')] },
          open: [waiting({ newVoices: [memberId('Jícara')] })],
        }),
        { look, locale },
      )
      await expect.element(page.getByRole('article')).toBeVisible()
      await expectNoBarriers()
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    })
