import { derived } from '../core/watched.ts'
import type { Replica } from './replica.ts'
import type { Syncing } from './syncing.ts'
import type { Exchange, Passing } from './types.ts'

const MINUTE_MS = 60_000

/** What passes over the links of this device, as people see it, and their say over it. */
export const createExchange = (replica: Replica, syncing: Syncing): Exchange => ({
  state: derived([syncing.moved, syncing.paused, replica.changed], () =>
    syncing.links().map(({ device, step, tally, toSend, toReceive, done, total }): Passing => ({
      device,
      member: replica.state.devices.get(device)?.member ?? null,
      step,
      since: tally.since - (tally.since % MINUTE_MS),
      sent: tally.sent,
      received: tally.received,
      toSend,
      toReceive,
      done,
      total,
    })),
  ),
  paused: syncing.paused,
  pause: () => syncing.pause(),
  resume: () => syncing.resume(),
})
