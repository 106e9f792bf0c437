import type { Clock } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { MAX_CANDIDATES, type Candidate, type Card } from '../wire/cards.ts'
import { createCardedConnection, type CardedConnection } from './connection.ts'
import { DIRECTLY } from './rtc.ts'
import type { NoCard } from './session-description.ts'
import type { Rtc } from './types.ts'

/**
 * A connection to be kept for later. It knows no server, so nothing is sent until it meets; a device that goes out through
 * relay points alone has none. Where there can be one whose sockets outlive a network it is that, and its card says where
 * they are: the addresses of another connection, which is made only to ask for them.
 */
export const createSpareConnection = async (
  rtc: Rtc,
  clock: Clock,
): Promise<Result<CardedConnection, NoCard>> => {
  if (rtc.way?.().reach === 'relayed') return err({ type: 'NoCard' })
  const bound = await createCardedConnection(
    { createConnection: () => rtc.createConnection(DIRECTLY) },
    clock,
  )
  const unbound = await createUnbound(rtc, clock)
  if (!unbound.ok) return bound
  // Without any way out of its network a browser does not say where such a socket is.
  if (unbound.value.card.candidates.length === 0) {
    unbound.value.close()
    return bound
  }
  if (!bound.ok) return unbound
  bound.value.close()
  return ok({ ...unbound.value, card: atAddressesOf(bound.value.card, unbound.value.card) })
}

const createUnbound = async (rtc: Rtc, clock: Clock): Promise<Result<CardedConnection, NoCard>> => {
  const { createUnbound: create } = rtc
  if (!create) return err({ type: 'NoCard' })
  return createCardedConnection({ createConnection: () => create(DIRECTLY) }, clock)
}

/** `card`, found at its ports under every address of `other` too. */
const atAddressesOf = (other: Card, card: Card): Card => {
  const addresses = other.candidates.filter(({ kind }) => kind !== 'mdns')
  const ports = [...new Set(card.candidates.map(({ port }) => port))]
  const everywhere = addresses.flatMap((address): readonly Candidate[] =>
    ports.map((port) => ({ ...address, port })),
  )
  const names = card.candidates.filter(({ kind }) => kind === 'mdns')
  return { ...card, candidates: [...everywhere.slice(0, MAX_CANDIDATES - names.length), ...names] }
}
