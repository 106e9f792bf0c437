import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { editable, isEditable, removeUneditable, staysEditable } from '../../src/lib/domain/prose-fit.ts'
import { parseLink } from '../../src/lib/domain/prose-parts.ts'
import { proseSchema } from '../../src/lib/domain/prose-schema.ts'
import { plainText, prose, readProse } from '../../src/lib/domain/prose.ts'

const bodyOf = (...parts: (Y.XmlElement | Y.XmlText)[]): Y.XmlFragment => {
  const body = new Y.Doc().getXmlFragment('body')
  body.insert(0, parts)
  return body
}

const element = (name: string, ...children: (string | Y.XmlElement)[]): Y.XmlElement => {
  const one = new Y.XmlElement(name)
  one.insert(
    0,
    children.map((child) => (typeof child === 'string' ? new Y.XmlText(child) : child)),
  )
  return one
}

const inParagraph = (write: (text: Y.XmlText) => void): Y.XmlElement => {
  const paragraph = new Y.XmlElement('paragraph')
  const text = new Y.XmlText()
  write(text)
  paragraph.insert(0, [text])
  return paragraph
}

const nested = (name: string, depth: number): Y.XmlElement => {
  let one = element('paragraph', 'fondo')
  for (let i = 0; i < depth; i++) one = element(name, one)
  return one
}

test('an article reads as headings, lists, quotes and marks', () => {
  const text = new Y.XmlText()
  text.applyDelta([
    { insert: 'antes ' },
    { insert: 'fuerte', attributes: { bold: {} } },
    { insert: ' aquí', attributes: { link: { href: 'https://example.org/a' } } },
  ])
  const heading = element('heading', 'Título')
  heading.setAttribute('level', 1 as never)
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [text])
  const body = bodyOf(
    heading,
    paragraph,
    element('bullet_list', element('list_item', element('paragraph', 'uno'))),
  )
  expect(readProse(body)).toMatchObject([
    { type: 'heading', level: 1 },
    {
      type: 'paragraph',
      spans: [{ text: 'antes ' }, { text: 'fuerte', bold: true }, { link: 'https://example.org/a' }],
    },
    { type: 'bullet_list', items: [[{ type: 'paragraph', spans: [{ text: 'uno' }] }]] },
  ])
  expect(plainText(body)).toBe('Título\nantes fuerte aquí\nuno')
  expect(isEditable(body)).toBe(true)
})

test('links name web and mail addresses only, however they are spelt', () => {
  expect(parseLink('https://example.org')).toBe('https://example.org/')
  expect(parseLink('mailto:a@example.org')).toBe('mailto:a@example.org')
  for (const bad of [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    ' \tjava\nscript:alert(1)',
    'data:text/html,<script>',
    'vbscript:x',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    '//example.org',
    'example.org',
    '',
    null,
    7,
    { href: 'https://x' },
    `https://example.org/${'a'.repeat(3000)}`,
  ])
    expect(parseLink(bad)).toBeNull()
})

test('whatever a mark or a heading holds, the schema never makes an anchor or a strange tag', () => {
  for (const href of ['javascript:alert(1)', 'https://example.org', 5, null, { a: 1 }]) {
    const mark = proseSchema.mark('link', { href })
    const spec = mark.type.spec.toDOM?.(mark, true) as unknown as unknown[]
    expect(spec[0]).toBe('span')
    expect(JSON.stringify(spec)).not.toContain('javascript')
  }
  for (const level of ['1><script>', 99, null, {}]) {
    const node = proseSchema.node('heading', { level })
    expect((node.type.spec.toDOM?.(node) as unknown as unknown[])[0]).toMatch(/^h[345]$/)
  }
})

const STRANGE: readonly (readonly [string, () => Y.XmlElement | Y.XmlText])[] = [
  ['a block of a later version', () => element('table', element('row', 'celda'))],
  ['a script', () => element('script', 'alert(1)')],
  ['text outside any block', () => new Y.XmlText('suelto')],
  ['a block inside a paragraph', () => element('paragraph', element('heading', 'dentro'))],
  ['text straight in a list', () => element('bullet_list', 'suelto')],
  ['two hundred quotes in each other', () => nested('blockquote', 200)],
  ['a whole document', () => element('doc', element('paragraph', 'x'))],
  ['an unknown mark', () => inParagraph((text) => text.insert(0, 'rojo', { colour: { to: 'red' } }))],
  [
    'an embedded object',
    () => inParagraph((text) => text.insertEmbed(0, { image: 'https://example.org/x.png' })),
  ],
]

test.each(STRANGE)('%s is read without throwing and is not for the editor to delete', (_, strange) => {
  const body = bodyOf(element('paragraph', 'bueno'), strange())
  expect(plainText(body)).toContain('bueno')
  expect(isEditable(body)).toBe(false)
  removeUneditable(body.doc!, body)
  expect(isEditable(body)).toBe(true)
  expect(plainText(body)).toBe('bueno')
})

test.each(STRANGE)('%s that arrives later is noticed', (_, strange) => {
  const body = bodyOf(element('paragraph', 'bueno'))
  const verdicts: boolean[] = []
  body.observeDeep((events) => verdicts.push(staysEditable(body, events)))
  body.insert(1, [element('paragraph', 'otro')])
  body.insert(0, [strange()])
  body.insert(0, [element('paragraph')])
  expect(verdicts).toEqual([true, false, true])
})

test('an emptied list is only an emptied list', () => {
  expect(isEditable(bodyOf(element('bullet_list'), element('bullet_list', element('list_item'))))).toBe(true)
})

test('what did not change is not read again', () => {
  const body = bodyOf(element('paragraph', 'uno'), element('paragraph', 'dos'))
  const text = prose(body)
  let told = 0
  const stop = text.watch(() => told++)
  const before = text.read()
  ;((body.get(0) as Y.XmlElement).get(0) as Y.XmlText).insert(0, 'más ')
  const after = text.read()
  expect(told).toBe(1)
  expect(after[1]).toBe(before[1])
  expect(after[0]).toMatchObject({ spans: [{ text: 'más uno' }] })
  stop()
  body.delete(0, 1)
  expect(text.read()).toHaveLength(1)
})

test('whether a text may be edited is told when it changes, both ways', () => {
  const body = bodyOf(element('paragraph', 'uno'))
  const may = editable(body)
  const told: boolean[] = []
  const stop = may.watch(() => told.push(may.read()))
  expect(may.read()).toBe(true)
  body.insert(1, [element('paragraph', 'dos')])
  body.insert(0, [element('table', 'x')])
  body.insert(0, [element('paragraph', 'tres')])
  body.delete(1, 1)
  expect(told).toEqual([false, true])
  stop()
})
