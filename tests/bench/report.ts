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
