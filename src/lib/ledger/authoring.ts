import type { EntryId } from '../core/ids.ts'
import { idBytes } from '../core/ids.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { sign } from '../crypto/sign.ts'
import { bodyFromAct } from './acts.ts'
import { encodeEntry, ENTRY_VERSION, entryIdOf } from './entry.ts'
import type { Ledger } from './graph.ts'
import type { Act, Entry, SignedEntry } from './types.ts'

/** An act of this device, signed, on top of everything it knows: all heads as parents, its own latest entry as `own`. */
export const createEntry = (of: {
  readonly ledger: Ledger
  readonly own: OwnDevice
  readonly act: Act
}): SignedEntry => {
  const entry = envelopeFor(of, of.act)
  const id: EntryId = entryIdOf(entry)
  return { id, entry, act: of.act, wire: encodeEntry(entry, [sign(of.own.signSk, 'led', idBytes(id))]) }
}

/** Where the next entry of this device will stand. Known before its body, which may be bound to it (a rotation's boxes). */
export const placeFor = ({ ledger, own }: { readonly ledger: Ledger; readonly own: OwnDevice }) => ({
  coll: ledger.coll,
  author: own.id,
  own: ledger.latestOwn(own.id),
  parents: ledger.heads(),
})

const envelopeFor = (of: { readonly ledger: Ledger; readonly own: OwnDevice }, act: Act): Entry => ({
  v: ENTRY_VERSION,
  ...placeFor(of),
  type: act.type,
  body: bodyFromAct(act),
})
