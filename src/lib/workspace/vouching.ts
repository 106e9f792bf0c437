import type { EntryId } from '../core/ids.ts'
import type { Replica } from './replica.ts'

/** What becomes of somebody who was proposed. */
export type Vouching = {
  readonly waits: (progress: { readonly have: number; readonly needed: number }) => void
  readonly enacted: () => void
  /** Taken back, or its ground is gone. */
  readonly lost: () => void
}

/** Tells how a proposal stands, now and after every change, until it is decided. Returns the undoing. */
export const followVouching = (replica: Replica, proposal: EntryId, tell: Vouching): (() => void) => {
  let over = false
  const look = () => {
    const known = replica.state.proposals.get(proposal)
    if (over) return
    if (known?.status === 'open') return tell.waits({ have: known.approvals.length, needed: known.needed })
    over = true
    if (known?.status === 'enacted') tell.enacted()
    else tell.lost()
  }
  const stop = replica.changed.watch(look)
  look()
  return () => {
    over = true
    stop()
  }
}

/** Takes a proposal of this device back, if it is still open and this device may say so. */
export const takeBack = (replica: Replica, proposal: EntryId | null): void => {
  if (proposal && replica.mayAct() && replica.state.proposals.get(proposal)?.status === 'open')
    replica.act({ type: 'withdraw', target: proposal })
}
