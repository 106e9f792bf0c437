import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { base64urlFromBytes, bytesFromBase64url, textFromUtf8, utf8FromText } from '../../core/bytes.ts'
import { decodeCbor, encodeCbor, isUint } from '../../core/cbor.ts'
import type { Clock } from '../../core/clock.ts'
import type { DeviceId } from '../../core/ids.ts'
import type { PassedPresence } from '../../wire/control.ts'
import { isEnvelope } from './envelope.ts'

export type Signing = {
  readonly sign: (payload: Uint8Array) => Uint8Array
  /** Whether the device that owns `client`, in good standing now, signed `payload`. */
  readonly verify: (client: number, payload: Uint8Array, sig: Uint8Array) => boolean
  /** Whose device `client` is, by the ledger and the document: what it says of its own name is not asked. */
  readonly person: (client: number) => Person | null
  readonly clock: Clock
}

/** Called with what a device signed and is new here. `from`: who passed it on, or `null` when it came over its own link. */
export type OnSigned = (presence: PassedPresence, from: DeviceId | null) => void

export type Person = { readonly name: string; readonly member: string }

type Changes = { readonly added: number[]; readonly updated: number[]; readonly removed: number[] }
type State = { [field: string]: unknown }

/** What others passed on is shown for so long after the device signed anew; it does so this often. ms. */
const SHOWN_MS = 50_000
const RENEW_MS = 20_000
/** A count says when it was signed, by the clock of who did: one from another day was kept by somebody. ms. */
const MOST_WRONG_MS = 2 * 60 * 60_000

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
  /** Of each client, the highest count ever seen: what somebody kept back is not shown later. */
  readonly #counts = new Map<number, number>()
  /** What came through others, of devices with no link to this one. */
  readonly #passed = new Map<number, { readonly presence: PassedPresence; readonly callOff: () => void }>()
  #onSigned: OnSigned = () => {}
  #callOffRenewal = () => {}
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
    if (state === null) {
      const wasSeen = this.#raw.getLocalState() !== null
      this.#raw.setLocalState(null)
      // On its own links a device takes its leave by itself. Further away it is believed only if it signed it.
      if (wasSeen) this.#onSigned(this.#signed(null), null)
      return
    }
    const { payload, sig } = this.#signed(state)
    this.#raw.setLocalState({ p: base64urlFromBytes(payload), s: base64urlFromBytes(sig) })
  }

  /** Signs the own state again now and then, for whoever sees it through others, as long as `isWanted`. */
  renew(isWanted: () => boolean): void {
    this.#callOffRenewal()
    this.#callOffRenewal = this.#signing.clock.after(RENEW_MS, () => {
      if (this.getLocalState() !== null && isWanted()) this.setLocalState(this.getLocalState())
      this.renew(isWanted)
    })
  }

  /** Sets who is told of everything that is new and signed, so as to pass it on. */
  onSigned(then: OnSigned): void {
    this.#onSigned = then
  }

  /** What is known now of others, as they signed it. */
  signed(): readonly PassedPresence[] {
    return [...this.#shown.keys()].flatMap((client) => this.#envelopeOf(client) ?? [])
  }

  /** Something that a neighbour passed on. Of a device with a link of its own to here nothing is heard this way. */
  hear(presence: PassedPresence, from: DeviceId): void {
    const { client, payload, sig } = presence
    if (client === this.clientID || this.#raw.getStates().has(client)) return
    const opened = openedFrom(payload, client)
    const now = this.#signing.clock.now()
    if (!opened || opened.count <= (this.#counts.get(client) ?? -1)) return
    if (Math.abs(opened.count - now) > MOST_WRONG_MS || !this.#signing.verify(client, payload, sig)) return
    this.#counts.set(client, opened.count)
    this.#forgetPassed(client)
    const callOff = this.#signing.clock.after(SHOWN_MS, () => {
      this.#passed.delete(client)
      this.#see(client, 'silent')
    })
    if (opened.state) this.#passed.set(client, { presence, callOff })
    else callOff()
    this.#see(client, from)
    this.#onSigned(presence, from)
  }

  override destroy(): void {
    this.#callOffRenewal()
    for (const client of [...this.#passed.keys()]) this.#forgetPassed(client)
    super.destroy()
  }

  #signed(state: State | null): PassedPresence {
    // Of two pages of one device the later one counts further, so that nobody takes it for the earlier.
    this.#count = Math.max(this.#count + 1, this.#signing.clock.now())
    const payload = encodeCbor([this.clientID, this.#count, utf8FromText(JSON.stringify(state))])
    return { client: this.clientID, payload, sig: this.#signing.sign(payload) }
  }

  #forgetPassed(client: number): void {
    this.#passed.get(client)?.callOff()
    this.#passed.delete(client)
  }

  /** What the device itself told over its link; else what others passed on of it. */
  #envelopeOf(client: number): PassedPresence | null {
    const envelope: unknown = this.#raw.getStates().get(client)
    if (!isEnvelope(envelope)) return this.#passed.get(client)?.presence ?? null
    const [payload, sig] = [bytesFromBase64url(envelope.p), bytesFromBase64url(envelope.s)]
    return payload && sig && { client, payload, sig }
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
    const own: unknown = this.#raw.getStates().get(client)
    const shown = this.#shown.get(client)
    if (isEnvelope(own)) this.#forgetPassed(client)
    const envelope = this.#envelopeOf(client)
    const p = isEnvelope(own) ? own.p : envelope && base64urlFromBytes(envelope.payload)
    if (p !== null && p === shown?.p) return this.#renew(client, origin)
    const opened = envelope && this.#opened(envelope)
    // An older state said again, by whoever carried it.
    if (opened && shown && opened.count <= shown.count) return
    if (opened?.state && p !== null) this.#shown.set(client, { p, count: opened.count })
    else this.#shown.delete(client)
    const isNews = opened !== null && opened.count > (this.#counts.get(client) ?? -1)
    if (isNews) this.#counts.set(client, opened.count)
    this.#apply(
      client,
      opened?.state ? { ...opened.state, user: this.#signing.person(client) } : null,
      origin,
    )
    if (isNews && envelope && isEnvelope(own)) this.#onSigned(envelope, null)
  }

  /** A sign of life: nothing to verify again, and to draw again only if the person is called otherwise by now. */
  #renew(client: number, origin: unknown): void {
    const state = this.states.get(client)
    const [before, user] = [state?.['user'] as Person | null | undefined, this.#signing.person(client)]
    if (state && (before?.name !== user?.name || before?.member !== user?.member))
      this.#apply(client, { ...state, user }, origin)
  }

  #opened({ client, payload, sig }: PassedPresence): Opened | null {
    return this.#signing.verify(client, payload, sig) ? openedFrom(payload, client) : null
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

/** `state: null`: it takes its leave. */
type Opened = { readonly count: number; readonly state: State | null }

/** `enc([client, count, JSON])`: whose it is stands inside what is signed. */
const openedFrom = (payload: Uint8Array, client: number): Opened | null => {
  const decoded = decodeCbor(payload)
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [whose, count, json] = decoded.value as readonly unknown[]
  const text = json instanceof Uint8Array ? textFromUtf8(json) : null
  if (whose !== client || !isUint(count) || text === null) return null
  try {
    const state: unknown = JSON.parse(text)
    return typeof state === 'object' && !Array.isArray(state) ? { count, state: state as State | null } : null
  } catch {
    return null
  }
}
