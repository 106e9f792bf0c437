import { beforeEach, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import type { Voice } from '../../src/lib/domain/caution-rounds.ts'
import { saidIn } from '../../src/lib/domain/cautions.ts'
import CollectiveScreen from '../../src/lib/ui/collective/CollectiveScreen.svelte'
import { memberId, PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const DAY = 86_400_000

const valle = (...names: readonly string[]): PaperSpace =>
  new PaperSpace({ id: 'valle', kind: 'collective', title: 'Valle', names })

const show = (space: PaperSpace, about: Staging = {}) =>
  stage(CollectiveScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/colectivo',
    title: 'Colectivo',
    ...about,
  })

/** `by` asked, a day apart, the last one now, that Jícara rests. */
const asked = (space: PaperSpace, by: readonly string[], about = 'Jícara') =>
  space.membership.set({
    ...space.membership.read(),
    cautions: by.map((name, i): Voice => ({
      about: memberId(about),
      member: memberId(name),
      at: Date.now() - (by.length - 1 - i) * DAY,
      reason: 'conflict',
      care: memberId('Trueno'),
      back: null,
      counts: true,
    })),
  })

const FIVE = ['Ceiba', 'Tecolote', 'Jícara', 'Trueno', 'Hilo']
const button = (name: string | RegExp) => page.getByRole('button', { name })
const endDay = (locale = 'es') =>
  new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long' }).format(Date.now() + 14 * DAY)

beforeEach(() => page.viewport(360, 740))

test('Ceiba asks for calm days for Jícara: a kind of reason, who is there for her, and no story', async () => {
  const space = valle(...FIVE)
  show(space)
  await button('Más sobre Jícara').click()
  await expect.element(page.getByText('Termina sola y no saca a nadie.')).toBeVisible()
  await button('Pedir una pausa cautelar').click()
  await expect.element(page.getByText('¿Por qué?')).toBeVisible()
  expect(page.getByRole('dialog').getByRole('textbox').elements()).toHaveLength(0)
  expect(button('Pedir la pausa').elements()).toHaveLength(0)
  await page.getByText('Un conflicto que pide calma').click()
  const { doc } = space
  await page.getByRole('dialog').getByText('Trueno').click()
  await expectNoBarriers()
  await button('Pedir la pausa').click()
  expect(saidIn(doc.read())).toEqual([])
  await button('Pedir la pausa').click()
  expect(saidIn(doc.read())).toMatchObject([
    {
      about: memberId('Jícara'),
      member: memberId('Ceiba'),
      reason: 'conflict',
      care: memberId('Trueno'),
      back: null,
    },
  ])
  // Nothing was put to a vote.
  expect(space.asked).toEqual([])
})

test('where three others are not there it is not offered, and neither is it for oneself', async () => {
  show(valle('Ceiba', 'Tecolote', 'Jícara'))
  await button('Más sobre Jícara').click()
  await expect.element(button('Proponer que deje de ser parte')).toBeVisible()
  expect(button('Pedir una pausa cautelar').elements()).toHaveLength(0)
  expect(button('Más sobre Ceiba').elements()).toHaveLength(0)
})

test('the others read one of three, say “me too”, and find nothing to press for a no', async () => {
  const space = valle(...FIVE)
  asked(space, ['Tecolote'])
  show(space)
  await expect.element(page.getByText('Pausa cautelar para Jícara')).toBeVisible()
  await expect.element(page.getByText('1 de 3')).toBeVisible()
  await expect.element(page.getByText('Para hablar: Trueno')).toBeVisible()
  expect(page.getByText(/en pausa cautelar hasta/).elements()).toHaveLength(0)
  const card = page.getByText('Pausa cautelar para Jícara').element().closest('.note')!
  expect([...card.querySelectorAll('button')].map(({ textContent }) => textContent.trim())).toEqual([
    'Yo también',
  ])
  await expectNoBarriers()
  await button('Yo también').click()
  expect(saidIn(space.doc.read())).toMatchObject([
    { about: memberId('Jícara'), member: memberId('Ceiba'), reason: 'conflict' },
  ])
})

test('after the third the row of Jícara says until when, and whoever asked can take it back', async () => {
  const space = valle(...FIVE)
  show(space)
  await button('Más sobre Jícara').click()
  await button('Pedir una pausa cautelar').click()
  await page.getByText('Un acuerdo que no se cumplió').click()
  await button('Pedir la pausa').click()
  await button('Pedir la pausa').click()
  asked(space, ['Ceiba', 'Tecolote', 'Hilo'])
  await expect.element(page.getByText(`en pausa cautelar hasta el ${endDay()}`)).toBeVisible()
  await expect.element(page.getByText('Tú lo dijiste. Puedes quitarlo cuando quieras.')).toBeVisible()
  await button('Quitar lo que dije').click()
  expect(saidIn(space.doc.read())[0]!.back).not.toBeNull()
  asked(space, ['Tecolote', 'Hilo'])
  await expect.element(page.getByText('2 de 3')).toBeVisible()
  expect(page.getByText(/en pausa cautelar hasta/).elements()).toHaveLength(0)
})

test('Jícara reads it first, with who is there for her and the day it ends, and loses nothing', async () => {
  const space = valle('Jícara', 'Ceiba', 'Tecolote', 'Trueno', 'Hilo')
  asked(space, ['Ceiba', 'Tecolote', 'Hilo'])
  show(space)
  await expect
    .element(page.getByRole('heading', { name: `Estás en pausa cautelar hasta el ${endDay()}` }))
    .toBeVisible()
  await expect.element(page.getByText('Trueno te acompaña. Búscale cuando quieras.')).toBeVisible()
  await expect.element(page.getByText(/Sigues leyendo y escribiendo el protocolo/)).toBeVisible()
  expect(button('Yo también').elements()).toHaveLength(0)
  await expect.element(page.getByRole('link', { name: 'Invitar a alguien' })).toBeVisible()
  await expectNoBarriers()
})

test('on every other page she reads it at the top, in one line that leads there', async () => {
  const space = valle('Jícara', 'Ceiba', 'Tecolote', 'Trueno', 'Hilo')
  asked(space, ['Ceiba', 'Tecolote', 'Hilo'])
  show(space, { path: '/protocolo' })
  const line = page.getByText(
    `Estás en pausa cautelar hasta el ${endDay()}. Trueno te acompaña. Búscale cuando quieras.`,
  )
  await expect.element(line).toBeVisible()
  expect(line.element().closest('a')!.getAttribute('href')).toBe('#/colectivo')
})

test('nothing about her is decided behind her back: Jícara sees when the first one asks', async () => {
  const space = valle('Jícara', 'Ceiba', 'Tecolote', 'Trueno', 'Hilo')
  asked(space, ['Ceiba'])
  show(space)
  await expect.element(page.getByText('Alguien pide una pausa cautelar para ti')).toBeVisible()
  await expect.element(page.getByText(/Por ahora no cambia nada/)).toBeVisible()
})
