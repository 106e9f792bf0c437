import type { Clock, Random } from '../../src/lib/core/clock.ts'

/** A clock that stands still until the test moves it. */
export class TestClock implements Clock {
  #now = 1_770_000_000_000
  #waiting: { readonly at: number; readonly then: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, then: () => void): () => void {
    const entry = { at: this.#now + ms, then }
    this.#waiting.push(entry)
    return () => void (this.#waiting = this.#waiting.filter((other) => other !== entry))
  }

  /** Lets `ms` milliseconds pass, calling what falls due in order. */
  pass(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const due = this.#waiting.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#waiting = this.#waiting.filter((other) => other !== due)
      this.#now = due.at
      due.then()
    }
    this.#now = until
  }

  /** Everything sleeps for `ms` milliseconds: what fell due meanwhile is called once, late, as on a phone that wakes. */
  sleep(ms: number): void {
    this.#now += ms
    const due = this.#waiting.filter(({ at }) => at <= this.#now).sort((a, b) => a.at - b.at)
    for (const entry of due) {
      if (!this.#waiting.includes(entry)) continue
      this.#waiting = this.#waiting.filter((other) => other !== entry)
      entry.then()
    }
  }
}

/** Repeatable randomness for tests (mulberry32): never for keys, which libsodium makes. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  return { bytes: (length) => Uint8Array.from({ length }, () => next() & 255) }
}
