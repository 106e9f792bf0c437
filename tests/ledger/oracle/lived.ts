import type { EntryId, EpochId } from '../../../src/lib/core/ids.ts'
import type { Proposal } from '../../../src/lib/ledger/types.ts'
import { INVITES, type Decided, type Hand, type MadeUp } from './made-up.ts'

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
  function aKeeperIsSomebodysPhoneToo(made) {
    const [first, ...others] = made.founders as [Hand, ...Hand[]]
    const on = made.heads
    const both = made.stranger()
    made.hands.push(both)
    made.decides(most(made.founders, made), made.entrant('keeper', both), on)
    const proposal = vouched(made, made.entrant('admit', both), on)
    for (const one of [both, ...others]) made.suspends(first, one)
    made.says(others.at(-1)!, { type: 'enact', proposal })
  },
  function aKeeperIsAPhoneOfSomebodyWhoIsGone(made) {
    const [first, second, third] = made.founders as [Hand, Hand, Hand]
    const on = made.heads
    const phone = made.stranger()
    const both = made.another(phone)
    made.hands.push(phone, both)
    const { enacted } = made.decides(most(made.founders, made), made.entrant('keeper', both), on)
    made.says(both, { type: 'merge' }, [enacted])
    const proposal = vouched(made, made.entrant('admit', both), on)
    const before = made.decides([first, second, third], made.entrant('admit', phone), on).enacted
    const removal = { action: 'removeMember', member: phone.member, annul: [] } as const
    made.decides(most([second, third, first, ...made.founders.slice(3)], made), removal, [before])
    made.says(first, { type: 'merge' })
    made.says(second, { type: 'enact', proposal })
  },
  function aPhoneIsBroughtInBySomebodyPutOutAndThenOnceMore(made) {
    const [first, second, ...rest] = made.founders as [Hand, Hand, ...Hand[]]
    const gone = rest.at(-1)!
    const phone = made.another(first)
    made.hands.push(phone)
    const proposal = made.says(first, { type: 'propose', proposal: made.entrant('addDevice', phone) })
    const vote = made.says(second, { type: 'approve', proposal, seen: [] })
    const cut = made.says(gone, { type: 'enact', proposal })
    wakesOnceItIsTheirs(made, { phone, proposal, cut, on: [vote] })
  },
  function aKeeperBroughtInBySomebodyPutOutIsSomebodysPhone(made) {
    const [first, second, ...rest] = made.founders as [Hand, Hand, ...Hand[]]
    const gone = rest.at(-1)!
    const phone = made.another(first)
    made.hands.push(phone)
    const proposal = made.says(first, { type: 'propose', proposal: made.entrant('addDevice', phone) })
    made.says(second, { type: 'approve', proposal, seen: [] })
    const keeper = made.says(second, { type: 'propose', proposal: made.entrant('keeper', phone) })
    for (const who of [first, ...rest]) made.says(who, { type: 'approve', proposal: keeper, seen: [] })
    const vote = made.heads
    const cut = made.says(gone, { type: 'enact', proposal: keeper })
    wakesOnceItIsTheirs(made, { phone, proposal, cut, on: vote })
  },
  function whomAnInvitationMeantIsSaidWithAVoteThatIsPausedForAWhile(made) {
    const { founders } = made
    const [first, pausing] = [founders[0]!, founders.at(-1)!]
    const invite = made.says(first, { type: 'invite', invitePk: INVITES.publicKey, uses: 1 })
    const epoch = made.says(first, {
      type: 'rotate',
      prev: [],
      commit: new Uint8Array(32),
      boxRoot: new Uint8Array(32),
    }) as EpochId
    const on = made.heads
    const [meant, other] = [made.stranger(), made.stranger()]
    made.hands.push(meant, other)
    const vouching = founders.slice(0, founders.length < 8 ? 2 : 3)
    const [{ proposed: proposal }] = [meant, other].map((guest) =>
      made.decides(vouching, made.entrant('admit', guest, invite), on),
    ) as [Decided, Decided]
    made.settles(founders)
    const settled = made.heads
    // The two who came in have a voice by now: it takes just as many as this.
    const more = founders.slice(vouching.length, Math.floor((founders.length + 2) / 2) + 1)
    for (const who of more) made.says(who, { type: 'approve', proposal, seen: [] })
    made.says(first, { type: 'enact', proposal })
    const pause = made.suspends(pausing, more.at(-1)!, settled)
    const box = new Uint8Array()
    const gives = () => made.says(first, { type: 'grant', epochs: [epoch], device: meant.own.id, box })
    gives()
    made.says(pausing, { type: 'withdraw', target: pause })
    gives()
  },
]

/**
 * The last founder carries something out, and a phone of the first speaks by it. Those who remove the last know of `on` alone, and
 * say that the first is away; then it is carried out that the phone is theirs.
 */
const wakesOnceItIsTheirs = (
  made: MadeUp,
  of: {
    readonly phone: Hand
    readonly proposal: EntryId
    readonly cut: EntryId
    readonly on: readonly EntryId[]
  },
) => {
  const [first, second, ...rest] = made.founders as [Hand, Hand, ...Hand[]]
  made.says(of.phone, { type: 'merge' }, [of.cut])
  const removal = { action: 'removeMember', member: rest.at(-1)!.member, annul: [] } as const
  const { enacted } = made.decides(most(made.founders, made), removal, of.on)
  const sleeps = { action: 'dormant', members: [first.member] } as const
  made.decides(most([second, ...rest, first], made), sleeps, [enacted])
  made.says(second, { type: 'merge' })
  made.says(second, { type: 'enact', proposal: of.proposal })
}

/** Proposed and vouched for, and left to be carried out. */
const vouched = (made: MadeUp, proposal: Proposal, on: readonly EntryId[]): EntryId => {
  const [proposing, ...others] = [...made.founders].reverse() as [Hand, ...Hand[]]
  const proposed = made.says(proposing, { type: 'propose', proposal }, on)
  for (const who of others.slice(0, 2))
    made.says(who, { type: 'approve', proposal: proposed, seen: [] }, [proposed])
  return proposed
}

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
