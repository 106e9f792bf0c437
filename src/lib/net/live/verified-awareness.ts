import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { base64urlFromBytes, bytesFromBase64url, textFromUtf8, utf8FromText } from '../../core/bytes.ts'
import { decodeCbor, encodeCbor, isUint } from '../../core/cbor.ts'

export type Signing = {
  readonly sign: (payload: Uint8Array) => Uint8Array
  /** Whether the device that owns `client`, in good standing now, signed `payload`. */
  readonly verify: (client: number, payload: Uint8Array, sig: Uint8Array) => boolean
  /** Whose device `client` is, by the ledger and the document: what it says of its own name is not asked. */
  readonly person: (client: number) => { readonly name: string; readonly member: string } | null
}

type Changes = { readonly added: number[]; readonly updated: number[]; readonly removed: number[] }
type State = { [field: string]: unknown }

/**
 * Presence as screens see it: an Awareness whose states travel signed, and are shown only where the signature is by the
 * device that owns the client id. y-webrtc carries the envelopes `{p, n, s}` in a raw Awareness of its own; this one is
 * what y-prosemirror reads and writes.
 */
export class VerifiedAwareness extends Awareness {
  readonly #raw: Awareness
  readonly #signing: Signing
  #count = 0

  constructor(raw: Awareness, doc: Y.Doc, signing: Signing) {
    super(doc)
    this.#raw = raw
    this.#signing = signing
    // Renewal and expiry are the raw one's work.
    clearInterval(this._checkInterval as unknown as ReturnType<typeof setInterval>)
    raw.on('update', (changes: Changes, origin: unknown) => this.#see(changes, origin))
  }

  /** Signs and sends my state; `null`: I am not to be seen. */
  override setLocalState(state: State | null): void {
    if (!(#raw in this)) return super.setLocalState(state) // the base class calls this while it is being made
    const raw = this.#raw
    this.#apply(this.clientID, state, 'local')
    if (state === null) return raw.setLocalState(null)
    const payload = encodeCbor([this.clientID, ++this.#count, utf8FromText(JSON.stringify(state))])
    const sig = this.#signing.sign(payload)
    raw.setLocalState({ p: base64urlFromBytes(payload), s: base64urlFromBytes(sig) })
  }

  /** Judges everybody anew: a device was suspended, or came back. */
  reconsider(): void {
    this.#see({ added: [], updated: [...this.#raw.getStates().keys()], removed: [] }, 'reconsider')
  }

  #see({ added, updated, removed }: Changes, origin: unknown): void {
    for (const client of [...added, ...updated, ...removed]) {
      if (client === this.clientID) continue
      this.#apply(client, this.#opened(client), origin)
    }
  }

  #opened(client: number): State | null {
    const envelope: unknown = this.#raw.getStates().get(client)
    if (typeof envelope !== 'object' || envelope === null) return null
    const { p, s } = envelope as { p?: unknown; s?: unknown }
    const payload = typeof p === 'string' ? bytesFromBase64url(p) : null
    const sig = typeof s === 'string' ? bytesFromBase64url(s) : null
    if (!payload || !sig || !this.#signing.verify(client, payload, sig)) return null
    const state = stateOf(payload, client)
    return state && { ...state, user: this.#signing.person(client) }
  }

  #apply(client: number, state: State | null, origin: unknown): void {
    const before = this.states.get(client)
    if (state === null && before === undefined) return
    if (state === null) this.states.delete(client)
    else this.states.set(client, state)
    this.meta.set(client, { clock: (this.meta.get(client)?.clock ?? 0) + 1, lastUpdated: Date.now() })
    const changes: Changes = {
      added: state && !before ? [client] : [],
      updated: state && before ? [client] : [],
      removed: state ? [] : [client],
    }
    this.emit('change', [changes, origin])
    this.emit('update', [changes, origin])
  }
}

/** `enc([client, count, JSON])`: whose it is stands inside what is signed. */
const stateOf = (payload: Uint8Array, client: number): State | null => {
  const decoded = decodeCbor(payload)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [whose, count, json] = decoded.value as readonly unknown[]
  const text = json instanceof Uint8Array ? textFromUtf8(json) : null
  if (whose !== client || !isUint(count) || text === null) return null
  try {
    const state: unknown = JSON.parse(text)
    return typeof state === 'object' && state !== null && !Array.isArray(state) ? (state as State) : null
  } catch {
    return null
  }
}
