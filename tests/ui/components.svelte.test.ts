import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import { lookOf } from '../../src/lib/ui/person-look.ts'
import Pieces from './Pieces.svelte'
import { PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

let heard: string[] = []

const show = (about: Staging & { problem?: string } = {}) =>
  stage(Pieces, {
    session: new PaperSession(
      new PaperWorkspace([
        new PaperSpace({ id: 'rio', kind: 'notebook', title: 'Río Claro', names: ['Ana'] }),
      ]),
    ),
    ...about,
    props: { heard: (what: string) => void heard.push(what), problem: about.problem ?? null },
  })

const pause = () => page.getByRole('button', { name: 'Poner en pausa' }).element() as HTMLButtonElement
const press = (type: 'pointerdown' | 'pointerup' | 'pointerleave') =>
  pause().dispatchEvent(new PointerEvent(type, { bubbles: true, button: 0 }))

beforeEach(() => {
  heard = []
})

afterEach(() => {
  vi.useRealTimers()
})

const holdTime = () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
}

test('Ana holds the button for a moment and the phone is paused, once', () => {
  show()
  holdTime()
  press('pointerdown')
  vi.advanceTimersByTime(1100)
  expect(heard).toEqual([])
  vi.advanceTimersByTime(200)
  expect(heard).toEqual(['paused'])
  press('pointerup')
  pause().click()
  expect(heard).toEqual(['paused'])
})

test('Ana lets go early, or her thumb slides off: nothing happens', () => {
  show()
  holdTime()
  press('pointerdown')
  vi.advanceTimersByTime(800)
  press('pointerleave')
  vi.advanceTimersByTime(5000)
  expect(heard).toEqual([])
})

test('a brush of the thumb does nothing; a second tap confirms', async () => {
  show()
  await page.getByRole('button', { name: 'Poner en pausa' }).click()
  expect(heard).toEqual([])
  await expect.element(page.getByText('Toca otra vez para confirmar.')).toBeVisible()
  await page.getByRole('button', { name: 'Poner en pausa' }).click()
  expect(heard).toEqual(['paused'])
})

test('a first tap is forgotten after a while', () => {
  show()
  holdTime()
  pause().click()
  vi.advanceTimersByTime(7000)
  pause().click()
  expect(heard).toEqual([])
})

test('Beto confirms with the keyboard alone', async () => {
  show()
  pause().focus()
  await userEvent.keyboard('{Enter}')
  expect(heard).toEqual([])
  await userEvent.keyboard('{Enter}')
  expect(heard).toEqual(['paused'])
})

test('the four words are read in their order', async () => {
  show()
  const list = page.getByRole('list', { name: 'Palabras para comparar' })
  await expect.element(list).toBeVisible()
  expect([...list.element().querySelectorAll('b')].map(({ textContent }) => textContent)).toEqual([
    'orca',
    'rudo',
    'ensayo',
    'adulto',
  ])
})

test('a field says what it wants before, and what is missing after', async () => {
  show({ problem: 'Falta escribir esto.' })
  const field = page.getByLabelText('Nombre')
  await expect.element(field).toHaveAccessibleDescription('Como te dicen. Falta escribir esto.')
  await expect.element(field).toHaveAttribute('aria-invalid', 'true')
  await field.fill('Bea')
  await expect.element(page.getByText('Hola Bea')).toBeVisible()
})

test('a phrase is hidden until asked for, and may be pasted', async () => {
  show()
  const phrase = page.getByLabelText('Frase')
  await expect.element(phrase).toHaveAttribute('type', 'password')
  await page.getByRole('button', { name: 'Mostrar' }).click()
  await expect.element(phrase).toHaveAttribute('type', 'text')
  await page.getByRole('button', { name: 'Ocultar' }).click()
  await expect.element(phrase).toHaveAttribute('type', 'password')
  const pasted = new ClipboardEvent('paste', { cancelable: true, bubbles: true })
  phrase.element().dispatchEvent(pasted)
  expect(pasted.defaultPrevented).toBe(false)
})

test('whoever has a PIN asks for a keyboard of numbers, each time anew, and it is kept nowhere', async () => {
  show()
  const phrase = page.getByLabelText('Frase')
  await expect.element(phrase).not.toHaveAttribute('inputmode')
  await page.getByRole('button', { name: '123, teclado de números' }).click()
  await expect.element(phrase).toHaveAttribute('inputmode', 'numeric')
  await expect.element(phrase).toHaveFocus()
  await page.getByRole('button', { name: 'abc, teclado de letras' }).click()
  await expect.element(phrase).not.toHaveAttribute('inputmode')
  expect(Object.keys(localStorage).filter((key) => !['language', 'look', 'face'].includes(key))).toEqual([])
})

test('one of a few is chosen with the arrow keys', async () => {
  show()
  ;(page.getByLabelText('Pera').element() as HTMLElement).focus()
  await userEvent.keyboard('{ArrowDown}')
  expect(heard).toEqual(['fig'])
})

test('a sheet takes the keyboard in, closes with Escape, and gives it back', async () => {
  show()
  await page.getByRole('button', { name: 'Más' }).click()
  await expect.element(page.getByRole('dialog', { name: 'Detalles' })).toBeVisible()
  expect(document.activeElement?.closest('dialog')).not.toBeNull()
  await expectNoBarriers()
  await userEvent.keyboard('{Escape}')
  await expect.element(page.getByRole('dialog')).not.toBeInTheDocument()
  await expect.element(page.getByRole('button', { name: 'Más' })).toHaveFocus()
})

test.each(['es', 'ar'])('everything a finger needs is large enough, in %s', async (locale) => {
  const { t } = show({ locale })
  await expect.element(page.getByRole('button', { name: t('common.show') })).toBeVisible()
  const touched = [...document.querySelectorAll<HTMLElement>('main button, main .box, main label:has(input)')]
  const small = touched.filter((element) => element.getBoundingClientRect().height < 44)
  expect(touched.length).toBeGreaterThan(6)
  expect(small.map(({ outerHTML }) => outerHTML.slice(0, 80))).toEqual([])
})

test.each(['light', 'dark', 'discreet'] as const)('no piece is a barrier for anybody, %s', async (look) => {
  show({ look, problem: 'Falta escribir esto.' })
  await expect.element(page.getByLabelText('Nombre')).toBeVisible()
  await expectNoBarriers()
})

test('a person keeps colour and ring when the name changes, and initials are the first letters of two words', () => {
  const before = lookOf('0af3', 'Ana Ruiz')
  const after = lookOf('0af3', 'ñandú')
  expect(before.initials).toBe('AR')
  expect(after.initials).toBe('Ñ')
  expect({ ink: after.ink, ring: after.ring }).toEqual({ ink: before.ink, ring: before.ring })
  expect(lookOf('0af3', null).initials).toBe('·')
  expect(lookOf('0af3', '👩🏽‍🌾 Luz').initials).toHaveLength([...'👩L'].join('').length)
})
