/** Time and waiting as a value, so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number
  /** Calls `then` once after `ms` milliseconds. Returns the function that calls it off. */
  after(ms: number, then: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

/** Whole days since 1970, UTC: what rendezvous mailboxes rotate by. */
export const dayOf = (now: number): number => Math.floor(now / 86_400_000)

/** Randomness as a value. `bytes(n)` must be unpredictable outside tests. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** A whole number from 0 to `below` − 1, from four random bytes: for waiting times, never for keys. */
export const randomBelow = (random: Random, below: number): number => {
  const { buffer, byteOffset } = random.bytes(4)
  return new DataView(buffer, byteOffset).getUint32(0) % below
}

/** Up to `count` of the items, each as likely as any other, in the order in which they were drawn. */
export const drawn = <T>(items: readonly T[], count: number, random: Random): readonly T[] => {
  const pool = [...items]
  const taken: T[] = []
  while (taken.length < count && pool.length > 0) {
    const at = randomBelow(random, pool.length)
    taken.push(pool[at]!)
    pool[at] = pool.at(-1)!
    pool.pop()
  }
  return taken
}
