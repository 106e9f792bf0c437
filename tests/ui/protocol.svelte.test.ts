import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import * as Y from 'yjs'
import { addArticle, articles, moveArticle } from '../../src/lib/domain/articles.ts'
import { createDocument } from '../../src/lib/domain/document.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import ArticleScreen from '../../src/lib/ui/protocol/ArticleScreen.svelte'
import ProtocolScreen from '../../src/lib/ui/protocol/ProtocolScreen.svelte'
import { PaperSpace } from './paper-session.ts'
import { barriers, join, paperSpace, show } from './protocol/stage.ts'

vi.setConfig({ testTimeout: 15_000 })

const textOf = (doc: Y.Doc) => plainText(articles(doc).read()[0]!.body!)
const editor = () => page.getByRole('textbox', { name: 'Retenes' })
const docOf = (space: PaperSpace) => space.doc.read()

const article = (space: PaperSpace, text = '') =>
  addArticle(docOf(space), { title: 'Retenes', kind: 'rule', text })

const writing = async (space: PaperSpace, id: string) => {
  const screen = show(ArticleScreen, { space, id })
  await page.getByRole('button', { name: 'Escribir', exact: true }).click()
  await expect.element(editor()).toHaveFocus()
  return screen
}

/** As a keyboard does, within this turn. */
const type = (text: string) => {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the one way to type without waiting
  document.execCommand('insertText', false, text)
}

const toEnd = async () => userEvent.keyboard('{Control>}{End}{/Control}')

test('beside the text it says where what one writes is, and never that it is kept when it is not', async () => {
  const space = paperSpace()
  await writing(space, article(space))
  const says = async (text: string) => {
    await expect.element(page.getByRole('main').getByText(text)).toBeVisible()
  }
  await says('Guardado aquí')
  // Also while the pill speaks of others.
  space.status.set({ type: 'upToDate', people: 2, at: Date.now() })
  space.kept.set('on its way')
  await says('Guardando…')
  for (const [kept, text] of [
    ['failing', 'Sin guardar'],
    ['memory only', 'Solo en esta página'],
  ] as const) {
    space.kept.set(kept)
    await says(text)
    expect(page.getByText('Guardado aquí').elements()).toHaveLength(0)
  }
})

beforeEach(() => page.viewport(1280, 800))
afterEach(() => {
  location.hash = ''
  document.documentElement.dir = 'ltr'
})

test('the protocol reads as one page, article by article, in order', async () => {
  const space = paperSpace()
  const first = addArticle(docOf(space), {
    title: 'Cómo nos cuidamos',
    kind: 'care',
    text: 'Primero, descansar.',
  })
  addArticle(docOf(space), { title: 'Retenes', kind: 'procedure', text: 'Vamos de a dos.' })
  show(ProtocolScreen, { space })
  const headings = () =>
    page
      .getByRole('heading', { level: 2 })
      .elements()
      .map((one) => one.textContent.trim())
  expect(
    headings()
      .slice(1)
      .map((one) => one.replace(/\s+/g, ' ')),
  ).toEqual(['1 Cómo nos cuidamos', '2 Retenes'])
  await expect.element(page.getByText('Vamos de a dos.')).toBeVisible()
  moveArticle(docOf(space), first, 'down')
  await expect.poll(() => headings()[1]).toMatch(/Retenes/)
})

test('an empty protocol says what it is for and offers the first article', async () => {
  const space = paperSpace()
  show(ProtocolScreen, { space })
  await page.getByRole('button', { name: 'Escribir el primero' }).click()
  expect(articles(docOf(space)).read()).toHaveLength(1)
  expect(location.hash).toBe(`#/protocolo/${articles(docOf(space)).read()[0]!.id}`)
})

test('in a notebook that moved into a collective there is nothing to write with', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  space.readOnly.set(true)
  const protocol = show(ProtocolScreen, { space })
  expect(page.getByRole('button', { name: 'Artículo' }).elements()).toHaveLength(0)
  await protocol.unmount()
  show(ArticleScreen, { space, id })
  await expect.element(page.getByText('Vamos de a dos.')).toBeVisible()
  expect(page.getByRole('button', { name: 'Escribir' }).elements()).toHaveLength(0)
})

const AUTHORS = 'queda quién escribió cada parte'

test.each(['reads', 'writes'])(
  'whoever %s an open article is told that who wrote it can be found',
  async (how) => {
    const space = paperSpace()
    const id = article(space, 'Vamos de a dos.')
    if (how === 'writes') await writing(space, id)
    else {
      space.readOnly.set(true)
      show(ArticleScreen, { space, id })
    }
    await expect.element(page.getByText(AUTHORS, { exact: false })).toBeVisible()
    expect(page.getByText(AUTHORS, { exact: false }).elements()).toHaveLength(1)
  },
)

