import type { RecId } from '../core/ids.ts'

/** Where a run begins and ends, and what it holds. `bytes`: of its records. */
export type Span = {
  readonly seq: number
  readonly prev: RecId | null
  readonly count: number
  readonly last: RecId
  readonly bytes: number
}

/** Runs of fewer records than this are joined, where so many of them follow each other. */
const SMALL = 64
/** Up to so many records. */
const MOST_RECORDS = 256
/** And up to so many bytes: a run is held whole to be read, or handed on. */
const MOST_BYTES = 2 ** 20

/**
 * Runs that follow each other in one feed, in chains that one row may hold; a larger run is a chain by itself. `runs`: in order of
 * place.
 */
export const chainsOf = <T>(
  runs: readonly T[],
  spanOf: (run: T) => Span,
): readonly (readonly [T, ...T[]])[] => {
  const chains: [T, ...T[]][] = []
  let [before, records, bytes]: [Span | null, number, number] = [null, 0, 0]
  for (const run of runs) {
    const span = spanOf(run)
    const follows = before && span.seq === before.seq + before.count && span.prev === before.last
    if (follows && records + span.count <= MOST_RECORDS && bytes + span.bytes <= MOST_BYTES)
      chains.at(-1)!.push(run)
    else {
      chains.push([run])
      records = bytes = 0
    }
    before = span
    records += span.count
    bytes += span.bytes
  }
  return chains
}

/** Of small runs only, and only chains that are worth writing anew. */
export const smallChainsOf = <T>(
  runs: readonly T[],
  spanOf: (run: T) => Span,
): readonly (readonly [T, ...T[]])[] => {
  const spans = new Map(runs.map((run) => [run, spanOf(run)]))
  const known = (run: T) => spans.get(run)!
  const small = runs.filter((run) => known(run).count < SMALL)
  return chainsOf(small, known).filter(({ length }) => length >= SMALL)
}
