import { Schema, type DOMOutputSpec, type MarkSpec, type NodeSpec } from 'prosemirror-model'
import { parseLevel, parseLink } from './prose-parts.ts'

/** Own direction for each block: a line in Arabic between two in Spanish starts where it should. */
const block = (tag: string): DOMOutputSpec => [tag, { dir: 'auto' }, 0]

const nodes = {
  doc: { content: 'block+' },
  paragraph: {
    group: 'block',
    content: 'inline*',
    parseDOM: [{ tag: 'p' }],
    toDOM: () => block('p'),
  },
  heading: {
    group: 'block',
    content: 'inline*',
    defining: true,
    attrs: { level: { default: 2 } },
    parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level: Math.min(level, 3) } })),
    // The article's own title is the h2 above its text.
    toDOM: (node) => block(`h${parseLevel(node.attrs['level']) + 2}`),
  },
  bullet_list: {
    group: 'block',
    content: 'list_item+',
    parseDOM: [{ tag: 'ul' }],
    toDOM: () => ['ul', 0],
  },
  ordered_list: {
    group: 'block',
    content: 'list_item+',
    parseDOM: [{ tag: 'ol' }],
    toDOM: () => ['ol', 0],
  },
  list_item: { content: 'block+', defining: true, parseDOM: [{ tag: 'li' }], toDOM: () => block('li') },
  blockquote: {
    group: 'block',
    content: 'block+',
    defining: true,
    parseDOM: [{ tag: 'blockquote' }],
    toDOM: () => ['blockquote', 0],
  },
  callout: {
    group: 'block',
    content: 'block+',
    defining: true,
    parseDOM: [{ tag: 'aside' }],
    toDOM: () => ['aside', 0],
  },
  text: { group: 'inline' },
  hard_break: {
    group: 'inline',
    inline: true,
    selectable: false,
    parseDOM: [{ tag: 'br' }],
    toDOM: () => ['br'],
  },
} as const satisfies Record<string, NodeSpec>

const bold: MarkSpec = {
  parseDOM: [
    { tag: 'strong' },
    // Google Docs wraps whole pastes in a `b` that is not bold.
    { tag: 'b', getAttrs: (element) => element.style.fontWeight !== 'normal' && null },
    { style: 'font-weight', getAttrs: (value) => /^(bold(er)?|[6-9]\d{2})$/.test(value) && null },
  ],
  toDOM: () => ['strong', 0],
}

const italic: MarkSpec = {
  parseDOM: [{ tag: 'em' }, { tag: 'i' }, { style: 'font-style=italic' }],
  toDOM: () => ['em', 0],
}

/**
 * A link is words with an address beside them, never an `a`: a tap on one would tell its server, and whoever
 * watches the line, who is reading what.
 */
const link: MarkSpec = {
  // A default, so that a mark without an address costs its reader nothing but the address.
  attrs: { href: { default: '' } },
  inclusive: false,
  parseDOM: [
    { tag: 'a[href]', getAttrs: (element) => linkAttrs(element.getAttribute('href')) },
    { tag: 'span[data-href]', getAttrs: (element) => linkAttrs(element.getAttribute('data-href')) },
  ],
  toDOM: (mark) => {
    const href = parseLink(mark.attrs['href'])
    return href ? ['span', { class: 'link', 'data-href': href, title: href }, 0] : ['span', 0]
  },
}

const linkAttrs = (value: string | null): { href: string } | false => {
  const href = parseLink(value)
  return href !== null && { href }
}

/** What an article may be made of. */
export const proseSchema = new Schema({ nodes, marks: { bold, italic, link } })
