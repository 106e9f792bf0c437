/** One figure, always beside the plainest thing a person could have instead, taken in the same run. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly baseline: number
  readonly baselineName: string
  readonly ratio: number
  readonly goal: string
  readonly ok: boolean
  readonly n: number
  readonly spread: number
}

export const median = (values: readonly number[]): number => percentile(values, 50)

export const percentile = (values: readonly number[], p: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor((p / 100) * sorted.length))] ?? Number.NaN
}

/** `goal`: the ratio to stay at or below, or, where more is better, at or above. */
export const figure = (of: {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  readonly baseline: readonly number[]
  readonly baselineName: string
  readonly goal: { readonly atMost: number } | { readonly atLeast: number }
  readonly at?: number
}): Figure => {
  const at = of.at ?? 50
  const [value, baseline] = [percentile(of.values, at), percentile(of.baseline, at)]
  const ratio = value / baseline
  const holds = 'atMost' in of.goal ? ratio <= of.goal.atMost : ratio >= of.goal.atLeast
  return {
    name: of.name,
    value: round(value),
    unit: of.unit,
    baseline: round(baseline),
    baselineName: of.baselineName,
    ratio: round(ratio),
    goal: 'atMost' in of.goal ? `<= ${of.goal.atMost}` : `>= ${of.goal.atLeast}`,
    ok: holds,
    n: of.values.length,
    spread: round(percentile(of.values, 90) - percentile(of.values, 10)),
  }
}

/** How a cost grows with a size, as the power of it: the slope of a line through the logarithms. */
export const exponentOf = (points: readonly (readonly [number, number])[]): number => {
  const [xs, ys] = [points.map(([x]) => Math.log(x)), points.map(([, y]) => Math.log(y))]
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x0, y0] = [mean(xs), mean(ys)]
  const above = xs.reduce((sum, x, i) => sum + (x - x0) * (ys[i]! - y0), 0)
  return above / xs.reduce((sum, x) => sum + (x - x0) ** 2, 0)
}

/** What one size costs, and what the plainest thing costs there. */
export type Sized = { readonly size: number; readonly ours: number; readonly bare: number }

/** The exponent of what we cost, beside that of the plainest thing, over at least three sizes. `atMost`: how many times that. */
export const growth = (of: {
  readonly name: string
  readonly unit: string
  readonly sizes: readonly Sized[]
  readonly bareName: string
  readonly atMost: number
}): Figure =>
  figure({
    name: `${of.name}-exponent`,
    unit: `of ${of.unit}, ${of.sizes.map(({ size }) => size).join(', ')}`,
    values: [exponentOf(of.sizes.map(({ size, ours }) => [size, ours]))],
    baseline: [exponentOf(of.sizes.map(({ size, bare }) => [size, bare]))],
    baselineName: `that of ${of.bareName}`,
    goal: { atMost: of.atMost },
  })

/** A quarter, half and the whole. */
export const sizesUpTo = (most: number): readonly number[] => [most / 4, most / 2, most].map(Math.floor)

export const print = (figures: readonly Figure[]): void => {
  for (const one of figures) console.log(JSON.stringify(one))
  console.log('')
  console.log('| measure | ours | beside | ratio | goal | |')
  console.log('|---|---|---|---|---|---|')
  for (const { name, value, unit, baseline, baselineName, ratio, goal, ok } of figures)
    console.log(
      `| ${name} | ${value} ${unit} | ${baseline} (${baselineName}) | ${ratio} | ${goal} | ${ok ? 'holds' : 'not yet'} |`,
    )
}

/** The figures another run of this program printed. */
export const parsed = (printed: string): readonly Figure[] =>
  printed.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Figure] : []))

const round = (value: number): number => Number(value.toPrecision(3))
