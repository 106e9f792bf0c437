import type { DeviceId } from '../core/ids.ts'
import type { LedgerState } from './types.ts'

/**
 * The devices that fall silent when `device` is suspended: itself, and what it brought in for its own member, and so on.
 * A suspension should name the feeds of all of them. Those a final checkpoint has settled stand by themselves, and are named
 * here all the same: a position too many does no harm.
 */
export const suspendedWith = (state: LedgerState, device: DeviceId): readonly DeviceId[] => {
  const found = [device]
  for (const parent of found)
    for (const { proposal, author, status } of state.proposals.values()) {
      if (status !== 'enacted' || proposal.action !== 'addDevice' || author !== parent) continue
      if (!found.includes(proposal.deviceId)) found.push(proposal.deviceId)
    }
  return found
}
