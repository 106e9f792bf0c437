import { wordlist as english } from '@scure/bip39/wordlists/english.js'
import { wordlist as spanish } from '@scure/bip39/wordlists/spanish.js'
import { idBytes, type DeviceId, type EntryId } from '../core/ids.ts'
import { deriveKey, equalSecrets, hash, type SecretKey } from '../crypto/hash.ts'

/** Both people must read in the same one: choose it with the invitation. */
export type WordLanguage = 'es' | 'en'

/** Composed letters, as screens and screen readers want them: the lists come decomposed. */
const composed = (list: readonly string[]): readonly string[] => list.map((word) => word.normalize('NFC'))
/** 2048 words each (BIP 39), which differ in their first four letters, accents left aside. */
export const WORD_LISTS: Readonly<Record<WordLanguage, readonly string[]>> = {
  es: composed(spanish),
  en: english,
}
const WORDS = 4
const BITS_PER_WORD = 11n

export type SasOptions = {
  /** The secret of this link alone. */
  readonly exported: SecretKey
  /** The host’s nonce, committed to before it saw the guest’s; and the guest’s. 32 bytes each. */
  readonly hostNonce: Uint8Array
  readonly guestNonce: Uint8Array
  readonly host: DeviceId
  readonly guest: DeviceId
  /** What is being done: words of one purpose are never those of another. */
  readonly type: 'found' | 'join' | 'device' | 'recover'
  /** The final checkpoint the host gives a newcomer to hold to. */
  readonly pin?: EntryId | null
  readonly language: WordLanguage
}

/**
 * `H("sas", rA)`, or `H("sas", [rA, pin])`: what the host sends first. Whatever words are made of is fixed before the other
 * side’s part is seen, or somebody in between could search for a pin that makes them match.
 */
export const commitToNonce = (nonce: Uint8Array, pin: EntryId | null = null): Uint8Array =>
  hash('sas', pin ? [nonce, idBytes(pin)] : nonce)

/** Whether what is revealed is what was committed to. Words are shown only then. */
export const opensCommitment = (commit: Uint8Array, nonce: Uint8Array, pin: EntryId | null = null): boolean =>
  nonce.length === 32 && equalSecrets(commit, commitToNonce(nonce, pin))

/**
 * Four words two people compare by voice: the first 44 bits of `KDF(exported, "sas", [rA, rB, [host, guest], type])`, with
 * the pin as a fifth part where there is one.
 * Nonces are committed to before they are seen, so somebody in between guesses once, with a chance of 1 in 2^44. Spec: wire.md §6.
 */
export const sasWords = (options: SasOptions): readonly string[] => {
  const { exported, hostNonce, guestNonce, host, guest, type, language, pin } = options
  const ids = [idBytes(host), idBytes(guest)]
  const parts = [hostNonce, guestNonce, ids, type, ...(pin ? [idBytes(pin)] : [])]
  return wordsOf(deriveKey(exported, 'sas', parts), language)
}

/** Four words of an id that all can read aloud: the first 44 bits of `H("words", id)`. */
export const wordsOfId = (id: Uint8Array, language: WordLanguage): readonly string[] =>
  wordsOf(hash('words', id), language)

const wordsOf = (bytes: Uint8Array, language: WordLanguage): readonly string[] => {
  const bits = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)
  return Array.from({ length: WORDS }, (_, i) => {
    const index = (bits >> (64n - BITS_PER_WORD * BigInt(i + 1))) & ((1n << BITS_PER_WORD) - 1n)
    return WORD_LISTS[language][Number(index)]!
  })
}
