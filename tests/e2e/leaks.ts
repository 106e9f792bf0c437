import { readFileSync } from 'node:fs'

/** Where the hub under test writes everything it sees. */
const TAP = 'test-results/hub.tap'

/** All bytes that went through the hub since it started. */
export const hubTraffic = (): Buffer => readFileSync(TAP)

/** The ways a text may lie in bytes: as UTF-8, as UTF-16, as base64 at any of its three alignments. */
const spellings = (text: string): readonly Buffer[] => {
  const utf8 = Buffer.from(text)
  const aligned = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64url')
    // Only the part that does not depend on what stands before and after.
    return Buffer.from(encoded.slice(shift === 0 ? 0 : shift + 1, -3))
  })
  return [utf8, Buffer.from(text, 'utf16le'), ...aligned.filter((part) => part.length >= 10)]
}

/** Which of `needles` can be found in `bytes`. */
export const leaksIn = (bytes: Buffer, needles: readonly string[]): readonly string[] =>
  needles.filter((needle) => spellings(needle).some((spelling) => bytes.includes(spelling)))

/** Which of these ids (hex) can be found, raw, in hex or in base64. */
export const idsIn = (bytes: Buffer, ids: readonly string[]): readonly string[] =>
  ids.filter((id) => {
    const raw = Buffer.from(id, 'hex')
    const aligned = [0, 1, 2].map((shift) =>
      Buffer.from(
        Buffer.concat([Buffer.alloc(shift), raw])
          .toString('base64url')
          .slice(shift === 0 ? 0 : shift + 1, -3),
      ),
    )
    return [raw, Buffer.from(id), ...aligned].some((spelling) => bytes.includes(spelling))
  })
