import type { Clock } from '../../core/clock.ts'
import type { DeviceId } from '../../core/ids.ts'
import { MAX_PRESENCE_BYTES, MAX_PRESENCES, type PassedPresence } from '../../wire/control.ts'
import type { Mesh, MetLink } from '../types.ts'
import { createAllowance, type Allowance } from '../waiting.ts'
import type { VerifiedAwareness } from './verified-awareness.ts'

export type PassOnOptions = {
  readonly mesh: Pick<Mesh, 'links' | 'mayLack' | 'presence'>
  readonly clock: Clock
  readonly awareness: VerifiedAwareness
  /** The device with a Yjs client id, by the ledger. */
  readonly deviceOf: (client: number) => DeviceId | null
}

type Waiting = { readonly presence: PassedPresence; readonly from: DeviceId | null }

/** What changes within this time goes out as one, of each device the last. ms. */
const GATHER_MS = 250
/** Who is new as a neighbour has told by then with whom else it is linked. ms. */
const GREET_MS = 1000
/** Messages a neighbour may send at once, and how often one more. ms. */
const BURST = { burst: 32, everyMs: 100 }

/**
 * Where not all are linked with all, who is here goes on from neighbour to neighbour: as each device signed it, once, and
 * only to those who may have it from nobody else. Returns the undoing.
 */
export const passOnPresence = ({ mesh, clock, awareness, deviceOf }: PassOnOptions): (() => void) => {
  /** What waits for each link: of each client the last, and who gave it. */
  const waiting = new Map<MetLink, Map<number, Waiting>>()
  const allowances = new WeakMap<MetLink, Allowance>()
  let callOff = () => {}
  let flushing = false
  let known: readonly MetLink[] = []

  const queue = (link: MetLink, presence: PassedPresence, from: DeviceId | null) => {
    if (presence.payload.length > MAX_PRESENCE_BYTES) return
    const mine = waiting.get(link) ?? new Map<number, Waiting>()
    waiting.set(link, mine.set(presence.client, { presence, from }))
  }
  const flushAfter = (ms: number) => {
    if (flushing) return
    flushing = true
    callOff = clock.after(ms, flush)
  }
  const flush = () => {
    flushing = false
    for (const [link, mine] of [...waiting]) {
      waiting.delete(link)
      const lacking = [...mine.values()].filter(({ presence, from }) => mayLack(link, presence, from))
      for (let i = 0; i < lacking.length; i += MAX_PRESENCES)
        mesh.presence.send(
          link,
          lacking.slice(i, i + MAX_PRESENCES).map(({ presence }) => presence),
        )
    }
  }
  const mayLack = (link: MetLink, { client }: PassedPresence, from: DeviceId | null): boolean => {
    if (client === awareness.clientID) return true
    const author = deviceOf(client)
    return author !== null && mesh.mayLack(link.peer, { author, from: from ?? author })
  }

  awareness.onSigned((presence, from) => {
    for (const link of mesh.links.read()) queue(link, presence, from)
    if (presence.client === awareness.clientID)
      flush() // the page may be about to close
    else flushAfter(GATHER_MS)
  })
  awareness.renew(() => mesh.presence.isPartial())
  mesh.presence.receive((link, presences) => {
    const allowance = allowances.get(link) ?? createAllowance(clock, BURST)
    allowances.set(link, allowance)
    if (!allowance.take()) return
    for (const presence of presences) awareness.hear(presence, link.peer)
  })
  const greet = () => {
    const links = mesh.links.read()
    for (const link of links)
      if (!known.includes(link)) for (const presence of awareness.signed()) queue(link, presence, null)
    for (const link of waiting.keys()) if (!links.includes(link)) waiting.delete(link)
    known = links
    if (waiting.size > 0) flushAfter(GREET_MS)
  }
  const unwatch = mesh.links.watch(greet)
  return () => {
    unwatch()
    callOff()
  }
}