test('in a notebook of one person there is nobody to find', async () => {
  const space = new PaperSpace({ id: 'mío', kind: 'notebook', title: 'Mío', names: ['Ana'] })
  show(ArticleScreen, { space, id: article(space, 'Vamos de a dos.') })
  await expect.element(page.getByText('Vamos de a dos.')).toBeVisible()
  expect(page.getByText(AUTHORS, { exact: false }).elements()).toHaveLength(0)
})

test('who is at an article is said by name', async () => {
  const space = paperSpace()
  article(space)
  show(ProtocolScreen, { space })
  const people = space.presence.people as unknown as { set(people: object[]): void }
  people.set([{ member: space.me.member, name: 'Berta', place: 'Retenes' }])
  await expect.element(page.getByText('Berta está aquí')).toBeVisible()
})

test('a new article opens to be written, title first', async () => {
  const space = paperSpace()
  const id = addArticle(docOf(space), { title: '', kind: 'rule' })
  show(ArticleScreen, { space, id })
  await page.getByRole('textbox', { name: 'Título', exact: true }).fill('Retenes')
  await expect.poll(() => articles(docOf(space)).read()[0]?.title).toBe('Retenes')
  await page.getByRole('combobox', { name: 'Clase' }).selectOptions('procedure')
  expect(articles(docOf(space)).read()[0]?.kind).toBe('procedure')
})

test('what Ana types is in the shared text at once, and what Berta writes appears where Ana types on', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  const berta = createDocument()
  join(docOf(space), berta)
  await writing(space, id)
  await toEnd()
  await userEvent.keyboard(' Siempre')
  expect(textOf(berta)).toBe('Vamos de a dos. Siempre')
  const words = (articles(berta).read()[0]!.body!.get(0) as Y.XmlElement).get(0) as Y.XmlText
  words.insert(0, 'Nunca sola. ')
  await userEvent.keyboard(' juntas')
  await expect.poll(() => textOf(docOf(space))).toBe('Nunca sola. Vamos de a dos. Siempre juntas')
  await expect.element(editor()).toHaveTextContent('Nunca sola. Vamos de a dos. Siempre juntas')
})

test('the bar makes headings, lists and bold words, for people without a keyboard', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos')
  await writing(space, id)
  await toEnd()
  await page.getByRole('button', { name: 'Negrita' }).click()
  await page.getByRole('button', { name: 'Lista', exact: true }).click()
  expect(articles(docOf(space)).read()[0]!.body!.toString()).toBe(
    '<bullet_list><list_item><paragraph>Vamos de a <bold>dos</bold></paragraph></list_item></bullet_list>',
  )
  await page.getByRole('button', { name: 'Lista', exact: true }).click()
  await page.getByRole('combobox', { name: 'Poner…' }).selectOptions('heading1')
  expect(articles(docOf(space)).read()[0]!.body!.toString()).toBe(
    '<heading level="1">Vamos de a <bold>dos</bold></heading>',
  )
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.poll(() => articles(docOf(space)).read()[0]!.body!.toString()).not.toContain('heading')
})

test('on a telephone every button of the bar is large enough and the blocks are in a sheet', async () => {
  await page.viewport(360, 740)
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  await writing(space, id)
  const bar = page.getByRole('toolbar', { name: 'Formato' })
  for (const button of bar.getByRole('button').elements()) {
    const { width, height } = button.getBoundingClientRect()
    expect(Math.min(width, height), button.ariaLabel ?? '').toBeGreaterThanOrEqual(48)
  }
  await bar.getByRole('button', { name: 'Poner…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Recuadro' }).click()
  await expect.poll(() => articles(docOf(space)).read()[0]!.body!.toString()).toContain('<callout>')
  await expect.element(editor()).toHaveFocus()
})

test('a link is words with an address beside them: nothing to follow by accident', async () => {
  const space = paperSpace()
  const id = article(space, 'La guía')
  await writing(space, id)
  await toEnd()
  await page.getByRole('button', { name: 'Enlace' }).click()
  await page.getByRole('textbox', { name: 'Dirección' }).fill('javascript:alert(1)')
  await page.getByRole('button', { name: 'Poner enlace' }).click()
  await expect.element(page.getByText('Esa dirección no sirve.', { exact: false })).toBeVisible()
  await page.getByRole('textbox', { name: 'Dirección' }).fill('example.org/guia')
  await page.getByRole('button', { name: 'Poner enlace' }).click()
  await expect.poll(() => docOf(space).getMap('articles').toJSON()).toBeTruthy()
  await page.getByRole('button', { name: 'Leer', exact: true }).click()
  await expect.element(page.getByText('‹https://example.org/guia›')).toBeVisible()
  expect(document.querySelectorAll('main a')).toHaveLength(0)
})

