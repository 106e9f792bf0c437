/** Threads each way. */
export const SIZE = 8
/** The dyes there are, by the name of their colour. */
export const DYES = ['indigo', 'moss', 'maize', 'cochineal', 'clay'] as const
export type Dye = (typeof DYES)[number]

/** What shows at a crossing: the first dye, the second, or undyed thread. */
export type Thread = 'a' | 'b' | 'undyed'

/** One repeat of a woven band. */
export type Weave = {
  /** Two different dyes. */
  readonly a: Dye
  readonly b: Dye
  /** `SIZE` rows of `SIZE` crossings, from the first row down. */
  readonly cloth: readonly (readonly Thread[])[]
}

/**
 * The band of something, drawn from its bytes as a loom would: of two threads that cross, one lies above. A quarter of
 * the cloth says which, mirrored twice. Threads one way are dyed `a` or undyed, the other way `b` or undyed. Equal
 * bytes give equal bands; different bytes usually do not. It helps to recognise, and proves nothing. Any length of
 * `bytes`, none included; only the first nine count.
 */
export const weaveFrom = (bytes: Uint8Array): Weave => {
  const at = (i: number) => bytes[i] ?? 0
  const first = at(0) % DYES.length
  const second = (first + 1 + (at(1) % (DYES.length - 1))) % DYES.length
  const lifted = Array.from({ length: HALF }, (_, row) => shed(at(2 + row)))
  const along = dyed(at(6))
  const across = dyed(at(7))
  const rowOf = at(8) % 2 === 0 ? mirrored : repeated
  const crossing = (row: number, column: number): Thread => {
    const isAbove = lifted[rowOf(row)]![mirrored(column)]!
    if (isAbove) return along[mirrored(column)]! ? 'a' : 'undyed'
    return across[rowOf(row)]! ? 'b' : 'undyed'
  }
  const cloth = grid(crossing)
  return {
    a: DYES[first]!,
    b: DYES[second]!,
    cloth: shows(cloth, 'a') && shows(cloth, 'b') ? cloth : grid(plain),
  }
}

/** An SVG path over the crossings that show `thread`: squares one unit wide, set apart by `gap` on each side. */
export const pathOf = (cloth: Weave['cloth'], thread: Thread, gap = 0): string =>
  cloth
    .flatMap((row, y) =>
      row.map((shown, x) => {
        const side = 1 - 2 * gap
        return shown === thread ? `M${x + gap} ${y + gap}h${side}v${side}h${-side}z` : ''
      }),
    )
    .join('')

const HALF = SIZE / 2

const mirrored = (i: number): number => (i < HALF ? i : SIZE - 1 - i)
const repeated = (i: number): number => i % HALF

const grid = (crossing: (row: number, column: number) => Thread): Weave['cloth'] =>
  Array.from({ length: SIZE }, (_, row) => Array.from({ length: SIZE }, (_, column) => crossing(row, column)))

/** Which of four threads are lifted: some, and never all, or the cloth would fall apart. */
const shed = (byte: number): readonly boolean[] => bits(1 + (byte % 14))

const bits = (value: number): readonly boolean[] => [0, 1, 2, 3].map((bit) => ((value >> bit) & 1) === 1)

/** Which of four threads carry the dye: at least half of them, or little would be left to recognise. */
const dyed = (byte: number): readonly boolean[] => bits(DYED[byte % DYED.length]!)

const DYED = Array.from({ length: 16 }, (_, value) => value).filter(
  (value) => bits(value).filter(Boolean).length >= HALF / 2,
)

const shows = (cloth: Weave['cloth'], thread: Thread): boolean => cloth.some((row) => row.includes(thread))

/** Over one, under one: for the few bytes that would hide a dye. */
const plain = (row: number, column: number): Thread =>
  (mirrored(row) + mirrored(column)) % 2 === 0 ? 'a' : 'b'
