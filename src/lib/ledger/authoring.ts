import { idBytes, type DeviceId, type EntryId } from '../core/ids.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { sign } from '../crypto/sign.ts'
import { bodyFromAct } from './acts.ts'
import type { EpochPlace } from './boxes.ts'
import { encodeEntry, ENTRY_VERSION, entryIdOf, MAX_PARENTS } from './entry.ts'
import type { Ledger } from './graph.ts'
import type { Act, Entry, SignedEntry } from './types.ts'

type Author = { readonly ledger: Ledger; readonly own: OwnDevice }

/** An act of this device, signed, on top of everything it knows: all heads as parents, its own latest entry as `own`. */
export const createEntry = (of: Author & { readonly act: Act }): SignedEntry => {
  const { act, own } = of
  const entry: Entry = { v: ENTRY_VERSION, ...placeFor(of), type: act.type, body: bodyFromAct(act) }
  const id = entryIdOf(entry)
  return { id, entry, act, wire: encodeEntry(entry, [sign(own.signSk, 'led', idBytes(id))]) }
}

/** Where the next entry of this device will stand. Known before its body, which may be bound to it (a rotation’s boxes). */
export const placeFor = ({ ledger, own }: Author): EpochPlace => {
  const latest = ledger.latestOwn(own.id)
  return { coll: ledger.coll, author: own.id, own: latest, parents: parentsFor(ledger, own.id, latest) }
}

/**
 * All heads. Should somebody have made more than fit, as many as do, among them one above this device’s own latest entry;
 * the next entry takes up more.
 */
const parentsFor = (ledger: Ledger, author: DeviceId, latest: EntryId | null): readonly EntryId[] => {
  const heads = ledger.heads()
  if (heads.length <= MAX_PARENTS) return heads
  const mine = ledger
    .since([])
    .filter(({ entry }) => entry.author === author)
    .map(({ id }) => heads.find((head) => head === id || ledger.isBelow(id, head))!)
  const first = latest ? heads.filter((head) => mine.includes(head)) : []
  return [...new Set([...first, ...heads])].slice(0, MAX_PARENTS).sort()
}
