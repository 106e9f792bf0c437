import { createRawSnippet } from 'svelte'
import { expect, test } from 'vitest'
import { page } from 'vitest/browser'
import InSpace from '../../src/lib/ui/InSpace.svelte'
import { PaperSession, PaperSpace, PaperWorkspace } from './paper-session.ts'
import { expectNoBarriers, stage } from './stage.ts'

const children = createRawSnippet(() => ({ render: () => '<p>la página</p>' }))

test.each([
  ['es', 'Aquí solo puedes leer hasta que la actualices'],
  ['en', 'Here you can only read until you update it'],
])('on every page Ceiba is told in %s why she can only read for now', async (locale, sentence) => {
  const space = new PaperSpace({ id: 'tres', kind: 'collective', title: 'Tres', names: ['Ceiba', 'Jícara'] })
  const session = new PaperSession(new PaperWorkspace([space]))
  stage(InSpace, { session, props: { children }, locale })
  await expect.element(page.getByText('la página')).toBeVisible()
  await expect.element(page.getByText(sentence)).not.toBeInTheDocument()
  space.outdated.set(true)
  await expect.element(page.getByText(sentence)).toBeVisible()
  await expect.element(page.getByText('la página')).toBeVisible()
  await expectNoBarriers()
})

test.each([
  ['es', 'Mira si está todo'],
  ['en', 'Look whether all is here'],
])(
  'Ceiba is told in %s when her phone cannot read any more what she wrote, and no longer once it came back',
  async (locale, sentence) => {
    const space = new PaperSpace({
      id: 'tres',
      kind: 'collective',
      title: 'Tres',
      names: ['Ceiba', 'Jícara'],
    })
    const session = new PaperSession(new PaperWorkspace([space]))
    stage(InSpace, { session, props: { children }, locale })
    await expect.element(page.getByText('la página')).toBeVisible()
    space.lost.set(1)
    await expect.element(page.getByText(sentence)).toBeVisible()
    await expectNoBarriers()
    space.lost.set(0)
    await expect.element(page.getByText(sentence)).not.toBeInTheDocument()
  },
)
