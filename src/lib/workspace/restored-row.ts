import { encodeCbor } from '../core/cbor.ts'
import type { CollId } from '../core/ids.ts'

/**
 * That this device, in this collective, began again from a copy and has not gone on yet. The row stands until it has, so
 * that a phone that stops in between waits again; whatever stands in it says so. Spec: backup.md §5.
 */
export const restoredKey = (coll: CollId): string => `restored/${coll}`

export const RESTORED_ROW: Uint8Array = encodeCbor([1])
