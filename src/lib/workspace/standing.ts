import type { DeviceState } from '../ledger/types.ts'
import type { Standing } from '../sync/ports.ts'

/**
 * How a device of the collective is linked with; `null`: not at all. A paused member keeps its vote, and so the ledger; a
 * paused keeper has none, and gets nothing more. Spec: wire.md §7.
 */
export const standingOf = ({ kind, standing }: Pick<DeviceState, 'kind' | 'standing'>): Standing | null => {
  if (kind === 'keeper') return standing === 'active' ? 'sealed' : null
  return standing === 'active' ? 'full' : standing === 'suspended' ? 'narrow' : null
}