test('when the document under the editor is replaced, no letter is lost and typing goes on where it was', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.\nNadie sola.')
  await writing(space, id)
  const node = document.querySelector('.prose p')
  await userEvent.keyboard('{Control>}{Home}{/Control}{End}')
  await userEvent.keyboard(' Ya')
  const again = createDocument()
  Y.applyUpdate(again, Y.encodeStateAsUpdate(docOf(space)))
  const old = docOf(space)
  // What a suspended device wrote is not there any more.
  articles(again).read()[0]!.body!.delete(1, 1)
  space.doc.set(again)
  old.destroy()
  await userEvent.keyboard(' mismo')
  expect(textOf(again)).toBe('Vamos de a dos. Ya mismo')
  expect(document.querySelector('.prose p')).toBe(node)
  await userEvent.keyboard('{Control>}z{/Control}')
  await expect.poll(() => textOf(again)).toBe('Vamos de a dos. Ya')
})

test('keys pressed in the same turn in which the document is replaced are not lost', async () => {
  const space = paperSpace()
  const id = article(space, 'a')
  await writing(space, id)
  await toEnd()
  for (let i = 0; i < 5; i++) {
    const again = createDocument()
    Y.applyUpdate(again, Y.encodeStateAsUpdate(docOf(space)))
    const old = docOf(space)
    space.doc.set(again)
    type(String(i))
    old.destroy()
  }
  await expect.poll(() => textOf(docOf(space))).toBe('a01234')
})

test('a block from a later version closes the editor instead of being deleted, until somebody decides', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  const eve = createDocument()
  join(docOf(space), eve)
  await writing(space, id)
  const table = new Y.XmlElement('table')
  articles(eve).read()[0]!.body!.insert(1, [table])
  table.insert(0, [new Y.XmlText('celda')])
  await expect.element(page.getByText('Hay partes que esta versión', { exact: false })).toBeVisible()
  expect(textOf(docOf(space))).toBe('Vamos de a dos.\ncelda')
  await expect.element(page.getByText('celda')).toBeVisible()
  const remove = page.getByRole('button', { name: 'Quitar esas partes y escribir' })
  await remove.click()
  expect(textOf(docOf(space))).toContain('celda')
  await remove.click()
  await expect.element(editor()).toBeVisible()
  expect(textOf(eve)).toBe('Vamos de a dos.')
})

test('others’ cursors stand in the text with their names; nonsense from one does not stop the typing', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  const { awareness } = space.presence
  await writing(space, id)
  await toEnd()
  await expect.poll(() => awareness.getLocalState()?.['cursor']).toBeTruthy()
  const mine = awareness.getLocalState()?.['cursor'] as { anchor: object }
  const others: Record<number, unknown> = {
    7: { user: { name: 'Berta', member: 'b' }, cursor: mine },
    8: { user: { name: '<img src=x onerror=alert(1)>' }, cursor: mine },
    9: { user: 'x', cursor: mine },
    10: { user: { name: 'Eve' }, cursor: { anchor: { tname: 'evil' }, head: { tname: 'evil' } } },
    11: { user: { name: 'Eve' }, cursor: { anchor: { type: 7 }, head: null } },
    12: { user: { name: 'Eve' }, cursor: 'x' },
    13: null,
    14: {
      user: { name: 'Eve', color: 'red;background:url(//x)' },
      cursor: { anchor: mine.anchor, head: { item: { client: 1, clock: 1e15 } } },
    },
  }
  for (const [client, state] of Object.entries(others))
    awareness.states.set(Number(client), state as Record<string, unknown>)
  awareness.emit('change', [{ added: Object.keys(others).map(Number), updated: [], removed: [] }, 'test'])
  const names = () => [...document.querySelectorAll('.remote-name')].map((one) => one.textContent)
  await expect.poll(names).toEqual(['Berta', '<img src=x onerror=alert'])
  await userEvent.keyboard(' Ya')
  expect(textOf(docOf(space))).toBe('Vamos de a dos. Ya')
  expect([...docOf(space).share.keys()]).not.toContain('evil')
  expect(document.querySelectorAll('.prose img[src]')).toHaveLength(0)
  expect(document.querySelectorAll('.prose [style]')).toHaveLength(0)
})

