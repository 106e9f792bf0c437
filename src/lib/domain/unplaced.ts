import * as Y from 'yjs'
import { mergeInto, updateOf, type Struct } from './merge.ts'

/** Words that found no place, and which clocks of which client they are. */
type Run = { readonly client: number; readonly clock: number; text: string }

/**
 * Merges changes into a document that is for trial only, also where it lacks what they were written upon. Whatever hangs on that is
 * left out, in its place a gap of its length, so that what the same person wrote elsewhere after it still finds its own place; the
 * words left out are kept, each run of them by itself.
 */
export class Unplaced {
  readonly #trial: Y.Doc
  /** Something was left out: what comes later may hang on that. */
  #isPartial = false
  #runs: Run[] = []
  readonly #erased: { readonly client: number; readonly clock: number; readonly end: number }[] = []

  constructor(trial: Y.Doc) {
    this.#trial = trial
  }

  merge(update: Uint8Array): void {
    const { structs, ds } = Y.decodeUpdate(update)
    for (const [client, deletes] of ds.clients)
      for (const { clock, len } of deletes) this.#erased.push({ client, clock, end: clock + len })
    this.#isPartial ||= structs.some((struct) => this.#lacks(struct, structs))
    if (this.#isPartial) for (const struct of structs) this.#place(struct)
    mergeInto(this.#trial, update)
  }

  /** What found no place since it was last asked for, without what its author erased again, a line for each run. */
  take(): string {
    const runs = this.#runs
    this.#runs = []
    return runs
      .map((run) => this.#leftOf(run))
      .filter((text) => text.trim() !== '')
      .join('\n')
  }

  /** Whether a change refers to something that neither the document holds nor the change itself brings before it. */
  #lacks(struct: Struct, structs: readonly Struct[]): boolean {
    const first = structs.find(({ id }) => id.client === struct.id.client)!
    return (
      first.id.clock > this.#stateOf(struct.id.client) ||
      refersTo(struct).some((id) =>
        id.client === struct.id.client ? id.clock >= struct.id.clock : id.clock >= this.#stateOf(id.client),
      )
    )
  }

  #place(struct: Struct): void {
    const { client, clock } = struct.id
    const state = this.#stateOf(client)
    if (state > clock) return
    if (state < clock) this.#apply(new Y.GC(new Y.ID(client, state), clock - state))
    const isWhole = refersTo(struct).every((id) => id.clock < this.#stateOf(id.client))
    this.#apply(isWhole ? struct : new Y.GC(struct.id, struct.length))
    if (struct instanceof Y.Item && struct.content instanceof Y.ContentString)
      if (Y.getItem(this.#trial.store, struct.id) instanceof Y.GC) this.#note(struct, struct.content.str)
  }

  /** Typed behind what was typed last: one run with it. */
  #note({ id, origin }: Y.Item, text: string): void {
    const last = this.#runs.at(-1)
    const end = last && new Y.ID(last.client, last.clock + last.text.length - 1)
    if (end && id.clock === end.clock + 1 && Y.compareIDs(origin, end)) last.text += text
    else this.#runs.push({ client: id.client, clock: id.clock, text })
  }

  #leftOf({ client, clock, text }: Run): string {
    const erased = this.#erased.filter((one) => one.client === client && one.clock < clock + text.length)
    return [...text.split('').entries()]
      .filter(([at]) => !erased.some((one) => one.clock <= clock + at && clock + at < one.end))
      .map(([, unit]) => unit)
      .join('')
  }

  #apply(struct: Struct): void {
    Y.applyUpdate(this.#trial, updateOf(struct))
  }

  #stateOf(client: number): number {
    return Y.getState(this.#trial.store, client)
  }
}

const refersTo = (struct: Struct): readonly Y.ID[] => {
  if (!(struct instanceof Y.Item)) return []
  const { origin, rightOrigin, parent } = struct
  return [origin, rightOrigin, parent].filter((id) => id instanceof Y.ID)
}
