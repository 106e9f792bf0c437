import axe from 'axe-core'
import type { Component } from 'svelte'
import { render } from 'vitest-browser-svelte'
import * as Y from 'yjs'
import es from '../../../src/lib/i18n/messages/es.json'
import en from '../../../src/lib/i18n/messages/en.json'
import { createSpeech } from '../../../src/lib/i18n/speech.ts'
import type { Space } from '../../../src/lib/workspace/types.ts'
import { PaperSession, PaperSpace, PaperWorkspace } from '../paper-session.ts'
import Stage from './Stage.svelte'

export const paperSpace = (...names: string[]): PaperSpace =>
  new PaperSpace({
    id: 'tres-vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: names.length > 0 ? names : ['Ana', 'Berta'],
  })

/** `locale`: any; the words are English where they are not Spanish. */
export const show = (
  screen: Component<{ space: Space; id: string }>,
  about: {
    readonly space: PaperSpace
    readonly id?: string
    readonly locale?: string
    readonly path?: string
  },
) => {
  const locale = about.locale ?? 'es'
  const speech = createSpeech(locale === 'es' ? es : en, locale)
  document.documentElement.dir = speech.dir
  document.documentElement.lang = locale
  const session = new PaperSession(new PaperWorkspace([about.space]))
  return render(Stage, {
    speech,
    session,
    space: about.space,
    screen,
    title: about.path === '/registro' ? speech.t('nav.register') : speech.t('nav.protocol'),
    path: about.path ?? '/protocolo',
    id: about.id ?? '',
  })
}

/** What one writes, the other has at once, both ways. Returns the cutting. */
export const join = (a: Y.Doc, b: Y.Doc): (() => void) => {
  const FROM_AFAR = Symbol('from afar')
  const pass = (to: Y.Doc) => (update: Uint8Array, origin: unknown) => {
    if (origin !== FROM_AFAR) Y.applyUpdate(to, update, FROM_AFAR)
  }
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a), FROM_AFAR)
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b), FROM_AFAR)
  const [toB, toA] = [pass(b), pass(a)]
  a.on('update', toB)
  b.on('update', toA)
  return () => {
    a.off('update', toB)
    b.off('update', toA)
  }
}

/** What would keep somebody out of what is on the page now, as axe finds it. */
export const barriers = async (): Promise<readonly string[]> => {
  const { violations } = await axe.run('main')
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}
