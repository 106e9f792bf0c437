import { hexFromBytes } from '../core/bytes.ts'
import { idBytes, type CollId, type DeviceId, type MemberId } from '../core/ids.ts'
import { COST_FLOOR } from '../crypto/argon2.ts'
import { hash } from '../crypto/hash.ts'
import type { Stretch } from '../crypto/stretch.ts'
import { wordsOfId, type WordLanguage } from '../net/words.ts'

/**
 * Four words of the phone somebody comes back with. The phone makes them of its own keys, everybody else of what was proposed,
 * so a phone put in its place has others. There is no talk between the two that could commit them to anything; instead each
 * guess costs as much as a guess at a passphrase, and 2^44 of them are beyond whoever has an afternoon. Spec: wire.md §6.
 */
export const wordsOfReturn = async (
  stretch: Stretch,
  of: {
    readonly coll: CollId
    readonly member: MemberId
    readonly device: DeviceId
    readonly language: WordLanguage
  },
): Promise<readonly string[]> => {
  const said = hash('words', ['recover', idBytes(of.coll), idBytes(of.member), idBytes(of.device)])
  return wordsOfId(await stretch(hexFromBytes(said), idBytes(of.coll), COST_FLOOR), of.language)
}
