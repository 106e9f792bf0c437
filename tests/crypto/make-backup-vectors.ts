import { concatBytes, hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { deriveKey, hash, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import { sealWith, type SealKey } from '../../src/lib/crypto/seal.ts'
import type { Stretch } from '../../src/lib/crypto/stretch.ts'

// Written out from docs/spec/backup.md, not with the code under test: what backup.ts does is done here a second time.

export const PASSPHRASE = 'nueve cántaros bajo la ceiba'
const MAGIC = Uint8Array.of(0x9d, 0x1f, 0xc4, 0x6a, 0x82, 0xe7, 0x35, 0xb8)
const fileKey = secretKeyFrom(hash('state', 'backup'))!
const fixed = (what: string, length: number) => hash('state', what).slice(0, length)
const salt = fixed('backup salt', 16)
const floor = [COST_FLOOR.memoryKiB, COST_FLOOR.passes, COST_FLOOR.lanes]

/** `0x80` and zeros, up to the next multiple of `block`: as keys.md §2 has it for what is not long. */
const padded = (payload: Uint8Array, length: number) => {
  const all = new Uint8Array(length)
  all.set(payload)
  all[payload.length] = 0x80
  return all
}

export type Changes = {
  readonly magic?: Uint8Array
  readonly version?: number
  readonly cost?: readonly Cbor[]
  /** Declared in the header. */
  readonly size?: number
  /** Changes the chunks after they were sealed. */
  readonly chunks?: (chunks: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly isLast?: (index: number, count: number) => boolean
}

/** A file as the page says, of a payload padded to `length`. */
export const fileOf = async (
  stretch: Stretch,
  of: { readonly payload: Uint8Array; readonly length: number },
  changes: Changes = {},
): Promise<Uint8Array> => {
  const plain = padded(of.payload, of.length)
  const cost = changes.cost ?? floor
  const size = changes.size ?? plain.length
  const context = encodeCbor(['backup', 1, salt, cost, size])
  const kek = deriveKey(await stretch(PASSPHRASE, salt, COST_FLOOR), 'slot', null)
  const nonce = fixed('backup nonce', 24)
  const sealed = sealWith(deriveKey<SealKey>(kek, 'slot', 'seal'), nonce, context, fileKey)
  const slot = concatBytes(deriveKey(kek, 'slotcommit', context), nonce, sealed)
  const key = deriveKey<SealKey>(fileKey, 'backup', context)
  const count = Math.ceil(plain.length / 65_536)
  const chunks = Array.from({ length: count }, (_, index) => {
    const isLast = changes.isLast?.(index, count) ?? index === count - 1
    const from = fixed(`backup chunk ${index}`, 24)
    const place = encodeCbor(['backup', 1, index, isLast])
    const part = plain.subarray(index * 65_536, (index + 1) * 65_536)
    return concatBytes(from, sealWith(key, from, place, part))
  })
  const header = encodeCbor([changes.magic ?? MAGIC, changes.version ?? 1, salt, cost, size, slot])
  return concatBytes(header, ...(changes.chunks?.(chunks) ?? chunks))
}

export const PAYLOAD = utf8FromText('El agua es de todas.')
/** Three chunks, the last of them short. */
export const LONG = Uint8Array.from({ length: 140_000 }, (_, i) => (i * 31 + (i >> 8)) % 256)
/** Padmé: e = 17, s = 5, so a multiple of 4096. */
export const LONG_PADDED = 143_360

export const makeBackupVectors = async (stretch: Stretch): Promise<unknown> => {
  const file = await fileOf(stretch, { payload: PAYLOAD, length: 4096 })
  const long = await fileOf(stretch, { payload: LONG, length: LONG_PADDED })
  return {
    about: 'A backup file as docs/spec/backup.md §2 has it. Bytes are hex.',
    passphrase: PASSPHRASE,
    payload: hexFromBytes(PAYLOAD),
    file: hexFromBytes(file),
    long: { about: '140000 bytes (31 i + ⌊i / 256⌋) mod 256', hash: hexFromBytes(hash('state', long)) },
  }
}
