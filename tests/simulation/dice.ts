import type { Clock } from '../../src/lib/core/clock.ts'
import sodium from '../../src/lib/crypto/sodium.ts'
import { seededRandom } from '../world/time.ts'

/** Chance that is the same for the same seed. */
export class Dice {
  readonly #random

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** A whole number from 0 to `below` − 1. */
  below(below: number): number {
    const [a, b, c] = this.#random.bytes(3) as unknown as [number, number, number]
    return ((a << 16) | (b << 8) | c) % below
  }

  /** Whether something that happens once in `times` happens now. */
  once(times: number): boolean {
    return this.below(times) === 0
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from.length > 0 ? from[this.below(from.length)] : undefined
  }

  /** One of the names of `weights`, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const all = Object.entries(weights) as [K, number][]
    let at = this.below(all.reduce((sum, [, weight]) => sum + weight, 0))
    for (const [name, weight] of all) {
      if (at < weight) return name
      at -= weight
    }
    return all[0]![0]
  }
}

/**
 * Until undone, everything that is drawn (keys, nonces, client ids) comes from the seed, and work is not cut into slices
 * by how fast this machine is: so the same seed is the same run, id by id.
 */
export const drawEverythingFrom = (seed: number): (() => void) => {
  const random = seededRandom(seed ^ 0x5eed)
  const raw = (sodium as unknown as { libsodium: { getRandomValue: () => number } }).libsodium
  const before = { drawn: raw.getRandomValue, bytes: crypto.getRandomValues, now: performance.now }
  raw.getRandomValue = () => new DataView(random.bytes(4).buffer as ArrayBuffer).getUint32(0)
  crypto.getRandomValues = ((into: Uint8Array) => {
    new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(random.bytes(into.byteLength))
    return into
  }) as typeof crypto.getRandomValues
  performance.now = () => 0
  return () => {
    raw.getRandomValue = before.drawn
    crypto.getRandomValues = before.bytes
    performance.now = before.now
  }
}

/** A device that is wrong about the time by `ms` milliseconds: it waits as long as others do, and says another hour. */
export const wrongBy = (clock: Clock, ms: number): Clock => ({
  now: () => clock.now() + ms,
  after: (wait, then) => clock.after(wait, then),
})
