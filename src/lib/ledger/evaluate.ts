import type { EpochId } from '../core/ids.ts'
import { byMajority, recount, type EnactFacts, type Settled } from './additive.ts'
import type { Book } from './book.ts'
import { isAtOrBelow, type Node } from './dag.ts'
import { fallenFeeds, standingFeeds, type RegisteredFeed } from './feed-id.ts'
import { stillDormant, type Away } from './dormancy.ts'
import { highest } from './frontier.ts'
import { Overlay } from './overlay.ts'
import { lowerStrata, reachesBelow, type Lower } from './lower-strata.ts'
import { isCloned } from './suspensions.ts'
import type { LedgerState } from './types.ts'
import { isCut, NOTHING, silencing, type View } from './view.ts'

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

/**
 * T5 and T6, parents first: whoever was brought in by something void has said nothing. `null`: somebody comes in after all, and what
 * their device said in `base` counts as a sign of life.
 */
const upperStrata = (
  book: Book,
  base: View,
  lower: Lower & { readonly window: readonly Node[] },
): View | null => {
  const { window, strikes, holders, offspring, rekeyed, suspensions } = lower
  const grants = new Overlay(base.grants)
  const retired = new Overlay(base.retired)
  const raised = new Overlay(base.raised)
  const epochs = new Overlay(base.epochs)
  const invites = new Overlay(base.invites)
  const rekeys = new Overlay(base.rekeys)
  const proposals = new Overlay(base.proposals)
  const confirmed = new Overlay(base.confirmed)
  const enacted = new Overlay(base.enacted)
  const voided = new Overlay(base.voided)
  const fragile = new Overlay(base.fragile)
  const given: LedgerState['grants'][number][] = []
  const complaints: LedgerState['complaints'][number][] = []
  const registered: RegisteredFeed[] = []
  const away: Away[] = []
  let { founders, policy, minRules, final } = base
  let comesBack = false

  const settled: Settled = {
    isCut: (node) => isCut(lower, node),
    silencing: (node) => silencing(lower, node).map(({ said }) => said.node),
    grantOf: (node) => grants.get(node.author),
    strikes,
  }

  const hangsOn = (suspensions: readonly Node[]) => {
    for (const { id } of suspensions) fragile.set(id, true)
  }

  /** `false`: an id that is taken. The same proposal carried out twice is carried out once. */
  const admits = (node: Node, { action, proposal }: EnactFacts, pausedBy: readonly Node[]): boolean => {
    if (!('deviceId' in action)) return true
    const known = grants.get(action.deviceId)
    if (known && known.proposal !== proposal.id) return false
    if (known && known.pausedBy.length === 0) return true
    const member = action.action === 'keeper' ? null : action.member
    if (action.action === 'admit' && !known && grants.some((grant) => grant.member === member)) return false
    comesBack ||= !known && base.holders.has(action.deviceId)
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
      hangsOn(verdict.pausedBy)
      admits(node, facts, verdict.pausedBy)
    }
    // A recovery ends the old devices even where the new one does not come in.
    if (verdict !== 'stands') return action.action === 'recover'
    if (action.action === 'policy') policy = action.policy
    if (action.action === 'admit') {
      const byMost = byMajority(node, facts, settled)
      if (byMost === 'stands')
        confirmed.set(facts.proposal.id, [...(confirmed.get(facts.proposal.id) ?? []), node])
      else if (byMost !== 'void') hangsOn(byMost.pausedBy)
    }
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
      if (has) enacted.set(facts.proposal.id, true)
      return has
    }
    if (act.type === 'checkpoint' || act.type === 'cosign') return true
    if (act.type === 'retire') {
      retired.set(author, [...(retired.get(author) ?? []), act.frontier])
      return true
    }
    const belongs = !settled.isCut(node) && grants.has(author)
    const silencedBy = belongs ? [...settled.silencing(node), ...grants.get(author)!.pausedBy] : []
    const isSilenced = silencedBy.length > 0
    if (isSilenced && SILENT.has(act.type)) hangsOn(silencedBy)
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
        return verdict === 'revokes' || (belongs && (verdict === 'suspends' || verdict === 'lifts'))
      }
      case 'invite':
        if (stands) invites.set(id, { author, invitePk: act.invitePk })
        return stands
      default:
        return belongs
    }
  }

  for (const node of window) {
    if (!takesEffect(node)) voided.set(node.id, true)
    if (book.dag.isFinal(node)) final = node
  }

  if (comesBack) return null
  const feeds = registered.length > 0 ? standingFeeds(base.feeds, registered, book.clientOf) : base.feeds
  for (const entry of fallenFeeds(base.feeds, registered, feeds, book.clientOf)) voided.set(entry, true)
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
    given: given.length > 0 ? [...base.given, ...given] : base.given,
    complaints: complaints.length > 0 ? [...base.complaints, ...complaints] : base.complaints,
    proposals: proposals.done(),
    confirmed: confirmed.done(),
    enacted: enacted.done(),
    voided: voided.done(),
    fragile: fragile.done(),
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
