import type { DeviceId, MemberId } from '../core/ids.ts'
import { liftStands, type EnactFacts } from './additive.ts'
import type { Book } from './book.ts'
import type { Node } from './dag.ts'
import { Overlay } from './overlay.ts'
import {
  liftsFromAbove,
  saidBy,
  saidByClone,
  saidFromAbove,
  suspensionsInForce,
  verdictOf,
} from './suspensions.ts'
import { isCut, type Biting, type Lift, type Offspring, type Strike, type View } from './view.ts'

/** What T1 to T4 settle for the strata above them. */
export type Lower = Pick<View, 'strikes' | 'holders' | 'offspring' | 'rekeyed' | 'suspensions'>

/** T1 to T4. `null`: a device that `base` knows turns out to be somebody’s, or somebody else’s, too. */
export const lowerStrata = (book: Book, base: View, valid: readonly Node[]): Lower | null => {
  const holders = new Overlay<DeviceId, readonly MemberId[]>(base.holders)
  const offspring: Offspring[] = []
  const strikes: Strike[] = []
  const lifted: { readonly node: Node; readonly facts: EnactFacts }[] = []
  const holds = (device: DeviceId, member: MemberId | null): boolean => {
    const known = holders.get(device)
    if (known && (member === null || known.includes(member))) return true
    if (base.holders.has(device)) return false
    holders.set(device, [...(known ?? []), ...(member === null ? [] : [member])])
    return true
  }
  for (const node of valid) {
    if (node.act?.type === 'genesis')
      for (const { deviceId, member } of node.act.founders) holds(deviceId, member)
    const above = verdictOf(book, node)
    if (above?.type === 'revokes') strikes.push({ ...FROM_ABOVE, node, devices: above.devices })
    const facts = book.factsOf(node)
    if (!facts.valid || facts.kind !== 'enact') continue
    const { action } = facts
    const member = 'member' in action ? action.member : null
    if ('deviceId' in action && !holds(action.deviceId, member)) return null
    if (action.action === 'addDevice')
      offspring.push({ device: action.deviceId, proposer: facts.proposal.author, at: node })
    if (action.action === 'lift') lifted.push({ node, facts })
    const strike = strikeOf(node, facts)
    if (strike) strikes.push(strike)
  }
  const struck = {
    strikes: strikes.length > 0 ? [...base.strikes, ...strikes] : base.strikes,
    holders: holders.done(),
    offspring: offspring.length > 0 ? [...base.offspring, ...offspring] : base.offspring,
  }
  const cuts = (node: Node) => isCut(struck, node)
  const decided = lifted.flatMap(({ node, facts }): readonly Lift[] =>
    facts.action.action === 'lift' && liftStands(node, facts, cuts)
      ? [{ node, device: facts.action.device, ends: null }]
      : [],
  )
  const standing = valid.filter((node) => !cuts(node))
  const lifts = [...decided, ...standing.flatMap((node) => liftsFromAbove(book, node))]
  const rekeyed = new Overlay(base.rekeyed)
  const renewed = standing.filter(({ act }) => act?.type === 'rekey')
  for (const node of renewed) rekeyed.set(node.author, [...(rekeyed.get(node.author) ?? []), node])
  const said = [
    ...standing.flatMap((node) => [...saidBy(book, node), ...saidFromAbove(book, node)]),
    ...renewed.flatMap((node) => saidByClone(book, node, rekeyed.get(node.author)!)),
  ]
  const withdrawals = standing.filter(
    ({ act }) => act?.type === 'withdraw' && book.dag.get(act.target)?.act?.type !== 'approve',
  )
  const changed =
    strikes.length + lifts.length + said.length + withdrawals.length > 0 ||
    struck.offspring !== base.offspring
  const suspensions = changed
    ? suspensionsInForce(base.suspensions, { view: struck, said, withdrawals, lifts })
    : base.suspensions
  return { ...struck, rekeyed: rekeyed.done(), suspensions }
}

/** A mirrored revocation: of the tier it has above, cutting against what whoever mirrored it knew. */
const FROM_ABOVE = { member: null, recovers: null, annul: [], frontier: [] } as const

/** T1: what a majority ends, by the votes in the decision’s own past alone; nothing concurrent undoes it. */
const strikeOf = (node: Node, { action, strikes: devices, frontier }: EnactFacts): Strike | null => {
  switch (action.action) {
    case 'removeMember':
      return { node, devices, member: action.member, recovers: null, annul: action.annul, frontier }
    case 'revokeDevice':
      return { node, devices, member: null, recovers: null, annul: action.annul, frontier }
    case 'recover':
      return { node, devices, member: null, recovers: action.member, annul: [], frontier }
    default:
      return null
  }
}

/** Whether suspensions of `base` begin to bite, or end and give something back, only now. */
export const reachesBelow = (base: View, { suspensions }: Lower): boolean => {
  if (suspensions === base.suspensions) return false
  const onOurs = (biting: readonly Biting[]) => biting.filter(({ device }) => base.grants.has(device))
  const keyOf = ({ said, device }: Biting) => `${said.node.id} ${device}`
  const [before, after] = [onOurs(base.suspensions.biting), onOurs(suspensions.biting)]
  const isOld = ({ said: { node, device } }: Biting): boolean =>
    base.suspensions.saidOf.get(device)?.some((one) => one.node.id === node.id) ?? false
  const known = new Set(before.map(keyOf))
  if (after.some((bite) => !known.has(keyOf(bite)) && isOld(bite))) return true
  const still = new Set(after.map(keyOf))
  return before.some((bite) => base.fragile.has(bite.said.node.id) && !still.has(keyOf(bite)))
}
