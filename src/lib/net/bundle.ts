import { bech32 } from '@scure/base'
import type { Random } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { createKemPair, encapsulate, type KemPublic, type KemSecret } from '../crypto/kem.ts'
import { pad, unpad } from '../crypto/pad.ts'

/** Contents grow in steps of this many bytes, beyond sixteen of them by Padmé. */
const PAD_BLOCK = 4096
/** No collective has more phones than this many stanzas speak to; an age header longer than they take is not read. */
const MAX_STANZAS = 1024
const MAX_HEADER_BYTES = MAX_STANZAS * 1800
/** Never fewer stanzas than this, so that a small collective does not show how small it is. */
const LEAST_STANZAS = 8

export type BadFile =
  /** Not an age file, cut short, altered, or larger than anything of ours. */
  | { readonly type: 'BadFile' }
  /** For other phones than this one. */
  | { readonly type: 'NotForThisPhone' }

/**
 * Seals `payload` as an age v1 file (C2SP age.md) with one `mlkem768x25519` stanza for each recipient, in no order, and
 * as many for nobody as it takes to the next power of two: who it is for, and for how many, does not show. `TooMany`:
 * more recipients than a reader would accept. Spec: bundle.md §2.
 */
export const sealFile = async (of: {
  readonly payload: Uint8Array
  readonly recipients: readonly KemPublic[]
  readonly random: Random
}): Promise<Result<Uint8Array, { readonly type: 'TooMany' }>> => {
  const { payload, recipients, random } = of
  if (recipients.length > MAX_STANZAS) return err({ type: 'TooMany' })
  const { Encrypter } = await import('age-encryption')
  // A key nobody can encapsulate to: its owner could read nothing anyway, and must not keep the others out.
  const usable = recipients.filter((key) => encapsulate(key).ok)
  const size = 2 ** Math.ceil(Math.log2(Math.max(LEAST_STANZAS, recipients.length)))
  const decoys = Array.from({ length: size - usable.length }, () => createKemPair().publicKey)
  const encrypter = new Encrypter()
  for (const key of shuffled([...usable, ...decoys], random)) encrypter.addRecipient(bech('age1pq', key))
  return ok(await encrypter.encrypt(pad(payload, PAD_BLOCK)))
}

/** Opens a file with any of this phone’s KEM secrets (those of before a rekey too). Never throws. */
export const openFile = async (of: {
  readonly file: Uint8Array
  readonly secrets: readonly KemSecret[]
  readonly most: number
}): Promise<Result<Uint8Array, BadFile>> => {
  if (of.file.length > of.most || !hasSmallHeader(of.file)) return err({ type: 'BadFile' })
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const secret of of.secrets) decrypter.addIdentity(bech('AGE-SECRET-KEY-PQ-', secret).toUpperCase())
  try {
    const opened = unpad(await decrypter.decrypt(of.file))
    return opened.ok ? ok(opened.value) : err({ type: 'BadFile' })
  } catch (thrown) {
    // The library’s own word for it, held to it by a test.
    const isOthers = thrown instanceof Error && thrown.message.includes('no identity matched')
    return err({ type: isOthers ? 'NotForThisPhone' : 'BadFile' })
  }
}

/** Bech32 (BIP 173) without its limit of 90 characters, as age has it. */
const bech = (prefix: string, bytes: Uint8Array): string =>
  bech32.encode(prefix, bech32.toWords(bytes), false)

const INTRO = new TextEncoder().encode('age-encryption.org/v1\n')
const isAge = (file: Uint8Array): boolean => INTRO.every((byte, i) => file[i] === byte)

/** Whether the header ends (a line that begins with `---`) before it could hold more stanzas than we read. */
const hasSmallHeader = (file: Uint8Array): boolean => {
  const end = Math.min(file.length, MAX_HEADER_BYTES)
  for (let i = file.indexOf(10); i >= 0 && i < end - 4; i = file.indexOf(10, i + 1))
    if (file[i + 1] === 45 && file[i + 2] === 45 && file[i + 3] === 45) return isAge(file)
  return false
}

/** Fisher and Yates, with bytes nobody can foresee. */
const shuffled = <T>(items: readonly T[], random: Random): readonly T[] => {
  const list = [...items]
  for (let i = list.length - 1; i > 0; i--) {
    const draw = new DataView(new Uint8Array(random.bytes(4)).buffer).getUint32(0)
    const j = Math.floor((draw / 2 ** 32) * (i + 1))
    ;[list[i], list[j]] = [list[j]!, list[i]!]
  }
  return list
}
