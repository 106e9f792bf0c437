import type { EntryId } from '../core/ids.ts'
import { idBytes } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { deviceIdOf, verifyBinding } from '../crypto/device.ts'
import type { Link } from '../sync/ports.ts'
import { cborFromBinding } from './circle-binding.ts'
import { agreedFrom, type Agreed, type CircleEnd, type Flow, type FlowState } from './circle-founding.ts'
import { memberAbove } from './circle-gate.ts'
import type { Around, Circle } from './circle.ts'

/**
 * Asks the device at the end of `link` into a circle. When it agrees it is proposed; the others of the circle vouch by the
 * circle’s own rule; when that is carried out the ledger goes over.
 */
export const inviteIntoCircle = (
  of: { readonly circle: Circle; readonly link: Link; readonly title: string },
  around: Around,
): Flow & { readonly state: Watched<FlowState>; readonly proposal: () => EntryId | null } => {
  const { parent, random, whisper } = around
  const { circle, link } = of
  const { replica, gate } = circle
  const flow = random.bytes(16)
  const state = new Cell<FlowState>({ step: 'asking', agreed: 0, waiting: 1 })
  let agreed: Agreed | null = null
  let proposal: EntryId | null = null
  const over = () => state.read().step !== 'asking'
  const end = (why: CircleEnd) => {
    if (over()) return
    stop()
    state.set({ step: 'ended', why })
  }

  /** A member of the collective has one voice in the circle, however many phones. */
  const isIn = () => {
    const member = memberAbove(parent.state, link.peer)
    return gate.bindings.some(
      ({ device, above }) =>
        memberAbove(parent.state, above) === member &&
        ['active', 'suspended'].includes(replica.state.devices.get(device)?.standing ?? ''),
    )
  }

  const propose = (sig: Uint8Array) => {
    if (!agreed || proposal || !replica.mayAct() || isIn()) return end('broken')
    const { member, device, binding } = agreed
    if (!verifyBinding(device, replica.coll, member, sig)) return end('broken')
    proposal = circle.propose(
      {
        action: 'admit',
        member,
        device,
        deviceId: deviceIdOf(device),
        binding: sig,
        proof: null,
        verified: 'words',
      },
      binding,
    )
    if (!proposal) return end('broken')
    look()
  }

  /** Enacted, by whoever gave the last vote: the newcomer is handed the ledger. */
  const look = () => {
    if (!agreed || !proposal || over()) return
    if (replica.state.proposals.get(proposal)?.status !== 'enacted') return
    const entries = replica.ledger.since([]).map(({ wire }) => wire)
    whisper(link, { type: 'enter', flow, entries, bindings: gate.bindings.map(cborFromBinding) })
    stop()
    state.set({ step: 'done', circle })
  }

  const stop = replica.on({ ledgerMoved: look })
  link.closed(() => end('no contact'))
  if (isIn()) end('broken')
  else whisper(link, { type: 'invite', flow, how: 'join', title: of.title })
  return {
    flow,
    state,
    proposal: () => proposal,
    hear: (from, said) => {
      if (from.id !== link.id || over()) return
      if (said.type === 'decline') return end('declined')
      if (said.type === 'consent' && !agreed) {
        agreed = agreedFrom(link, said, around)
        if (!agreed) return end('broken')
        whisper(link, { type: 'bind', flow, coll: idBytes(replica.coll) })
      } else if (said.type === 'signed' && agreed) propose(said.sig)
    },
  }
}
