import { hexFromBytes } from '../core/bytes.ts'
import type { Clock } from '../core/clock.ts'
import type { Link } from '../sync/ports.ts'
import { Ration } from '../sync/ration.ts'
import type { SyncMessage } from '../wire/sync.ts'
import type { Replica } from './replica.ts'

/** A welcome is a whole document, made anew each time. Spec: wire.md §7. */
const WELCOMES = { atOnce: 8, each: 30_000 }
/** A part that this device was sent already. */
const PARTS_AGAIN = { atOnce: 16, each: 15_000 }

/** What one link has asked for and was not given yet. */
type Asked = {
  welcome: boolean
  /** By the hash in hex. Only what is here. */
  readonly parts: Map<string, Uint8Array>
  isServing: boolean
  callOff: (() => void) | null
}

/**
 * Welcomes and parts of checkpoints: the answers that are large where the question is small. Whoever asks twice before there was an
 * answer gets one; on each link one thing goes at a time, when there is room; and a device that asks without end waits in between.
 */
export class OnRequest {
  readonly #replica: Replica
  readonly #clock: Clock
  readonly #send: (link: Link, message: SyncMessage) => void
  /** Whether this link may have such things: now, when both ends hold the same acts, or not at all. */
  readonly #mayHave: (link: Link) => 'now' | 'later' | 'never'
  readonly #asked = new Map<string, Asked>()
  readonly #welcomes: Ration
  readonly #partsAgain: Ration
  /** `device hash` of parts that were sent. */
  readonly #given = new Set<string>()

  constructor(of: {
    readonly replica: Replica
    readonly clock: Clock
    readonly send: (link: Link, message: SyncMessage) => void
    readonly mayHave: (link: Link) => 'now' | 'later' | 'never'
  }) {
    this.#replica = of.replica
    this.#clock = of.clock
    this.#send = of.send
    this.#mayHave = of.mayHave
    this.#welcomes = new Ration(of.clock, WELCOMES)
    this.#partsAgain = new Ration(of.clock, PARTS_AGAIN)
  }

  wantsWelcome(link: Link): void {
    this.#of(link).welcome = true
    void this.#serve(link)
  }

  wantsParts(link: Link, digests: readonly Uint8Array[]): void {
    const { parts } = this.#of(link)
    for (const digest of digests)
      if (this.#replica.checkpoints.has(digest)) parts.set(hexFromBytes(digest), digest)
    void this.#serve(link)
  }

  /** Both ends of a link hold the same acts, perhaps once more. */
  agreed(link: Link): void {
    if (this.#asked.has(link.id)) void this.#serve(link)
  }

  ended({ id }: Link): void {
    this.#asked.get(id)?.callOff?.()
    this.#asked.delete(id)
  }

  close(): void {
    for (const { callOff } of this.#asked.values()) callOff?.()
    this.#asked.clear()
  }

  #of({ id }: Link): Asked {
    const known = this.#asked.get(id)
    if (known) return known
    const asked: Asked = { welcome: false, parts: new Map(), isServing: false, callOff: null }
    this.#asked.set(id, asked)
    return asked
  }

  async #serve(link: Link): Promise<void> {
    const asked = this.#of(link)
    if (asked.isServing) return
    asked.isServing = true
    try {
      await link.drained()
      while (this.#asked.has(link.id) && (await this.#giveNext(link, asked))) await link.drained()
    } finally {
      asked.isServing = false
    }
    const waits = this.#asked.has(link.id) && this.#mayHave(link) === 'now' ? this.#waits(link, asked) : []
    asked.callOff?.()
    asked.callOff =
      waits.length > 0 ? this.#clock.after(Math.min(...waits), () => void this.#serve(link)) : null
  }

  /** @returns whether something was given, or is no longer asked for. */
  async #giveNext(link: Link, asked: Asked): Promise<boolean> {
    // They begin anew: now it would be dropped there.
    if (this.#mayHave(link) === 'later') return false
    for (const [name, digest] of asked.parts) {
      if (this.#waitForPart(link, name) > 0) continue
      asked.parts.delete(name)
      this.#givePart(link, name, digest)
      return true
    }
    if (!asked.welcome || this.#welcomes.wait(link.peer) > 0) return false
    asked.welcome = false
    const welcome = this.#mayHave(link) === 'now' ? await this.#replica.welcomeOnDisk(link.peer) : null
    const may = this.#mayHave(link)
    if (may === 'later') {
      asked.welcome = true
      return false
    }
    if (!welcome || may === 'never') return true
    this.#welcomes.had(link.peer)
    this.#send(link, { type: 'welcome', welcome })
    return true
  }

  #givePart(link: Link, name: string, digest: Uint8Array): void {
    const part = this.#mayHave(link) === 'now' ? this.#replica.partFor(digest, link.peer) : null
    if (!part) return
    const given = `${link.peer} ${name}`
    if (this.#given.has(given)) this.#partsAgain.had(link.peer)
    this.#given.add(given)
    this.#send(link, { type: 'part', part })
  }

  #waitForPart({ peer }: Link, name: string): number {
    return this.#given.has(`${peer} ${name}`) ? this.#partsAgain.wait(peer) : 0
  }

  #waits(link: Link, { welcome, parts }: Asked): readonly number[] {
    return [
      ...[...parts.keys()].map((name) => this.#waitForPart(link, name)),
      ...(welcome ? [this.#welcomes.wait(link.peer)] : []),
    ]
  }
}
