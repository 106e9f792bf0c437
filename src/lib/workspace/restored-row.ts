import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import type { CollId } from '../core/ids.ts'

/**
 * How this device, in this collective, stands to copies of itself. `waits`: it began again from one and has not gone on yet;
 * whatever cannot be read says that, too. `went on`: it has. `copied`: it never did, and somebody else signs as this device.
 * No row: neither is known. Spec: backup.md §5.
 */
export type CopyState = 'none' | 'waits' | 'went on' | 'copied'

export const restoredKey = (coll: CollId): string => `restored/${coll}`

const CODES = { waits: 1, 'went on': 0, copied: 2 } as const

export const encodeRestored = (state: keyof typeof CODES): Uint8Array => encodeCbor([CODES[state]])

export const parseRestored = (row: Uint8Array | null): CopyState => {
  if (!row) return 'none'
  const decoded = decodeCbor(row)
  const code: unknown = decoded.ok && Array.isArray(decoded.value) ? decoded.value[0] : null
  return code === CODES['went on'] ? 'went on' : code === CODES.copied ? 'copied' : 'waits'
}
