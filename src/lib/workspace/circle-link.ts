import type { DeviceId } from '../core/ids.ts'
import { STREAMS, type Link, type StreamName } from '../sync/ports.ts'

/**
 * The link between two devices of a circle, inside the link their devices have in the collective: authenticated and sealed
 * by that one, and nothing of it is to be seen outside. Ends with it. Spec: circle.md §6.
 */
export class InnerLink implements Link {
  readonly id: string
  readonly peer: DeviceId
  readonly #outer: Link
  readonly #say: (stream: number, message: Uint8Array) => void
  readonly #handlers = new Map<StreamName, (message: Uint8Array) => void>()
  readonly #early = new Map<StreamName, Uint8Array[]>()
  readonly #onClosed: (() => void)[] = []
  #open = true

  constructor(of: {
    readonly id: string
    readonly peer: DeviceId
    readonly outer: Link
    readonly say: (stream: number, message: Uint8Array) => void
  }) {
    this.id = of.id
    this.peer = of.peer
    this.#outer = of.outer
    this.#say = of.say
    of.outer.closed(() => this.close())
  }

  send(stream: StreamName, message: Uint8Array): void {
    if (this.#open) this.#say(STREAMS.indexOf(stream), message)
  }

  drained(): Promise<void> {
    return this.#open ? this.#outer.drained() : Promise.resolve()
  }

  receive(stream: StreamName, handler: (message: Uint8Array) => void): () => void {
    this.#handlers.set(stream, handler)
    for (const message of this.#early.get(stream)?.splice(0) ?? []) handler(message)
    return () => void this.#handlers.delete(stream)
  }

  /** A message of the other side arrived. */
  deliver(stream: number, message: Uint8Array): void {
    const name = STREAMS[stream]
    if (!name || !this.#open) return
    const handler = this.#handlers.get(name)
    if (handler) return handler(message)
    const early = this.#early.get(name) ?? this.#early.set(name, []).get(name)!
    if (early.length < 64) early.push(message)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    for (const then of this.#onClosed.splice(0)) then()
  }

  closed(then: () => void): void {
    if (this.#open) this.#onClosed.push(then)
    else then()
  }
}
