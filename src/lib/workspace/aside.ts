import type * as Y from 'yjs'
import type { DeviceId, FeedId } from '../core/ids.ts'
import { broughtOf, markBrought, type LatePlace } from '../domain/brought.ts'
import type { LateText } from '../domain/late-work.ts'
import { bringBack, rescuables, type Piece } from '../domain/rescue.ts'
import type { Accepted, SetAside } from '../feed/types.ts'
import type { Position } from '../ledger/types.ts'
import type { ThreatField } from '../domain/threats.ts'

/** Late work of one feed in one place, as one piece. */
export type LatePiece = {
  readonly id: string
  readonly device: DeviceId
  readonly place: LatePlace
  /** The last record it was read from. */
  readonly upTo: number
  readonly piece: Piece
  /** Somebody says that it was brought back; what came after it is a piece of its own. */
  readonly brought: boolean
  /** It was written into something that was closed meanwhile. */
  readonly closed?: true
}

/** What was set aside, told apart by feed, by where it would have stood, and by whether it was brought back already; what was, last. */
export const latePieces = (doc: Y.Doc, setAside: readonly SetAside[]): readonly LatePiece[] => {
  const byFeed = new Map<FeedId, SetAside[]>()
  for (const aside of setAside)
    byFeed.set(aside.position.feed, [...(byFeed.get(aside.position.feed) ?? []), aside])
  const pieces = [...byFeed].flatMap(([feed, late]) => {
    late.sort((one, other) => one.position.seq - other.position.seq)
    const brought = broughtOf(doc, feed)
    // Each place has its own mark: the feed is read once for each, up to it and from it on.
    return [...new Set([-1, ...brought.values()])].flatMap((mark) => {
      const halves = [
        late.filter(({ position }) => position.seq <= mark),
        late.filter(({ position }) => position.seq > mark),
      ]
      const read = rescuables(
        doc,
        halves.map((half) => half.flatMap(({ docs }) => docs.map(({ update }) => update))),
      )
      return halves.flatMap((half, i) =>
        byPlace(read[i]!.pieces)
          .filter(([item]) => (brought.get(item) ?? -1) === mark)
          .map(([item, piece]) => {
            const upTo = half.at(-1)!.position.seq
            const id = [feed, item, half[0]!.position.seq, upTo].join(' ')
            return { id, device: half[0]!.device, place: { feed, item }, upTo, piece, brought: i === 0 }
          }),
      )
    })
  })
  return pieces.sort((one, other) => Number(one.brought) - Number(other.brought))
}

/** How many of these lie at or below some positions; without any, all. */
export const asideUpTo = (aside: readonly SetAside[], upTo?: readonly Position[]): number =>
  aside.filter(
    ({ position: { feed, seq } }) =>
      upTo === undefined || upTo.some((at) => at.feed === feed && seq <= at.seq),
  ).length

/**
 * The same for a screen that asks after every change: worked out anew only when something else is set aside, was brought
 * back, or the document was replaced. Reading it takes a copy of the whole document, which is not for every letter.
 */
export const followLatePieces = (): typeof latePieces => {
  let last: { readonly doc: Y.Doc; readonly key: string; readonly pieces: readonly LatePiece[] } | null = null
  return (doc, setAside) => {
    const recs = setAside.map(({ position }) => position.rec).sort()
    const feeds = new Set(setAside.map(({ position }) => position.feed))
    const key = JSON.stringify([recs, [...feeds].map((feed) => [...broughtOf(doc, feed)].sort())])
    if (last?.doc !== doc || last.key !== key) last = { doc, key, pieces: latePieces(doc, setAside) }
    return last.pieces
  }
}

/**
 * What people wrote into something before they heard that it was closed, by feed and by what they wrote into. It comes back as
 * something new: of what is closed nothing leads to where it stood. Spec: checkpoint.md §6a.
 */
export const closedPieces = (doc: Y.Doc, late: readonly LateText<Accepted>[]): readonly LatePiece[] => {
  const begins = new Map<string, number>()
  const groups = new Map<string, LateText<Accepted>[]>()
  for (const text of late) {
    const { feed, seq } = text.by.position
    const whole = `${feed} ${text.item}`
    const begin = begins.get(whole) ?? seq
    begins.set(whole, begin)
    const mark = broughtOf(doc, feed).get(`c${begin}`) ?? -1
    const key = [feed, `c${begin}`, seq <= mark ? 'brought' : 'late'].join(' ')
    groups.set(key, [...(groups.get(key) ?? []), text])
  }
  return [...groups].map(([key, texts]) => {
    const [feed, item, half] = key.split(' ') as [FeedId, string, string]
    const fields: Partial<Record<ThreatField, string>> = {}
    for (const { field, text } of texts) {
      const to = field ?? 'what'
      fields[to] = fields[to] ? `${fields[to]}\n${text}` : text
    }
    const upTo = texts.at(-1)!.by.position.seq
    return {
      id: [feed, item, texts[0]!.by.position.seq, upTo].join(' '),
      device: texts[0]!.by.device,
      place: { feed, item },
      upTo,
      piece: { type: 'threat', id: '', title: '', fields } as const,
      brought: half === 'brought',
      closed: true,
    } as const
  })
}

/**
 * Brings one piece back as it was shown: what came after it since stays set aside.
 * @returns whether there is such a piece.
 */
export const bringLateBack = (
  doc: Y.Doc,
  of: { readonly setAside: readonly SetAside[]; readonly late: readonly LateText<Accepted>[] },
  id: string,
): boolean => {
  const [feed, , , upTo] = id.split(' ')
  const isShown = ({ position }: Accepted) => position.feed !== feed || position.seq <= Number(upTo)
  const found = [
    ...latePieces(doc, of.setAside.filter(isShown)),
    ...closedPieces(
      doc,
      of.late.filter(({ by }) => isShown(by)),
    ),
  ].find((late) => late.id === id)
  if (!found) return false
  const { piece, place } = found
  bringBack(doc, { pieces: [piece], text: '', where: { type: piece.type, title: '' } })
  markBrought(doc, place, found.upTo)
  return true
}

/** What stands in no article and no threat is one piece: it has no name to be known by again. */
const byPlace = (pieces: readonly Piece[]): readonly (readonly [item: string, piece: Piece])[] => {
  const others = pieces.flatMap((piece) => (piece.type === 'other' ? piece.text : []))
  return [
    ...pieces.flatMap((piece) => (piece.type === 'other' ? [] : [[piece.id, piece] as const])),
    ...(others.length > 0 ? [['other', { type: 'other', text: others.join('\n') }] as const] : []),
  ]
}
