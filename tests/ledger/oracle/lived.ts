import type { EntryId } from '../../../src/lib/core/ids.ts'
import type { Hand, MadeUp } from './made-up.ts'

/**
 * What a collective may have been through, by number. Turmoil finds these in one ledger of many hundred; told first, they lie in
 * every long enough run, with turmoil on top. Each is told by those who are there by then, whatever went before.
 */
const CHAPTERS: readonly ((made: MadeUp) => void)[] = [
  function somebodyNewIsSettled(made) {
    const guest = made.stranger()
    made.hands.push(guest)
    made.decides(made.founders.slice(0, 3), made.entrant('admit', guest))
    made.settles(made.founders.slice(0, Math.floor((2 * made.founders.length) / 3) + 1))
  },
  function somebodyIsAway(made) {
    const away = made.founders.at(-1)!
    made.hands.splice(made.hands.indexOf(away), 1)
    made.decides(most(made.founders.slice(0, -1), made), { action: 'dormant', members: [away.member] })
  },
  function theRulesAreRaised(made) {
    made.decides(most(made.founders, made), { action: 'minRules', rules: 2 })
  },
  function somebodyIsPutOutAndWhatTheySaidIsAnnulled(made) {
    const [thief, ...others] = made.founders as [Hand, ...Hand[]]
    const said = made.suspends(thief, others[0]!)
    const device = thief.own.id
    made.decides(most(others, made), { action: 'revokeDevice', device, frontier: [], annul: [said] })
  },
  function tooManyAreSuspendedAndTheSecondLifted(made) {
    tooMany(made, (target, second) =>
      made.decides(most(made.founders.slice(0, -1), made), { action: 'lift', device: target.own.id }, [
        second,
      ]),
    )
  },
  function tooManyAreSuspendedAndTheSecondTakenBack(made) {
    tooMany(made, (_, second) => made.says(made.founders[1]!, { type: 'withdraw', target: second }))
  },
  function whoSuspendedEverybodyIsPutOutAndAnotherPhoneStandsBehindThem(made) {
    const [first, another, ...others] = made.founders as [Hand, Hand, ...Hand[]]
    const on = made.heads
    const last = silences(made, first, [another, ...others], on)
    const decision = { action: 'removeMember', member: first.member, annul: [] } as const
    made.decides(most([another, ...others], made), decision, [last])
    silences(made, another, [first, ...others], on)
  },
  function tooManyAreSuspendedByWhoIsPutOutAndThenSomebodySecondsIt(made) {
    const [thief, second, ...others] = made.founders as [Hand, Hand, ...Hand[]]
    const on = made.heads
    const last = silences(made, thief, [second, ...others], on)
    const decision = { action: 'removeMember', member: thief.member, annul: [] } as const
    made.decides(most([second, ...others], made), decision, [last])
    made.suspends(second, others.at(-1)!, on)
  },
  function whoTookSomethingBackIsSuspendedMeanwhile(made) {
    const [first, mistaken, second] = made.founders as [Hand, Hand, Hand]
    const on = made.heads
    const said = made.suspends(first, mistaken, on)
    made.says(first, { type: 'withdraw', target: said }, [said])
    made.suspends(second, first, on)
  },
  function aPausedPhoneDatesBackAWordAgainstWhoeverPausedIt(made) {
    const [first, mistaken, ...thieves] = made.founders as [Hand, Hand, ...Hand[]]
    const on = made.heads
    const said = made.suspends(first, mistaken, on)
    const takenBack = made.says(first, { type: 'withdraw', target: said }, [said])
    silences(made, first, thieves, [takenBack])
    made.suspends(thieves[0]!, first, on)
  },
  function twoSayThatAPhoneIsTheirs(made) {
    const [one, other, vouching] = made.founders as [Hand, Hand, Hand]
    const phone = made.another(one)
    made.hands.push(phone)
    const on = made.heads
    made.decides([one, vouching], made.entrant('addDevice', phone), on)
    made.decides([other, vouching], made.entrant('addDevice', { ...phone, member: other.member }), on)
  },
  function whoVouchedWasSuspendedMeanwhile(made) {
    const [first, second, third] = made.founders as [Hand, Hand, Hand]
    const on = made.heads
    const guest = made.stranger()
    made.hands.push(guest)
    made.decides([first, second, ...made.founders.slice(3, 4)], made.entrant('admit', guest), on)
    made.suspends(third, first, on)
  },
  function whatSomebodyAskedForIsCut(made) {
    const [gone, ...others] = made.founders as [Hand, ...Hand[]]
    const on = made.heads
    made.says(gone, { type: 'propose', proposal: { action: 'policy', policy: { admit: 3 } } }, on)
    made.decides(most(others, made), { action: 'removeMember', member: gone.member, annul: [] }, on)
  },
]

/** As many of some as decide for all. */
const most = (some: readonly Hand[], { founders }: MadeUp): readonly Hand[] =>
  some.slice(0, Math.floor(founders.length / 2) + 1)

/** Suspends one after the other: the last of them is one too many. */
const silences = (made: MadeUp, who: Hand, targets: readonly Hand[], on: readonly EntryId[]): EntryId => {
  let knows = on
  for (const one of targets) knows = [made.suspends(who, one, knows)]
  return knows[0]!
}

/** The first suspends more than they may, but not the second, who suspends the last of these as well; then something ends that. */
const tooMany = (made: MadeUp, ends: (target: Hand, second: EntryId) => void) => {
  const [first, second, ...rest] = made.founders as [Hand, Hand, ...Hand[]]
  const on = made.heads
  silences(made, first, rest, on)
  ends(rest.at(-1)!, made.suspends(second, rest.at(-1)!, on))
}

export const CHAPTER_COUNT = CHAPTERS.length

/** Tells some chapters. Of one person or two there is not that much to tell. */
export const lives = (made: MadeUp, chapters: readonly number[]): MadeUp => {
  if (made.founders.length > 2) for (const chapter of chapters) CHAPTERS[chapter]!(made)
  return made
}
