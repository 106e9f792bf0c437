import type { Clock } from '../core/clock.ts'
import type { BlobId } from '../core/ids.ts'
import { err, type Result } from '../core/result.ts'
import type { Link, StorageFailed } from './ports.ts'
import type { OverQuota } from './blobs-shelf.ts'

/** Nobody who is linked now holds it. Nothing is lost: ask again when others are. */
export type NobodyHere = { readonly type: 'NobodyHere' }

export type Fetched = Result<Uint8Array, NobodyHere | OverQuota | StorageFailed>

/** A peer that does not answer for this long is passed over. Milliseconds. */
const PATIENCE_MS = 30_000

type Fetch = {
  readonly until: number | null
  readonly tried: Set<string>
  readonly done: ((fetched: Fetched) => void)[]
  asked: Link | null
  stop: () => void
}

/** Blobs somebody here waits for: one peer after another is asked until one brings it. */
export class Fetching {
  readonly #clock: Clock
  readonly #links: () => readonly Link[]
  readonly #ask: (link: Link, id: BlobId) => void
  readonly #fetches = new Map<BlobId, Fetch>()

  constructor(of: {
    readonly clock: Clock
    readonly links: () => readonly Link[]
    readonly ask: (link: Link, id: BlobId) => void
  }) {
    this.#clock = of.clock
    this.#links = of.links
    this.#ask = of.ask
  }

  fetch(id: BlobId, until: number | null): Promise<Fetched> {
    return new Promise((done) => {
      const under = this.#fetches.get(id)
      if (under) return void under.done.push(done)
      this.#fetches.set(id, { until, tried: new Set(), done: [done], asked: null, stop: () => {} })
      this.#next(id)
    })
  }

  /** What is wanted from this very link, if it is. */
  wantedFrom(link: Link, id: BlobId): { readonly until: number | null } | null {
    const fetch = this.#fetches.get(id)
    return fetch?.asked?.id === link.id ? fetch : null
  }

  came(id: BlobId, fetched: Fetched): void {
    const fetch = this.#fetches.get(id)
    if (!fetch) return
    // Another may have room on their account.
    if (!fetched.ok && fetched.error.type === 'OverQuota' && this.#untried(fetch)) return this.#next(id)
    fetch.stop()
    this.#fetches.delete(id)
    for (const done of fetch.done) done(fetched)
  }

  lacks(link: Link, id: BlobId): void {
    if (this.#fetches.get(id)?.asked?.id === link.id) this.#next(id)
  }

  left(link: Link): void {
    for (const [id, { asked }] of [...this.#fetches]) if (asked?.id === link.id) this.#next(id)
  }

  joined(): void {
    for (const [id, { asked }] of [...this.#fetches]) if (!asked) this.#next(id)
  }

  #untried(fetch: Fetch): Link | null {
    return this.#links().find(({ id }) => !fetch.tried.has(id)) ?? null
  }

  #next(id: BlobId): void {
    const fetch = this.#fetches.get(id)
    if (!fetch) return
    fetch.stop()
    const link = this.#untried(fetch)
    fetch.asked = link
    if (!link) return this.came(id, err({ type: 'NobodyHere' }))
    fetch.tried.add(link.id)
    fetch.stop = this.#clock.after(PATIENCE_MS, () => this.#next(id))
    this.#ask(link, id)
  }
}
