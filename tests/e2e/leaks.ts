import { readFileSync } from 'node:fs'

/** Where the hub under test writes everything it sees. */
const TAP = 'test-results/hub.tap'

/** All bytes that went through the hub since it started. */
export const hubTraffic = (): Buffer => readFileSync(TAP)

type Base64 = 'base64' | 'base64url'

/**
 * The ways something may lie among other bytes. `spell`: `what` behind `before`, as somebody would write it who was
 * careless; `needles`: what of it can be looked for, whatever stands before and after.
 */
export const SPELLINGS: readonly {
  readonly name: string
  readonly spell: (before: Buffer, what: Buffer) => Buffer
  readonly needles: (what: Buffer) => readonly Buffer[]
}[] = [
  {
    name: 'plain',
    spell: (before, what) => Buffer.concat([before, what]),
    needles: (what) => [what],
  },
  {
    name: 'wide',
    spell: (before, what) => Buffer.concat([before, wide(what)]),
    needles: (what) => [wide(what)],
  },
  ...(['base64', 'base64url'] as const).flatMap((encoding) =>
    [0, 1, 2].map((shift) => ({
      name: `${encoding} ${shift}`,
      spell: (before: Buffer, what: Buffer) =>
        Buffer.from(Buffer.concat([before.subarray(0, 3 + shift), what, before]).toString(encoding)),
      needles: (what: Buffer) => [aligned(what, shift, encoding)],
    })),
  ),
  {
    name: 'hex',
    spell: (before, what) => Buffer.concat([before, Buffer.from(what.toString('hex'))]),
    needles: (what) =>
      [what.toString('hex'), what.toString('hex').toUpperCase()].map((hex) => Buffer.from(hex)),
  },
]

/** UTF-16, as browsers keep strings that are not Latin. Of bytes that are no text: each beside a zero. */
const wide = (what: Buffer): Buffer => Buffer.from(what.toString('latin1'), 'utf16le')

/** Only the part that does not depend on what stands before and after. */
const aligned = (what: Buffer, shift: number, encoding: Base64): Buffer =>
  Buffer.from(
    Buffer.concat([Buffer.alloc(shift), what])
      .toString(encoding)
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : shift + 1, -2),
  )

/** Shorter than this, a needle is found by chance among so many sealed bytes. */
const SHORTEST = 8

/** Everything to look for, each once: most spellings of a thing are the same bytes. */
const needlesOf = (what: Buffer): readonly Buffer[] => {
  const all = SPELLINGS.flatMap(({ needles }) => needles(what)).filter(({ length }) => length >= SHORTEST)
  const once = new Map([what, ...all].map((needle) => [needle.toString('latin1'), needle]))
  return [...once.values()]
}

const isIn = (bytes: Buffer, what: Buffer): boolean =>
  needlesOf(what).some((needle) => bytes.includes(needle))

/** Which of `texts` can be found in `bytes`, as UTF-8, as Latin-1, or as UTF-16, and in what these become in hex or base64. */
export const leaksIn = (bytes: Buffer, texts: readonly string[]): readonly string[] =>
  texts.filter(
    (text) =>
      bytes.includes(Buffer.from(text, 'utf16le')) ||
      isIn(bytes, Buffer.from(text)) ||
      // Another one only where there are accents.
      (!/^[ -~]*$/.test(text) && isIn(bytes, Buffer.from(text, 'latin1'))),
  )

/** Which of these ids (hex) can be found: raw, in hex or in base64. */
export const idsIn = (bytes: Buffer, ids: readonly string[]): readonly string[] =>
  ids.filter((id) => isIn(bytes, Buffer.from(id, 'hex')))
