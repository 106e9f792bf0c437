import type { Clock } from '../../src/lib/core/clock.ts'
import type { DeviceId } from '../../src/lib/core/ids.ts'
import type { Result } from '../../src/lib/core/result.ts'
import { createDevice, type Device, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { hash, secretKeyFrom, type SecretKey } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import {
  shakeHands,
  type HandshakeFailed,
  type HandshakeOptions,
  type Met,
} from '../../src/lib/net/handshake.ts'
import type { Standing } from '../../src/lib/sync/ports.ts'
import { createHandClock } from './hand-clock.ts'
import { createMemoryPipe, settle, type MemoryEnds, type MemoryPipe } from './memory-channel.ts'

export const createPerson = (): OwnDevice => createDevice(systemRandom)

/** A judge who knows these devices, all in full standing. */
export const knows =
  (...people: readonly OwnDevice[]) =>
  (id: DeviceId): { readonly device: Device; readonly standing: Standing } | null => {
    const person = people.find((other) => other.id === id)
    return person ? { device: person.device, standing: 'full' } : null
  }

export const someCollective = hash('led', 'a collective')
export const sharedSecret: SecretKey = secretKeyFrom(hash('led', 'known to the two of them'))!

export type Side = Pick<HandshakeOptions, 'own' | 'judge'> & Partial<HandshakeOptions>
export type Outcome = Result<Met, HandshakeFailed>

export const shake = (
  channel: HandshakeOptions['channel'],
  side: Side,
  clock: Clock = createHandClock(),
  done: (outcome: Outcome) => void = () => {},
): { readonly outcome: () => Outcome | null } => {
  let outcome: Outcome | null = null
  shakeHands(
    {
      channel,
      context: someCollective,
      psk: sharedSecret,
      present: 'id',
      clock,
      random: systemRandom,
      ...side,
    },
    (result) => {
      outcome = result
      done(result)
    },
  )
  return { outcome: () => outcome }
}

/** Both sides of a handshake over a pipe in memory, run to its end. */
export const shakeBoth = async (
  a: Side,
  b: Side,
  ends: MemoryEnds = {},
): Promise<{ readonly a: Outcome | null; readonly b: Outcome | null; readonly pipe: MemoryPipe }> => {
  const pipe = createMemoryPipe(ends)
  const [left, right] = [shake(pipe.a, a), shake(pipe.b, b)]
  await settle()
  return { a: left.outcome(), b: right.outcome(), pipe }
}
