import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { base64urlFromBytes, bytesFromBase64url, textFromUtf8, utf8FromText } from '../../core/bytes.ts'
import { decodeCbor, encodeCbor, isUint } from '../../core/cbor.ts'
import { isEnvelope } from './envelope.ts'

export type Signing = {
  readonly sign: (payload: Uint8Array) => Uint8Array
  /** Whether the device that owns `client`, in good standing now, signed `payload`. */
  readonly verify: (client: number, payload: Uint8Array, sig: Uint8Array) => boolean
  /** Whose device `client` is, by the ledger and the document: what it says of its own name is not asked. */
  readonly person: (client: number) => Person | null
}

export type Person = { readonly name: string; readonly member: string }

type Changes = { readonly added: number[]; readonly updated: number[]; readonly removed: number[] }
type State = { [field: string]: unknown }

/**
 * Presence as screens see it: an Awareness whose states travel signed, and are shown only where the signature is by the
 * device that owns the client id. y-webrtc carries the envelopes `{p, s}` in a raw Awareness of its own; this one is
 * what y-prosemirror reads and writes.
 */
export class VerifiedAwareness extends Awareness {
  readonly #raw: Awareness
  readonly #signing: Signing
  /** Of each client, the payload that is shown and its count. */
  readonly #shown = new Map<number, { readonly p: string; readonly count: number }>()
  #count = 0

  /** `doc` still has the client id of this device when this is called. */
  constructor(raw: Awareness, doc: Y.Doc, signing: Signing) {
    super(doc)
    this.#raw = raw
    this.#signing = signing
    // Renewal and expiry are the raw one's work.
    clearInterval(this._checkInterval as unknown as ReturnType<typeof setInterval>)
    this.setLocalState(null)
    raw.on('update', ({ added, updated, removed }: Changes, origin: unknown) => {
      for (const client of [...added, ...updated, ...removed]) this.#see(client, origin)
    })
  }

  /** Signs and sends my state; `null`: I am not to be seen. */
  override setLocalState(state: State | null): void {
    if (!(#raw in this)) return super.setLocalState(state) // the base class calls this while it is being made
    this.#apply(this.clientID, state, 'local')
    if (state === null) return this.#raw.setLocalState(null)
    const payload = encodeCbor([this.clientID, ++this.#count, utf8FromText(JSON.stringify(state))])
    this.#raw.setLocalState({
      p: base64urlFromBytes(payload),
      s: base64urlFromBytes(this.#signing.sign(payload)),
    })
  }

  /** Judges everybody anew: a device was suspended, or came back. */
  reconsider(): void {
    for (const client of new Set([...this.#raw.getStates().keys(), ...this.#shown.keys()])) {
      const shown = this.#shown.get(client)
      if (shown) this.#shown.set(client, { p: '', count: shown.count - 1 })
      this.#see(client, 'reconsider')
    }
  }

  #see(client: number, origin: unknown): void {
    if (client === this.clientID) return
    const envelope: unknown = this.#raw.getStates().get(client)
    const shown = this.#shown.get(client)
    if (isEnvelope(envelope) && envelope.p === shown?.p) return this.#renew(client, origin)
    const opened = isEnvelope(envelope) ? this.#opened(client, envelope.p, envelope.s) : null
    // An older state said again, by whoever carried it.
    if (opened && shown && opened.count <= shown.count) return
    if (opened && isEnvelope(envelope)) this.#shown.set(client, { p: envelope.p, count: opened.count })
    else this.#shown.delete(client)
    this.#apply(client, opened && { ...opened.state, user: this.#signing.person(client) }, origin)
  }

  /** A sign of life: nothing to verify again, and to draw again only if the person is called otherwise by now. */
  #renew(client: number, origin: unknown): void {
    const state = this.states.get(client)
    const [before, user] = [state?.['user'] as Person | null | undefined, this.#signing.person(client)]
    if (state && (before?.name !== user?.name || before?.member !== user?.member))
      this.#apply(client, { ...state, user }, origin)
  }

  #opened(client: number, p: string, s: string): Opened | null {
    const [payload, sig] = [bytesFromBase64url(p), bytesFromBase64url(s)]
    if (!payload || !sig || !this.#signing.verify(client, payload, sig)) return null
    return openedFrom(payload, client)
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

type Opened = { readonly count: number; readonly state: State }

/** `enc([client, count, JSON])`: whose it is stands inside what is signed. */
const openedFrom = (payload: Uint8Array, client: number): Opened | null => {
  const decoded = decodeCbor(payload)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [whose, count, json] = decoded.value as readonly unknown[]
  const text = json instanceof Uint8Array ? textFromUtf8(json) : null
  if (whose !== client || !isUint(count) || text === null) return null
  try {
    const state: unknown = JSON.parse(text)
    return typeof state === 'object' && state !== null && !Array.isArray(state)
      ? { count, state: state as State }
      : null
  } catch {
    return null
  }
}
