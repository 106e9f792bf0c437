import type { MemberId } from '../core/ids.ts'
import { SKEW_MS, type CautionReason, type Said } from './cautions.ts'

/** So many different people, never the one it is about. */
export const CAUTION_VOICES = 3
/** How long it lasts at most, and how long a voice waits for others. Milliseconds. */
export const CAUTION_MS = 14 * 86_400_000

/** What was said, by somebody who is who they claim. `counts`: a phone of theirs that belongs wrote it. */
export type Voice = Omit<Said, 'client' | 'key'> & { readonly counts: boolean }

export type Caution = {
  readonly about: MemberId
  /** Who asks for it now, the first one first. */
  readonly voices: readonly MemberId[]
  readonly reason: CautionReason
  readonly care: string | null
  /** When it ends by itself; `null` while too few ask for it. Milliseconds since 1970. */
  readonly until: number | null
}

/**
 * What follows from what was said: one for each person about whom anybody asks for a pause now. The same for the same
 * voices in any order.
 */
export const cautionsAt = (voices: readonly Voice[], now: number): readonly Caution[] => {
  const heard = voices.filter(({ at, about, member }) => at <= now + SKEW_MS && about !== member)
  return [...new Set(heard.map(({ about }) => about))].sort().flatMap((about) => {
    const { asked, began } = roundAt(
      heard.filter((voice) => voice.about === about),
      now,
    )
    const counted = [...asked.values()].filter(({ counts }) => counts)
    const [first] = counted
    if (!first) return []
    const stands = began !== null && counted.length >= CAUTION_VOICES
    return [
      {
        about,
        voices: counted.map(({ member }) => member),
        reason: first.reason,
        care: counted.find(({ care }) => care !== null && care !== about)?.care ?? null,
        until: stands ? began + CAUTION_MS : null,
      },
    ]
  })
}

/** Voices that wait for each other, and then the pause they began. Each voice begins one at most. */
type Round = { readonly asked: ReadonlyMap<MemberId, Voice>; readonly began: number | null }
const NOBODY: Round = { asked: new Map(), began: null }

/** What happened, one after the other: somebody said so, or took it back. */
type Turn = { readonly voice: Voice; readonly at: number; readonly isBack: boolean }

const roundAt = (voices: readonly Voice[], now: number): Round => {
  const turns = voices.flatMap((voice): readonly Turn[] => {
    const asked = { voice, at: voice.at, isBack: false }
    const { back } = voice
    return back === null || back > now + SKEW_MS
      ? [asked]
      : [asked, { voice, at: Math.max(back, voice.at), isBack: true }]
  })
  let round = NOBODY
  for (const { voice, at, isBack } of turns.sort(inOrder)) {
    round = lapsed(round, at)
    round = isBack ? withdrawn(round, voice) : joined(round, voice)
  }
  return lapsed(round, now)
}

/** The third voice starts the clock. Also one that counts no more: so nobody’s going makes a pause longer. */
const joined = ({ asked, began }: Round, voice: Voice): Round => {
  if (asked.has(voice.member)) return { asked, began }
  const all = new Map(asked).set(voice.member, voice)
  return { asked: all, began: began ?? (all.size >= CAUTION_VOICES ? voice.at : null) }
}

/** A person takes back what they said, with whichever phone. Whoever is left when a pause ends has to say so again. */
const withdrawn = ({ asked, began }: Round, { member }: Voice): Round => {
  const left = new Map([...asked].filter(([of]) => of !== member))
  const counted = [...left.values()].filter(({ counts }) => counts).length
  return began !== null && counted < CAUTION_VOICES ? NOBODY : { asked: left, began }
}

const lapsed = ({ asked, began }: Round, at: number): Round => {
  if (began !== null) return at >= began + CAUTION_MS ? NOBODY : { asked, began }
  return { asked: new Map([...asked].filter(([, voice]) => at < voice.at + CAUTION_MS)), began }
}

/** By date; at the same instant whoever asks comes first; then in an order that is the same everywhere. */
const inOrder = (a: Turn, b: Turn): number =>
  a.at - b.at || Number(a.isBack) - Number(b.isBack) || (keyOf(a) < keyOf(b) ? -1 : 1)

const keyOf = ({ voice: { member, at, reason, care, counts } }: Turn): string =>
  [member, at, reason, care, counts].map(String).join(' ')
