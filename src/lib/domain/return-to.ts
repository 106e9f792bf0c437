import * as Y from 'yjs'
import { change } from './change.ts'
import { contentOf, rootOf } from './document.ts'
import { readField } from './fields.ts'
import { isMap, itemOf } from './items.ts'
import { oneLine } from './text.ts'

/** Comparing two texts block by block costs their product: beyond this many pairs the past one is put in whole. */
const MAX_PAIRS = 4_000_000

/**
 * Writes into `doc`, as new edits of whoever does it, what makes it say again what `past` said: the answer to somebody
 * who deleted or overwrote what others wrote, since what was merged is never un-merged. Nothing is lost by it: articles and
 * threats added since are put away, not deleted, and who people are is not turned back, only filled in where it went
 * missing. Where several do it at once, or write meanwhile, all devices still end with the same. One change for each
 * item, so that none grows past what one record may hold.
 */
export const returnTo = (doc: Y.Doc, past: Y.Doc): void => {
  change(doc, () => returnMap(rootOf(doc, 'about'), rootOf(past, 'about')))
  for (const name of ['articles', 'threats'] as const) {
    for (const id of rootOf(past, name).keys()) returnItem(doc, past, { root: name, id })
    for (const [id, item] of rootOf(doc, name))
      if (!rootOf(past, name).has(id) && isMap(item) && item.get('archived') !== true)
        change(doc, () => item.set('archived', true))
  }
  for (const id of rootOf(past, 'people').keys()) change(doc, () => fillInPerson(doc, past, id))
}

/** The same for one article or threat that `past` has. Nothing happens when it has not. */
export const returnItem = (
  doc: Y.Doc,
  past: Y.Doc,
  { root, id }: { readonly root: 'articles' | 'threats'; readonly id: string },
): void => {
  const was = itemOf(rootOf(past, root), id)
  if (!was) return
  change(doc, () => {
    const is = itemOf(rootOf(doc, root), id)
    if (is) returnMap(is, was)
    else rootOf(doc, root).set(id, was.clone())
  })
}

const fillInPerson = (doc: Y.Doc, past: Y.Doc, id: string): void => {
  const was = itemOf(rootOf(past, 'people'), id)
  if (!was) return
  const is = itemOf(rootOf(doc, 'people'), id)
  if (!is) return void rootOf(doc, 'people').set(id, was.clone())
  const isNamed = readField(is, 'name', oneLine).versions.length > 0
  for (const [key, value] of was)
    if (!is.has(key) && !(isNamed && key.startsWith('name.'))) is.set(key, value)
}

const returnMap = (is: Y.Map<unknown>, was: Y.Map<unknown>): void => {
  for (const key of [...is.keys()]) if (!was.has(key)) is.delete(key)
  for (const [key, value] of was) {
    const now = is.get(key)
    if (isSame(now, value)) continue
    if (isBody(now) && isBody(value) && returnBody(now, value)) continue
    is.set(key, value instanceof Y.AbstractType ? value.clone() : value)
  }
}

/**
 * Keeps the blocks that stand as they were, so that whoever writes in them is not disturbed. `false`: so little is left
 * that the past text is better put in its place whole; two who do that at once do not put it in twice.
 */
const returnBody = (is: Y.XmlFragment, was: Y.XmlFragment): boolean => {
  const [now, then] = [blocksOf(is), blocksOf(was)]
  if (now.length * then.length > MAX_PAIRS) return false
  const kept = commonOf(now, then)
  if (kept.length * 2 < then.length) return false
  let [i, j] = [now.length, then.length]
  // From the end, so that places in front stay what they are.
  for (const [keptNow, keptThen] of [...kept.reverse(), [-1, -1] as const]) {
    const gone = was.slice(keptThen + 1, j)
    if (i > keptNow + 1) is.delete(keptNow + 1, i - keptNow - 1)
    if (gone.length > 0)
      is.insert(
        keptNow + 1,
        gone.map((block) => block.clone()),
      )
    ;[i, j] = [keptNow, keptThen]
  }
  return true
}

/** The longest run of pairs that both have in the same order (Wagner and Fischer 1974), by their places in each. */
const commonOf = (a: readonly string[], b: readonly string[]): (readonly [number, number])[] => {
  const width = b.length + 1
  const longest = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      longest[i * width + j] =
        a[i] === b[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const pairs: (readonly [number, number])[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;)
    if (a[i] === b[j]) pairs.push([i++, j++])
    else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++
    else j++
  return pairs
}

const blocksOf = (body: Y.XmlFragment): readonly string[] => body.toArray().map(contentOf)

const isSame = (a: unknown, b: unknown): boolean => a !== undefined && contentOf(a) === contentOf(b)

const isBody = (value: unknown): value is Y.XmlFragment =>
  value instanceof Y.XmlFragment && !(value instanceof Y.XmlElement)