test('who writes unseen tells nobody where they are', async () => {
  const space = paperSpace()
  const said: { readonly place: string | null; readonly visible: boolean }[] = []
  space.presence.say = (about) => void said.push(about)
  const id = article(space, 'Vamos de a dos.')
  await writing(space, id)
  expect(said.at(-1)).toEqual({ name: 'Ana', place: 'Retenes', visible: true })
  await page.getByRole('checkbox', { name: 'Escribir sin que me vean' }).click()
  await expect.poll(() => said.at(-1)).toMatchObject({ visible: false })
  space.presence.awareness.setLocalStateField('cursor', null)
  await editor().click()
  await userEvent.keyboard('x')
  expect(space.presence.awareness.getLocalState()?.['cursor']).toBeNull()
})

test('a megabyte pasted in goes in by parts, in order, with what stood behind the cursor behind it', async () => {
  const space = paperSpace()
  const id = article(space, 'antes después')
  await writing(space, id)
  await userEvent.keyboard('{Control>}{Home}{/Control}' + '{ArrowRight}'.repeat(6))
  const lines = Array.from({ length: 5000 }, (_, i) => `${i} ${'palabra '.repeat(25)}`.trim())
  const text = lines.join('\n')
  expect(text.length).toBeGreaterThan(1_000_000)
  const clipboard = new DataTransfer()
  clipboard.setData('text/plain', text)
  const updates: number[] = []
  docOf(space).on('update', (update: Uint8Array) => updates.push(update.length))
  const long: number[] = []
  const observer = new PerformanceObserver((list) =>
    long.push(...list.getEntries().map(({ duration }) => duration)),
  )
  observer.observe({ type: 'longtask' })
  document
    .querySelector('.prose')!
    .dispatchEvent(new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }))
  await expect.poll(() => articles(docOf(space)).read()[0]!.body!.length, { timeout: 30_000 }).toBe(5001)
  expect(Math.max(0, ...long)).toBeLessThan(500)
  const found = textOf(docOf(space)).split('\n')
  expect(found[0]).toBe(`antes ${lines[0]}`)
  expect(found.slice(1, 5000)).toEqual(lines.slice(1))
  expect(found[5000]).toBe('después')
  expect(Math.max(...updates)).toBeLessThan(200_000)
  observer.disconnect()
}, 60_000)

test('typing in an article of 600 paragraphs stays quick while others write in it', async () => {
  const space = paperSpace()
  const id = article(space, Array.from({ length: 600 }, (_, i) => `${i} ${'palabra '.repeat(30)}`).join('\n'))
  const berta = createDocument()
  join(docOf(space), berta)
  await writing(space, id)
  await toEnd()
  const times: number[] = []
  for (let i = 0; i < 60; i++) {
    const from = performance.now()
    type('a')
    times.push(performance.now() - from)
    const words = (articles(berta).read()[0]!.body!.get(300) as Y.XmlElement).get(0) as Y.XmlText
    words.insert(0, 'b')
    await new Promise(requestAnimationFrame)
  }
  times.sort((a, b) => a - b)
  expect(textOf(berta).endsWith('a'.repeat(60))).toBe(true)
  expect(times[30]).toBeLessThan(50)
}, 60_000)

test('an article put away goes from the page, and comes back by Undo', async () => {
  const space = paperSpace()
  const id = article(space, 'Vamos de a dos.')
  show(ArticleScreen, { space, id })
  await page.getByRole('button', { name: 'Guardar aparte' }).click()
  expect(articles(docOf(space)).read()[0]?.archived).toBe(true)
  await page.getByRole('button', { name: 'Deshacer' }).click()
  expect(articles(docOf(space)).read()[0]?.archived).toBe(false)
})

test.each(['light', 'dark', 'discreet'])(
  'the protocol and an article are whole for a screen reader, %s',
  async (theme) => {
    document.documentElement.dataset['theme'] = theme
    const space = paperSpace()
    const id = article(space, 'Vamos de a dos.')
    addArticle(docOf(space), { title: 'Cuidado', kind: 'care', text: 'Descansar.' })
    const people = space.presence.people as unknown as { set(people: object[]): void }
    people.set([{ member: space.me.member, name: 'Berta', place: 'Retenes' }])
    const screen = show(ProtocolScreen, { space })
    await expect.element(page.getByText('Berta está aquí')).toBeVisible()
    expect(await barriers()).toEqual([])
    await screen.unmount()
    await writing(space, id)
    expect(await barriers()).toEqual([])
    delete document.documentElement.dataset['theme']
  },
)
