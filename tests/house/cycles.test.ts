import { expect, test } from 'vitest'
import { allImports } from './sources.ts'

type Edge = readonly [from: string, to: string]

/** Cycles in a graph, as paths that end where they began. None is left out altogether, some may share a part. */
const cyclesIn = (edges: readonly Edge[]): readonly string[] => {
  const next = new Map<string, string[]>()
  for (const [from, to] of edges) next.set(from, [...(next.get(from) ?? []), to])
  const cycles: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const at = path.indexOf(file)
    if (at >= 0) return void cycles.push([...path.slice(at), file].join(' → '))
    if (done.has(file)) return
    path.push(file)
    next.get(file)?.forEach(visit)
    path.pop()
    done.add(file)
  }
  for (const file of next.keys()) visit(file)
  return cycles
}

test('no file has to be loaded before itself', () => {
  const edges = allImports().flatMap(({ file, target, typesOnly }): Edge[] =>
    target && !typesOnly ? [[file, target]] : [],
  )
  expect(cyclesIn(edges)).toEqual([])
})

test('a cycle would be found, and two ways to one place are none', () => {
  const diamond: Edge[] = [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
    ['c', 'd'],
  ]
  expect(cyclesIn(diamond)).toEqual([])
  expect(cyclesIn([...diamond, ['d', 'c']])).toEqual(['d → c → d'])
})
