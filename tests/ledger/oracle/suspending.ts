import type { DeviceId, EntryId, MemberId } from '../../../src/lib/core/ids.ts'
import type { Act } from '../../../src/lib/ledger/types.ts'
import type { Reading } from './oracle.ts'
import { isCloned } from './strata.ts'

/** A suspension in force on a device: the one it names, or one that device brought in. */
export type Bite = { readonly said: EntryId; readonly device: DeviceId }

type Known = {
  readonly uncut: readonly EntryId[]
  readonly enacts: readonly EntryId[]
  readonly cut: ReadonlySet<EntryId>
  readonly lifts: readonly EntryId[]
  readonly held: ReadonlyMap<DeviceId, readonly MemberId[]>
  readonly strikesOn: (device: DeviceId) => readonly EntryId[]
}

/** The reason a suspension gives. A copied phone is its own evidence. */
export const reasonOf = (act: Act | null): string =>
  act?.type === 'suspend' ? act.reason : act?.type === 'propose' ? 'proposed' : 'evidence'

type TakenBack = { readonly id: EntryId; readonly target: EntryId }

/** What the rules had to decide about suspensions, by name, for those who ask whether it happened at all. */
export type Decided =
  | 'an annulled suspension'
  | 'a lifted second'
  | 'a second that no longer stands'
  | 'a second by somebody put out before'
  | 'a withdrawal that came to nothing'
  | 'a withdrawal that came to nothing, and no room'
  | 'a second for somebody put out before'

