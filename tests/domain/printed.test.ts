import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { addArticle, archiveArticle, articles } from '../../src/lib/domain/articles.ts'
import { createDocument, setAbout } from '../../src/lib/domain/document.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import { encodePrinted, parsePrinted } from '../../src/lib/domain/printed-row.ts'
import { COVERED, PRINTED_DEPTH, printedOf, type Printed } from '../../src/lib/domain/printed.ts'
import { plainText } from '../../src/lib/domain/prose.ts'
import { addThreat } from '../../src/lib/domain/threats.ts'

const valley = () => {
  const doc = createDocument()
  setAbout(doc, { title: 'Las Tres Vertientes', purpose: 'Cuidar el agua' })
  for (const name of ['Ceiba', 'Maíz Negro', 'Don Pedernal', 'Sol'])
    addPerson(doc, { name, member: null, participation: 'no device' })
  return doc
}
const textOf = (printed: Printed): string => JSON.stringify(printed)

test('what is printed is titles and text: no people, no collective, no register, nothing that was put away', () => {
  const doc = valley()
  addThreat(doc, { title: 'Drones sobre la milpa' })
  addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.' })
  archiveArticle(doc, addArticle(doc, { title: 'Lo viejo', kind: 'rule', text: 'Nada.' }))
  const { printed, covered } = printedOf(doc)
  expect(printed.map(({ title }) => title)).toEqual(['Retenes'])
  expect(covered).toBe(0)
  const all = textOf(printed)
  for (const word of ['Vertientes', 'Drones', 'Ceiba', 'Cuidar', 'Nada', 'rule'])
    expect(all).not.toContain(word)
  for (const { id } of articles(doc).read()) expect(all).not.toContain(id)
})

test.each([
  ['Avisa a Ceiba.', `Avisa a ${COVERED}.`],
  ['avisa a CEIBA y a ceiba', `avisa a ${COVERED} y a ${COVERED}`],
  ['La llave la tiene Maiz negro, hoy', `La llave la tiene ${COVERED}, hoy`],
  ['Pedernal abre', `${COVERED} abre`],
  ['el pedernal del río, el maíz y don Mateo', 'el pedernal del río, el maíz y don Mateo'],
  ['Ceibales', 'Ceibales'],
  ['al ponerse el sol', `al ponerse el ${COVERED}`],
])('a name in the text is covered: %s', (text, expected) => {
  const doc = valley()
  const id = addArticle(doc, { title: 'Turnos de Ceiba', kind: 'rota', text })
  const { printed } = printedOf(doc)
  expect(printed[0]!.title).toBe(`Turnos de ${COVERED}`)
  const [block] = printed[0]!.blocks
  expect(block?.type === 'paragraph' && block.spans.map((span) => span.text).join('')).toBe(expected)
  // The article itself says what it said.
  expect(
    plainText(
      articles(doc)
        .read()
        .find((article) => article.id === id)!.body!,
    ),
  ).toBe(text)
})

test('a name is covered although half of it is bold, and an address that is a person’s goes', () => {
  const doc = valley()
  addArticle(doc, { title: 'Avisos', kind: 'rule' })
  const body = articles(doc).read()[0]!.body!
  body.delete(0, body.length)
  const paragraph = new Y.XmlElement('paragraph')
  const text = new Y.XmlText()
  body.insert(0, [paragraph])
  paragraph.insert(0, [text])
  text.applyDelta([
    { insert: 'Llama a Cei', attributes: { bold: {} } },
    { insert: 'ba ya, o ' },
    { insert: 'escribe', attributes: { link: { href: 'mailto:ceiba@example.org' } } },
    { insert: ' o mira', attributes: { link: { href: 'https://example.org/' } } },
  ])
  const { printed, covered } = printedOf(doc)
  expect(printed[0]!.blocks).toEqual([
    {
      type: 'paragraph',
      spans: [
        { text: `Llama a ${COVERED}`, bold: true, italic: false, link: null },
        { text: ' ya, o ', bold: false, italic: false, link: null },
        { text: 'escribe', bold: false, italic: false, link: null },
        { text: ' o mira', bold: false, italic: false, link: 'https://example.org/' },
      ],
    },
  ])
  expect(covered).toBe(1)
})

const nested = (depth: number): Y.XmlElement => {
  const one = new Y.XmlElement(depth === 0 ? 'paragraph' : depth % 2 ? 'blockquote' : 'bullet_list')
  if (depth === 0) one.insert(0, [new Y.XmlText('en el fondo')])
  else if (depth % 2) one.insert(0, [nested(depth - 1)])
  else {
    const item = new Y.XmlElement('list_item')
    item.insert(0, [nested(depth - 1)])
    one.insert(0, [item])
  }
  return one
}

test.each([0, 1, PRINTED_DEPTH, PRINTED_DEPTH + 1, 20, 40])(
  'text %i deep in lists and quotes is kept and read again',
  (depth) => {
    const doc = valley()
    addArticle(doc, { title: 'Hondo', kind: 'rule' })
    const body = articles(doc).read()[0]!.body!
    body.insert(0, [nested(depth)])
    const { printed } = printedOf(doc)
    expect(textOf(printed)).toContain('en el fondo')
    expect(parsePrinted(encodePrinted(printed))).toEqual(printed)
  },
)

test('a printed row is read again as it was written, and every cut or changed one is refused or sound, and never throws', () => {
  const doc = valley()
  addArticle(doc, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.\nQuien llega, golpea.' })
  addArticle(doc, { title: '', kind: 'care' })
  const { printed } = printedOf(doc)
  const row = encodePrinted(printed)
  expect(parsePrinted(row)).toEqual(printed)
  for (let i = 0; i < row.length; i++) expect(parsePrinted(row.subarray(0, i))).toBe(null)
  for (let i = 0; i < row.length * 8; i++) {
    const bent = row.slice()
    bent[i >> 3]! ^= 1 << (i & 7)
    const read = parsePrinted(bent)
    // A changed letter is another text; whatever is read is written as the very bytes it was read from.
    if (read) expect(encodePrinted(read)).toEqual(bent)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parsePrinted(bytes)))
})

test.each<[string, Cbor]>([
  ['another version', { v: 2, articles: [] }],
  ['something more', { v: 1, articles: [], title: 'x' }],
  ['a block that is none', { v: 1, articles: [['', [['video', []]]]] }],
  ['a heading too deep', { v: 1, articles: [['', [['h4', []]]]] }],
  ['a link that runs', { v: 1, articles: [['', [['p', [['x', 0, 'javascript:alert(1)']]]]]] }],
  ['a style there is not', { v: 1, articles: [['', [['p', [['x', 4, null]]]]]] }],
])('a printed row with %s is refused', (_, value) => {
  expect(parsePrinted(encodeCbor(value))).toBe(null)
})
