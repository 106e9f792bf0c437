import { expect, test } from 'vitest'
import { Cell, derived } from '../../src/lib/core/watched.ts'

test('who watches a cell is told of each change, and not of the same value again', () => {
  const cell = new Cell(1)
  const told: number[] = []
  const stop = cell.watch(() => told.push(cell.read()))
  cell.set(1)
  cell.set(2)
  cell.set(2)
  cell.set(Number.NaN)
  cell.set(Number.NaN)
  stop()
  cell.set(3)
  expect(told).toEqual([2, Number.NaN])
  expect(cell.read()).toBe(3)
})

test('a watcher may stop, or another begin, while everybody is being told', () => {
  const cell = new Cell(0)
  const told: string[] = []
  const stopOnce = cell.watch(() => {
    told.push('once')
    stopOnce()
    cell.watch(() => told.push('late'))
  })
  cell.watch(() => told.push('always'))
  cell.set(1)
  expect(told).toEqual(['once', 'always'])
  cell.set(2)
  expect(told).toEqual(['once', 'always', 'always', 'late'])
})

test('one function watching twice is told twice, and stopping one of the two, even twice, leaves the other', () => {
  const cell = new Cell(0)
  let told = 0
  const watcher = () => (told += 1)
  const stop = cell.watch(watcher)
  cell.watch(watcher)
  cell.set(1)
  expect(told).toBe(2)
  stop()
  stop()
  cell.set(2)
  expect(told).toBe(3)
})

test('a derived value is read anew, and moves when any of its sources does', () => {
  const [a, b] = [new Cell(1), new Cell(2)]
  const sum = derived([a, b], () => a.read() + b.read())
  let told = 0
  const stop = sum.watch(() => (told += 1))
  a.set(10)
  b.set(20)
  expect([sum.read(), told]).toEqual([30, 2])
  stop()
  a.set(0)
  expect([sum.read(), told]).toEqual([20, 2])
})