/** T4: which suspensions bite. `note`: is told what had to be decided. */
export const bitingOf = (reading: Reading, known: Known, note: (what: Decided) => void): readonly Bite[] => {
  const { uncut, lifts, held, strikesOn } = known
  const authorOf = (id: EntryId): DeviceId => reading.word(id)!.author
  const holder = (device: DeviceId) => held.get(device)?.[0]
  const does = (id: EntryId) => reading.allowed(id)!.does!
  const liftsOf = (device: DeviceId) =>
    lifts.filter((id) => {
      const lift = does(id)
      return lift.action === 'lift' && lift.device === device
    })

  const said = uncut.flatMap((id): readonly Bite[] => {
    const { act, author } = reading.word(id)!
    if (act?.type === 'suspend') return [{ said: id, device: act.device }]
    if (
      act?.type === 'propose' &&
      act.proposal.action === 'revokeDevice' &&
      reading.allowed(id)!.cap !== undefined
    )
      return [{ said: id, device: act.proposal.device }]
    return act?.type === 'rekey' && isCloned(reading, id, uncut) ? [{ said: id, device: author }] : []
  })

  const withdrawals = uncut.flatMap((id): readonly TakenBack[] => {
    const target = reading.act(id, 'withdraw')?.target
    return target === undefined || reading.act(target, 'approve') ? [] : [{ id, target }]
  })
  const isTakenBack = (one: Bite, by: readonly TakenBack[]) => by.some(({ target }) => target === one.said)
  /** Whether a withdrawal comes to count or not, whoever knew of it has room again. */
  const knewItsEnd = (by: EntryId, earlier: Bite) =>
    strikesOn(earlier.device).some((strike) => reading.below(strike, by)) ||
    liftsOf(earlier.device).some((lift) => reading.below(earlier.said, lift) && reading.below(lift, by)) ||
    withdrawals.some(({ id, target }) => target === earlier.said && reading.below(id, by))
  const isSettledBefore = (id: EntryId, by: EntryId) => {
    const final = reading.newestFinal(reading.past(by))
    return final !== null && reading.atOrBelow(id, final)
  }

  const isAnnulled = ({ said: id }: Bite) =>
    strikesOn(authorOf(id)).some((strike) => {
      const by = does(strike)
      return 'annul' in by && by.annul.includes(id)
    })
  const isLifted = ({ said: id, device }: Bite) => liftsOf(device).some((lift) => reading.below(id, lift))

  /** Whose, and against whom; `null`: outside any share. */
  const isCounted = (one: Bite) => {
    const [who, target] = [holder(authorOf(one.said)), holder(one.device)]
    return target !== undefined && target !== who
  }
  const othersBeside = (one: Bite, those: readonly Bite[]): number =>
    new Set(
      those
        .filter((other) => holder(authorOf(other.said)) === holder(authorOf(one.said)))
        .filter((other) => !knewItsEnd(one.said, other))
        .map(({ device }) => holder(device))
        .filter((target) => target !== holder(one.device)),
    ).size
  const share = (one: Bite) => reading.allowed(one.said)!.cap!

  // Alone, nobody silences more than their share of the others. A place once taken stays taken, and is of that member’s words alone.
  const size = (id: EntryId) => reading.past(id).size
  const placed: Bite[] = []
  for (const one of [...said].sort((a, b) => size(a.said) - size(b.said) || (a.said < b.said ? -1 : 1))) {
    const isUpon = placed.some(
      (other) =>
        holder(authorOf(other.said)) === holder(authorOf(one.said)) &&
        holder(other.device) === holder(one.device) &&
        !knewItsEnd(one.said, other),
    )
    if (isCounted(one) && (isUpon || othersBeside(one, placed) < share(one))) placed.push(one)
  }

  /** What has ended seconds nobody, nor does who was put out, but what that decision knew; nor does who seconds later than settled. */
  const withinCap = (takenBack: readonly TakenBack[]): readonly Bite[] =>
    said.filter((one) => {
      if (!isCounted(one)) return true
      const isBack = isTakenBack(one, withdrawals) && !isTakenBack(one, takenBack)
      const hasRoom = placed.includes(one) && (!isBack || othersBeside(one, placed) < share(one))
      if (isBack && placed.includes(one))
        note(hasRoom ? 'a withdrawal that came to nothing' : 'a withdrawal that came to nothing, and no room')
      const seconds = said.filter(
        (other) =>
          other.device === one.device &&
          holder(authorOf(other.said)) !== holder(authorOf(one.said)) &&
          !isSettledBefore(one.said, other.said),
      )
      const isOutBefore = (other: Bite, before: Bite) =>
        strikesOn(authorOf(other.said)).some((strike) => !reading.below(before.said, strike))
      const stillStand = seconds.filter(
        (other) =>
          !isTakenBack(other, takenBack) &&
          !isAnnulled(other) &&
          !isLifted(other) &&
          !isOutBefore(other, one) &&
          !isOutBefore(one, other),
      )
      if (!hasRoom && seconds.length > stillStand.length) {
        note('a second that no longer stands')
        if (seconds.some(isLifted)) note('a lifted second')
        if (seconds.some((other) => isOutBefore(other, one))) note('a second by somebody put out before')
        if (seconds.some((other) => isOutBefore(one, other))) note('a second for somebody put out before')
      }
      return hasRoom || stillStand.length > 0
    })

  const broughtIn = known.enacts.flatMap((id) => {
    const { does: action, proposal } = reading.allowed(id)!
    return action!.action === 'addDevice'
      ? [{ by: id, device: action.deviceId, from: authorOf(proposal!) }]
      : []
  })
  const isSettledFor = (device: DeviceId, id: EntryId) => {
    const final = reading.newestFinal(reading.past(id))
    return (
      final !== null &&
      broughtIn.some(
        (one) => one.device === device && !known.cut.has(one.by) && reading.atOrBelow(one.by, final),
      )
    )
  }

  const bite = (takenBack: readonly TakenBack[]): readonly Bite[] => {
    const within = withinCap(takenBack).filter((one) => !isTakenBack(one, takenBack))
    if (within.some(isAnnulled)) note('an annulled suspension')
    const found = within.filter((one) => !isAnnulled(one) && !isLifted(one))
    for (const one of found)
      for (const { device, from } of broughtIn) {
        const next = { said: one.said, device }
        if (from !== one.device || isLifted(next) || isSettledFor(device, one.said)) continue
        if (!found.some((other) => other.said === next.said && other.device === device)) found.push(next)
      }
    return found
  }

  const meanwhile = bite(withdrawals)
  const isSilenced = ({ id }: TakenBack) =>
    meanwhile.some((one) => one.device === authorOf(id) && !reading.atOrBelow(id, one.said))
  return bite(withdrawals.filter((one) => !isSilenced(one)))
}
