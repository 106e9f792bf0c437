import { beforeEach, expect, test } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { spokenLines } from '../../src/lib/net/spoken-lines.ts'
import EncounterScreen from '../../src/lib/ui/encounter/EncounterScreen.svelte'
import { codeInWords, memberId, PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

/** What Tecolote reads aloud, from a phone in this language. */
const tecolote = (language: 'es' | 'en') => spokenLines(codeInWords('Tecolote'), language)
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true })
const field = (name = 'Código del otro teléfono') => page.getByRole('textbox', { name })

const opens = async (about: Staging = {}) => {
  const space = new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
  const staged = stage(EncounterScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/encuentro',
    title: 'Encuentro',
    ...about,
  })
  await button(staged.t('encounter.noCamera')).click()
  await expect.element(field(staged.t('encounter.theirs'))).toBeVisible()
  return { space, ...staged }
}
/** Types at the end of what stands in the field. */
const types = async (text: string) => {
  await field().click()
  await userEvent.keyboard(`{End}${text}`)
}
const taken = (space: PaperSpace) => space.encounters.map((encounter) => encounter.taken.length)

beforeEach(() => page.viewport(360, 740))

test('Ceiba reads her code aloud, in numbered lines of five words', async () => {
  const { space } = await opens()
  await page.getByText('Leerlo en voz alta').click()
  const lines = space.encounters[0]!.spoken.lines('es')
  expect(lines).toHaveLength(16)
  await expect.element(page.getByText(lines[2]!.join(' '), { exact: true })).toBeVisible()
  await expectNoBarriers()
})

test('Ceiba types what Tecolote reads, four letters of each word, and her phone has his code when the last line fits', async () => {
  const { space } = await opens()
  const lines = tecolote('es')
  for (const [at, line] of lines.entries()) {
    await expect
      .element(
        page.getByText(at === 0 ? 'Código del otro teléfono' : `Ahora la línea ${at + 1} de 16.`).first(),
      )
      .toBeVisible()
    const typed = `${line.map((word) => word.normalize('NFD').replace(/\p{M}/gu, '').slice(0, 4)).join(' ')} `
    // Key by key at the beginning; the rest at once, or it would take as long as it takes people.
    if (at < 2) await types(typed)
    else await field().fill(typed)
  }
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  expect(taken(space)).toEqual([1])
  space.encounters[0]!.state.set({ step: 'met', member: memberId('Tecolote') })
  await expect.element(page.getByText('Este teléfono y el de Tecolote ya están conectados')).toBeVisible()
})

test('a line that was misheard says so at once, stays to be corrected, and the lines before it stay too', async () => {
  await opens()
  const [first, second] = tecolote('es')
  await types(`${first!.join(' ')} `)
  await types(`${second!.with(0, first![0]!).join(' ')} `)
  await expect.element(page.getByText('La línea 2 no coincide. Pide que te la lean otra vez.')).toBeVisible()
  await expect.element(field()).toHaveValue(`${second!.with(0, first![0]!).join(' ')} `)
  await expect.element(page.getByText(first!.join(' '), { exact: true })).toBeVisible()
  await expectNoBarriers()
  await field().fill('')
  await expect.element(page.getByText('La línea 2 no coincide')).not.toBeInTheDocument()
  await types(`${second!.join(' ')}{Enter}`)
  await expect.element(page.getByText('Ahora la línea 3 de 16.')).toBeVisible()
  await expect.element(field()).toHaveValue('')
})

test('a word that is in no list is named as soon as it is finished, and a line that is short says what it lacks', async () => {
  await opens()
  await types('xilofono')
  expect(page.getByText('no es una de las palabras').elements()).toEqual([])
  await types(' ')
  await expect.element(page.getByText('«xilofono» no es una de las palabras')).toBeVisible()
  await field().fill(tecolote('es')[0]!.slice(0, 4).join(' '))
  await expect.element(page.getByText('no es una de las palabras')).not.toBeInTheDocument()
  await types('{Enter}')
  await expect.element(page.getByText('Falta una palabra en esta línea.')).toBeVisible()
})

test('a word that is clear by now can be tapped instead of typed, and the next one typed behind it', async () => {
  await opens()
  const [first] = tecolote('es')
  await types(first![0]!.normalize('NFD').replace(/\p{M}/gu, '').slice(0, 4))
  await button(first![0]!).click()
  await expect.element(field()).toHaveValue(`${first![0]} `)
  await expect.element(field()).toHaveFocus()
})

test('Tecolote’s phone is in English and Ceiba’s in Spanish: what he reads is understood', async () => {
  const { space } = await opens()
  await field().fill(
    `${tecolote('en')
      .map((line) => line.join(' '))
      .join(' ')} `,
  )
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  expect(taken(space)).toEqual([1])
})

test('lines of two codes that each fit are said not to be one, can be corrected one by one, and nothing typed is lost', async () => {
  const { space } = await opens()
  const other = spokenLines(codeInWords('Teja'), 'es')
  const lines = tecolote('es')
  const mixed = lines.map((line, at) => (at === 1 ? other[at]! : line))
  await field().fill(`${mixed.map((line) => line.join(' ')).join(' ')} `)
  await expect.element(page.getByText('juntas no son un código')).toBeVisible()
  expect(taken(space)).toEqual([0])
  await button('Corregir la línea 2').click()
  await expect.element(field()).toHaveValue(other[1]!.join(' '))
  await field().fill(`${lines[1]!.join(' ')} `)
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  expect(taken(space)).toEqual([1])
})

test('what was typed waits when this phone shows another code of its own, until it is taken or one starts again', async () => {
  const { space } = await opens()
  const [first, second] = tecolote('es')
  await types(`${first!.join(' ')} ${second!.slice(0, 2).join(' ')} `)
  space.encounters[0]!.state.set({ step: 'failed' })
  await button('Mostrar otro código').click()
  await expect.element(field()).toHaveValue(`${second!.slice(0, 2).join(' ')} `)
  await expect.element(page.getByText('Ahora la línea 2 de 16.')).toBeVisible()
  await button('Empezar de nuevo').click()
  await expect.element(field()).toHaveValue('')
  expect(page.getByText('Ahora la línea').elements()).toEqual([])
})

test('a code that was copied is still taken in the same field, in the middle of the words', async () => {
  const { space } = await opens()
  await types(`${tecolote('es')[0]!.join(' ')} `)
  await field().fill('ABC234')
  await button('Usar este código').click()
  expect(space.encounters[0]!.taken).toEqual(['ABC234'])
})

for (const [look, locale] of [
  ['light', 'es'],
  ['dark', 'es'],
  ['light', 'ar'],
  ['dark', 'ar'],
] as const)
  test(`reading and typing have no barriers and no sideways scrolling, ${look}, ${locale}`, async () => {
    const { t } = await opens({ look, locale })
    await page.getByText(t('encounter.spoken')).click()
    await field(t('encounter.theirs')).fill(
      `${tecolote('es')
        .slice(0, 3)
        .map((line) => line.join(' '))
        .join(' ')} abej cas`,
    )
    await expectNoBarriers()
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
  })
