import type { DeviceState, LedgerState } from '../ledger/types.ts'

/** Whose device a Yjs client is: records are refused that speak for another’s. */
export const writersIn = (state: LedgerState): ((client: number) => DeviceState | undefined) => {
  const devices = new Map([...state.feeds.values()].map(({ yClient, device }) => [yClient, device]))
  return (client) => {
    const device = devices.get(client)
    return device ? state.devices.get(device) : undefined
  }
}
