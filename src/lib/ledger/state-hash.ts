import { idBytes } from '../core/ids.ts'
import { hash } from '../crypto/hash.ts'
import type { LedgerState } from './types.ts'

/** `H("state", …)` of everything that decides rights: members, devices and their standing, feeds, epochs, rules. Spec: ledger.md §10. */
export const stateHash = (state: Omit<LedgerState, 'hash'>): Uint8Array =>
  hash('state', {
    coll: idBytes(state.coll),
    policy: { admit: state.policy.admit },
    members: [...state.members.values()].map(({ id, founder, votes, dormant }) => [
      idBytes(id),
      founder,
      votes,
      dormant,
    ]),
    finals: state.finals.map(idBytes),
    minRules: state.minRules,
    devices: [...state.devices.values()].map((device) => [
      idBytes(device.id),
      device.member && idBytes(device.member),
      device.standing,
      idBytes(device.grantedBy),
      device.kemPk,
      device.suspensions.map(idBytes),
      device.frontier.map(({ feed, seq, rec }) => [idBytes(feed), seq, idBytes(rec)]),
    ]),
    feeds: sortedBy([...state.feeds.values()], ({ id }) => id).map(({ id, device }) => [
      idBytes(id),
      idBytes(device),
    ]),
    epochs: sortedBy([...state.epochs.values()], ({ id }) => id).map((epoch) => [
      idBytes(epoch.id),
      epoch.recipients.length,
      epoch.void,
    ]),
    proposals: sortedBy([...state.proposals.values()], ({ id }) => id).map(({ id, status, approvals }) => [
      idBytes(id),
      status,
      approvals.map(idBytes),
    ]),
  })

const sortedBy = <T>(items: readonly T[], key: (item: T) => string): readonly T[] =>
  [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1))
