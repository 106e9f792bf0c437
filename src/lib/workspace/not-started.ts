import { Cell } from '../core/watched.ts'
import type { FlowEnd, GuestFlow, GuestState, HostFlow, HostState } from './types.ts'

/** Flows that were over before they began, and say why. */

const nothing = (): void => {}

export const hostNotStarted = (kind: HostFlow['kind'], why: FlowEnd): HostFlow => ({
  role: 'host',
  kind,
  state: new Cell<HostState>({ step: 'ended', why }),
  confirmWords: nothing,
  proposeGenesis: nothing,
  signGenesis: nothing,
  cancel: nothing,
})

export const guestNotStarted = (kind: GuestFlow['kind'], why: FlowEnd): GuestFlow => ({
  role: 'guest',
  kind,
  state: new Cell<GuestState>({ step: 'ended', why }),
  confirmWords: nothing,
  signGenesis: nothing,
  cancel: nothing,
})
