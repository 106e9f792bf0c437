import { idBytes } from '../../../src/lib/core/ids.ts'
import { hash } from '../../../src/lib/crypto/hash.ts'
import { COLL } from './made-up.ts'
import { standing, type Sum } from './strata.ts'

const byId = <T>(items: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] =>
  [...items].sort(([a], [b]) => (a < b ? -1 : 1))

/** Whatever silences a device, by id: what bites on it, and what pauses it. */
export const silencing = ({ biting, places }: Sum, device: string): readonly string[] => {
  const bites = biting.flatMap((one) => (one.device === device ? [one.said] : []))
  const pauses = [...places].flatMap(([id, { pausedBy }]) => (id === device ? pausedBy : []))
  return [...new Set([...bites, ...pauses])].sort()
}

/** The hash of a state as the specification writes it down (ledger.md §10). */
export const hashOf = (sum: Sum): Uint8Array =>
  hash('state', {
    coll: idBytes(COLL),
    policy: { admit: sum.policy },
    minRules: sum.minRules,
    finals: sum.finals.map(idBytes),
    members: [...sum.members]
      .sort()
      .map((id) => [idBytes(id), sum.founders.includes(id), sum.voters.has(id), sum.dormant.has(id)]),
    devices: [...sum.places.keys()].sort().map((id) => {
      const { member, by } = sum.places.get(id)!
      const frontier = byId(sum.frontiers.get(id)!.map((at) => [at.feed, at]))
      return [
        ...[idBytes(id), member === null ? null : idBytes(member), standing(sum, id), idBytes(by)],
        ...[sum.keys.get(id)!, silencing(sum, id).map((said) => idBytes(said as never))],
        frontier.map(([, { feed, seq, rec }]) => [idBytes(feed), seq, idBytes(rec)]),
      ]
    }),
    feeds: byId(sum.feeds).map(([id, { device }]) => [idBytes(id as never), idBytes(device)]),
    epochs: byId(sum.epochs).map(([id, epoch]) => [
      ...[idBytes(id as never), epoch.recipients.length, epoch.void],
    ]),
    proposals: byId(sum.proposals.map((one) => [one.id, one])).map(([, { id, status, approvals }]) => [
      ...[idBytes(id), status, approvals.map(idBytes)],
    ]),
  })
