import type { DeviceId, EntryId, EpochId, MemberId } from '../core/ids.ts'
import { hasMajority, liftStands, recount, type EnactFacts, type Settled } from './additive.ts'
import type { Book } from './book.ts'
import { isAtOrBelow, type Node } from './dag.ts'
import { standingFeeds, type RegisteredFeed } from './feed-id.ts'
import { stillDormant, type Away } from './dormancy.ts'
import { highest } from './frontier.ts'
import { Overlay } from './overlay.ts'
import { isCloned, saidBy, saidByClone, saidFromAbove, suspensionsInForce, verdictOf } from './suspensions.ts'
import {
  isCut,
  NOTHING,
  silencing,
  type Biting,
  type Lift,
  type Said,
  type Strike,
  type Suspensions,
  type View,
} from './view.ts'

/**
 * The state of a set of entries, in strata, so that no race decides who stays (ledger.md §8): protective majority
 * decisions first (T1), what they cut (T2), lifts (T3), suspensions (T4), additive decisions (T5), the rest (T6).
 * Pure: equal sets give equal states, in whatever order they arrived.
 *
 * `window`: the entries on top of `base`, parents first, ties by id; each must lie above everything in `base`. `null`:
 * something in the window changes what entries of `base` come to, and all must be evaluated together.
 */
export const evaluate = (book: Book, base: View, window: readonly Node[]): View | null => {
  const valid = window.filter((node) => book.isValid(node))
  const lower = lowerStrata(book, base, valid)
  if (!lower || (base !== NOTHING && reachesBelow(base, lower))) return null
  return upperStrata(book, base, { window, ...lower })
}

type Lower = Pick<View, 'strikes' | 'holders' | 'offspring' | 'rekeyed' | 'suspensions'>

