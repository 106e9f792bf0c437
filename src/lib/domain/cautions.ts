import type * as Y from 'yjs'
import { isMemberId, type MemberId } from '../core/ids.ts'
import { change, newId } from './change.ts'
import { rootOf } from './document.ts'

/**
 * The precautionary pause of a person: a rest of some days that several ask for and that ends by itself. It is content: no
 * rule of the ledger reads it, and it touches no phone, key or name. What follows from it: caution-rounds.ts. Spec: caution.md.
 */
export const CAUTION_REASONS = ['care', 'conflict', 'agreement', 'risk'] as const
/** A category. There is no place for a story. */
export type CautionReason = (typeof CAUTION_REASONS)[number]

/** Clocks of phones differ by this much. What is dated later than that is passed over until its day comes. Milliseconds. */
export const SKEW_MS = 10 * 60_000

/** A voice, and whether it was taken back. A claim: whoever reads it has to look who wrote it. */
export type Said = {
  readonly about: MemberId
  readonly member: MemberId
  /** Milliseconds since 1970, by the phone it was written with. */
  readonly at: number
  readonly reason: CautionReason
  /** Whom to talk to meanwhile: a member, or the id of a person without a phone. */
  readonly care: string | null
  /** When it was taken back, as above; `null`: it stands. */
  readonly back: number | null
  /** The Yjs client it was last written by. */
  readonly client: number
  readonly key: string
}

type Saying = Pick<Said, 'about' | 'member'>

/** Asks for a pause of `about`, or joins those who do. A key for each act: two phones that write at once both stand. */
export const askCaution = (
  doc: Y.Doc,
  { about, member, reason, care }: Saying & Pick<Said, 'reason' | 'care'>,
  now: number,
): void =>
  change(doc, () => {
    // Later than what this person took back with a phone whose clock is ahead.
    const backs = saidBy(doc, { about, member }, now).map(({ back }) => (back ?? 0) + 1)
    const at = Math.max(now, ...backs)
    rootOf(doc, 'cautions').set(`${about}.${member}.${newId()}`, `${at} ${reason} ${care ?? '-'}`)
  })

/**
 * Takes back what one asked for. It is written over the voice itself: whoever erased the one would erase the other, so that
 * nobody but its owner ever makes a voice stand again.
 */
export const takeBackCaution = (doc: Y.Doc, of: Saying, now: number): void =>
  change(doc, () => {
    for (const { key, at, reason, care, back } of saidBy(doc, of, now)) {
      if (back === null)
        rootOf(doc, 'cautions').set(key, `${at} ${reason} ${care ?? '-'} ${Math.max(now, at)}`)
    }
  })

/**
 * What stands under one’s own name. From a day to come there is nothing after this: a clock was wrong, or it was somebody
 * else, and it must not wait there to count one day.
 */
const saidBy = (doc: Y.Doc, { about, member }: Saying, now: number): readonly Said[] => {
  const isLater = ({ at, back }: Said) => Math.max(at, back ?? at) > now + SKEW_MS
  const mine = saidIn(doc).filter((said) => said.about === about && said.member === member)
  for (const said of mine) if (isLater(said)) rootOf(doc, 'cautions').delete(said.key)
  return mine.filter((said) => !isLater(said))
}

/** Everything that was said, by whomever. Never throws. */
export const saidIn = (doc: Y.Doc): readonly Said[] => {
  const root = rootOf(doc, 'cautions')
  return [...root.entries()].flatMap(([key, value]): readonly Said[] => {
    const [about, member, id, rest] = key.split('.')
    const client = root._map.get(key)?.id.client
    if (!isMemberId(about) || !isMemberId(member) || !id || rest !== undefined) return []
    if (about === member || client === undefined || typeof value !== 'string') return []
    const said = parse(value)
    return said ? [{ about, member, client, key, ...said }] : []
  })
}

const SHAPE = /^(\d{1,15}) ([a-z]+) (-|[0-9a-f]{16}|[0-9a-f]{32})(?: (\d{1,15}))?$/

const parse = (value: string): Pick<Said, 'at' | 'reason' | 'care' | 'back'> | null => {
  const [, at, category, care, back] = SHAPE.exec(value) ?? []
  const reason = CAUTION_REASONS.find((known) => known === category)
  if (at === undefined || care === undefined || !reason) return null
  return {
    at: Number(at),
    reason,
    care: care === '-' ? null : care,
    back: back === undefined ? null : Number(back),
  }
}
