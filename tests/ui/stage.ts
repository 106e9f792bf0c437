import axe from 'axe-core'
import type { Component } from 'svelte'
import { expect } from 'vitest'
import { render } from 'vitest-browser-svelte'
import en from '../../src/lib/i18n/messages/en.json'
import es from '../../src/lib/i18n/messages/es.json'
import { createSpeech, type Speech } from '../../src/lib/i18n/speech.ts'
import { Home } from '../../src/lib/ui/home.svelte.ts'
import { Language } from '../../src/lib/ui/language.svelte.ts'
import { Look, type LookName } from '../../src/lib/ui/look.svelte.ts'
import { Toasts } from '../../src/lib/ui/toasts.svelte.ts'
import { PaperSession } from './paper-session.ts'
import Stage from './Stage.svelte'

export type Staging = {
  readonly session?: PaperSession
  readonly props?: Record<string, unknown>
  /** Any language; the words are English where they are not Spanish. `ar`: from right to left. */
  readonly locale?: string
  readonly look?: LookName
  readonly path?: string
  readonly title?: string
  readonly back?: string
  readonly wide?: boolean
}

/** What a test holds in its hands while a screen is shown. */
export type Staged = {
  readonly session: PaperSession
  readonly home: Home
  readonly look: Look
  readonly language: Language
  /** Where the screen sent people. */
  readonly went: readonly string[]
  readonly t: Speech['t']
}

/** Shows a screen as the app would; without one, the doors before an open notebook. */
export const stage = (screen: Component<never> | null, about: Staging = {}): Staged => {
  const locale = about.locale ?? 'es'
  const speech = createSpeech(locale === 'es' ? es : en, locale)
  const session = about.session ?? new PaperSession()
  const went: string[] = []
  const home = new Home((path) => void went.push(path))
  const look = new Look()
  look.choose(about.look ?? 'light')
  const language = new Language(speech)
  home.enter(session)
  const root = document.documentElement
  root.lang = locale
  root.dir = speech.dir
  root.dataset['theme'] = look.theme
  render(Stage, {
    language,
    look,
    toasts: new Toasts(),
    home,
    screen: screen as Component<Record<string, unknown>> | null,
    given: about.props ?? {},
    path: about.path ?? '/',
    title: about.title ?? 'Cuaderno',
    ...(about.back === undefined ? {} : { back: about.back }),
    wide: about.wide ?? false,
  })
  return { session, home, look, language, went, t: speech.t }
}

/** No barrier that a machine can find, for people who do not see, do not point, or see colours otherwise. */
export const expectNoBarriers = async (): Promise<void> => {
  const { violations } = await axe.run(document.body, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    rules: {
      // The test runner's own page.
      'page-has-heading-one': { enabled: false },
      region: { enabled: false },
    },
  })
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`),
  ).toEqual([])
}