/** T1 to T4. `null`: a device of `base` turns out to have a second holder. */
const lowerStrata = (book: Book, base: View, valid: readonly Node[]): Lower | null => {
  const holders = new Overlay<DeviceId, readonly MemberId[]>(base.holders)
  const offspring = [...base.offspring]
  const strikes: Strike[] = []
  const lifted: { readonly node: Node; readonly facts: EnactFacts }[] = []
  const holds = (device: DeviceId, member: MemberId): boolean => {
    const known = holders.get(device) ?? []
    if (known.includes(member)) return true
    if (base.holders.has(device)) return false
    holders.set(device, [...known, member])
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
    if ('deviceId' in action && 'member' in action && !holds(action.deviceId, action.member)) return null
    if (action.action === 'addDevice')
      offspring.push({ device: action.deviceId, proposer: facts.proposal.author, at: node })
    if (action.action === 'lift') lifted.push({ node, facts })
    const strike = strikeOf(node, facts)
    if (strike) strikes.push(strike)
  }
  const struck = {
    strikes: strikes.length > 0 ? [...base.strikes, ...strikes] : base.strikes,
    holders: holders.done(),
    offspring: offspring.length > base.offspring.length ? offspring : base.offspring,
  }
  const cuts = (node: Node) => isCut(struck, node)
  const lifts = lifted.flatMap(({ node, facts }): readonly Lift[] =>
    facts.action.action === 'lift' && liftStands(node, facts, cuts)
      ? [{ node, device: facts.action.device }]
      : [],
  )
  const standing = valid.filter((node) => !cuts(node))
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
    ? suspended(base.suspensions, { struck, said, withdrawals, lifts })
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

const suspended = (
  below: Suspensions,
  more: {
    readonly struck: Omit<Lower, 'suspensions' | 'rekeyed'>
    readonly said: readonly Said[]
    readonly withdrawals: readonly Node[]
    readonly lifts: readonly Lift[]
  },
): Suspensions =>
  suspensionsInForce({
    view: more.struck,
    said: [...below.said, ...more.said],
    withdrawals: [...below.withdrawals, ...more.withdrawals],
    lifts: [...below.lifts, ...more.lifts],
  })

/** Whether suspensions of `base` begin to bite, or end and give something back, only now. */
const reachesBelow = (base: View, { suspensions }: Lower): boolean => {
  if (suspensions === base.suspensions) return false
  const keys = (biting: readonly Biting[]) =>
    new Set(
      biting
        .filter(({ device }) => base.grants.has(device))
        .map(({ said, device }) => `${said.node.id} ${device}`),
    )
  const [before, after] = [keys(base.suspensions.biting), keys(suspensions.biting)]
  const old = new Set(base.suspensions.said.map(({ node }) => node.id))
  for (const key of after)
    if (!before.has(key) && old.has(key.slice(0, key.indexOf(' ')) as EntryId)) return true
  return base.fragile && [...before].some((key) => !after.has(key))
}

/** T5 and T6, parents first: whoever was brought in by something void has said nothing. */
const upperStrata = (book: Book, base: View, lower: Lower & { readonly window: readonly Node[] }): View => {
  const { window, strikes, holders, offspring, rekeyed, suspensions } = lower
  const grants = new Overlay(base.grants)
  const retired = new Overlay(base.retired)
  const raised = new Overlay(base.raised)
  const epochs = new Overlay(base.epochs)
  const invites = new Overlay(base.invites)
  const rekeys = new Overlay(base.rekeys)
  const proposals = new Overlay(base.proposals)
  const confirmed = new Overlay(base.confirmed)
  const enacted = new Set<EntryId>()
  const voided = new Set<EntryId>()
  const given = [...base.given]
  const complaints = [...base.complaints]
  const registered: RegisteredFeed[] = []
  const away: Away[] = []
  let { founders, policy, minRules, final, fragile } = base

  const settled: Settled = {
    isCut: (node) => isCut(lower, node),
    silencing: (node) => silencing(lower, node).map(({ said }) => said.node),
    grantOf: (node) => grants.get(node.author),
    strikes,
  }

  /** `false`: an id that is taken. The same proposal carried out twice is carried out once. */
  const admits = (node: Node, { action, proposal }: EnactFacts, pausedBy: readonly Node[]): boolean => {
    if (!('deviceId' in action)) return true
    const known = grants.get(action.deviceId)
    if (known && known.proposal !== proposal.id) return false
    if (known && known.pausedBy.length === 0) return true
    const member = action.action === 'keeper' ? null : action.member
    if (action.action === 'admit' && !known && [...grants.values()].some((grant) => grant.member === member))
      return false
    grants.set(action.deviceId, {
      member,
      device: action.device,
      by: known && pausedBy.length > 0 ? known.by : node,
      admits: action.action === 'admit',
      proposal: proposal.id,
      kind: action.action === 'keeper' ? 'keeper' : 'member',
      pausedBy,
    })
    return true
  }

  /** Whether an enactment has effect, and what it changes. */
  const carriesOut = (node: Node, facts: EnactFacts): boolean => {
    const { action } = facts
    if (action.action === 'removeMember' || action.action === 'revokeDevice') return true
    if (action.action === 'lift') return suspensions.lifts.some((lift) => lift.node === node)
    const verdict = recount(node, facts, settled)
    if (typeof verdict === 'object') {
      fragile = true
      admits(node, facts, verdict.pausedBy)
    }
    // A recovery ends the old devices even where the new one does not come in.
    if (verdict !== 'stands') return action.action === 'recover'
    if (action.action === 'policy') policy = action.policy
    if (action.action === 'admit' && hasMajority(node, facts, settled))
      confirmed.set(facts.proposal.id, [...(confirmed.get(facts.proposal.id) ?? []), node])
    if (action.action === 'minRules') minRules = Math.max(minRules, action.rules)
    if (action.action === 'dormant') away.push({ node, members: action.members })
    if (action.action === 'amendFrontier')
      raised.set(action.device, highest([...(raised.get(action.device) ?? []), ...action.frontier]))
    return admits(node, facts, []) || action.action === 'recover'
  }

  /** T6. */
  const takesEffect = (node: Node): boolean => {
    const { act, author, id } = node
    const facts = book.factsOf(node)
    if (act?.type === 'genesis') {
      founders = act.founders.map(({ member }) => member)
      policy = act.policy
      for (const { member, device, deviceId } of act.founders)
        grants.set(deviceId, { ...FOUNDER, member, device, by: node })
      return true
    }
    if (!facts.valid || act === null) return false
    if (facts.kind === 'enact') {
      const has = carriesOut(node, facts)
      if (has) enacted.add(facts.proposal.id)
      return has
    }
    if (act.type === 'checkpoint' || act.type === 'cosign') return true
    if (act.type === 'retire') {
      retired.set(author, [...(retired.get(author) ?? []), act.frontier])
      return true
    }
    const belongs = !settled.isCut(node) && grants.has(author)
    const isSilenced =
      belongs && (settled.silencing(node).length > 0 || grants.get(author)!.pausedBy.length > 0)
    if (belongs && isSilenced && SILENT.has(act.type)) fragile = true
    const stands = belongs && !isSilenced
    switch (act.type) {
      case 'propose':
        proposals.set(id, node)
        return belongs
      case 'feed':
        // Known even when silenced, so that what the device holds can be shown and rescued.
        if (belongs)
          registered.push({
            entry: id,
            feed: act.feed,
            device: author,
            silenced: isSilenced,
            comesAfter: (entry) => node.floor !== null && isAtOrBelow(book.dag.get(entry)!, node.floor),
          })
        return stands
      case 'rotate':
        // Void or not, what was written under it stays readable; only nothing new is.
        if (facts.kind === 'rotate')
          epochs.set(id as EpochId, {
            id: id as EpochId,
            author,
            prev: act.prev,
            commit: act.commit,
            boxRoot: act.boxRoot,
            recipients: facts.recipients,
            depth: facts.depth,
            void: !stands,
          })
        return stands
      case 'grant':
        if (stands) given.push({ id, author, device: act.device, epochs: act.epochs, box: act.box })
        return stands
      case 'complain':
        if (stands) complaints.push({ id, author, epoch: act.epoch, reason: act.reason })
        return stands
      case 'rekey':
        if (!stands || isCloned(book, node, rekeyed.get(author)!)) return false
        rekeys.set(author, act.kemPk)
        return true
      case 'mirror': {
        const verdict = book.askParent(act.act).type
        return verdict === 'revokes' || (belongs && verdict === 'suspends')
      }
      case 'invite':
        if (stands) invites.set(id, { author, invitePk: act.invitePk })
        return stands
      default:
        return belongs
    }
  }

  for (const node of window) {
    if (!takesEffect(node)) voided.add(node.id)
    if (book.dag.isFinal(node)) final = node
  }

  const feeds = registered.length > 0 ? standingFeeds(base.feeds, registered) : base.feeds
  const registeredNow = new Set([...feeds.values()].map(({ entry }) => entry))
  for (const { entry } of registered.length > 0 ? [...base.feeds.values(), ...registered] : [])
    if (!registeredNow.has(entry)) voided.add(entry)
  return {
    founders,
    policy,
    minRules,
    final,
    dormant: stillDormant(base.dormant, away, {
      acts: window.filter((node) => speaks(book, lower, node)),
      memberOf: ({ author }) => grants.get(author)?.member ?? null,
    }),
    grants: grants.done(),
    holders,
    offspring,
    strikes,
    suspensions,
    retired: retired.done(),
    raised: raised.done(),
    feeds,
    epochs: epochs.done(),
    invites: invites.done(),
    rekeys: rekeys.done(),
    rekeyed,
    given: given.length > base.given.length ? given : base.given,
    complaints: complaints.length > base.complaints.length ? complaints : base.complaints,
    proposals: proposals.done(),
    confirmed: confirmed.done(),
    enacted: enacted.size > 0 ? new Set([...base.enacted, ...enacted]) : base.enacted,
    voided: voided.size > 0 ? new Set([...base.voided, ...voided]) : base.voided,
    fragile,
  }
}

const FOUNDER = { admits: true, proposal: null, kind: 'member', pausedBy: [] } as const

/** Whether an entry shows that whoever signed it is there: said as allowed, by a device that had not ended. */
const speaks = (book: Book, lower: Lower, node: Node): boolean => {
  const facts = book.factsOf(node)
  return facts.valid && !isCut(lower, node) && (facts.kind !== 'signature' || facts.stood)
}

/** What falls silent with a suspended device; its approvals and proposals are weighed where they are counted. */
const SILENT = new Set(['feed', 'rotate', 'grant', 'complain', 'rekey', 'invite'])
