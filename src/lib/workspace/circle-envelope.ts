import { decodeCbor, encodeCbor, type Cbor } from '../core/cbor.ts'
import type { CollId } from '../core/ids.ts'
import type { SecretKey } from '../crypto/hash.ts'
import { MAX_CARRIED, openCarried, sealCarried } from '../feed/carried.ts'
import { encodeSyncMessage, parseSyncMessage, type SyncMessage } from '../wire/sync.ts'
import { bindingFrom, cborFromBinding, type Binding } from './circle-binding.ts'

/** What one blob of a circle says: the words its devices would say on a link, and what binds the devices they speak of. */
export type Envelope = {
  readonly bindings: readonly Binding[]
  readonly messages: readonly SyncMessage[]
}

/** A blob is closed when it holds about this much. Bytes. */
const FULL = 240 * 1024
/** A message itself, and the head of the list it stands in. */
const ROOM = 64

/** Seals messages into as few blobs as they fit in, in order. Those too large for any blob are left to links. */
export const sealEnvelopes = (
  messages: readonly { readonly message: SyncMessage; readonly bindings: readonly Binding[] }[],
  of: { readonly key: SecretKey; readonly coll: CollId; readonly day: number },
): readonly Uint8Array[] => {
  const blobs: Uint8Array[] = []
  let open: { bindings: Cbor[]; messages: Uint8Array[]; size: number } | null = null
  const close = () => {
    if (!open) return
    const sealed = sealCarried(encodeCbor([1, open.bindings, open.messages]), of)
    if (sealed.ok) blobs.push(sealed.value)
    open = null
  }
  for (const { message, bindings } of messages) {
    const bytes = encodeSyncMessage(message)
    const size = bytes.length + bindings.length * 140 + ROOM
    if (size > MAX_CARRIED) continue
    if (open && open.size + size > FULL) close()
    open ??= { bindings: [], messages: [], size: ROOM }
    open.bindings.push(...bindings.map(cborFromBinding))
    open.messages.push(bytes)
    open.size += size
  }
  close()
  return blobs
}

/** `null`: not of this circle and epoch, or not written by our rules. Never throws. */
export const openEnvelope = (
  blob: Uint8Array,
  of: { readonly key: SecretKey; readonly coll: CollId },
): Envelope | null => {
  const opened = openCarried(blob, of)
  const decoded = opened.ok ? decodeCbor(opened.value) : opened
  if (!decoded.ok || !Array.isArray(decoded.value) || decoded.value.length !== 3) return null
  const [v, bound, said] = decoded.value as readonly Cbor[]
  if (v !== 1 || !Array.isArray(bound) || !Array.isArray(said)) return null
  const bindings = bound.map(bindingFrom).filter((one) => one !== null)
  const messages = said.flatMap((bytes) => {
    const message = bytes instanceof Uint8Array ? parseSyncMessage(bytes) : null
    return message?.ok ? [message.value] : []
  })
  return { bindings, messages }
}
