import { expect, test } from 'vitest'
import { createTapCounter } from '../../src/lib/ui/quick-exit.ts'

const typed = (keys: readonly string[], apart = 100): boolean => {
  const counter = createTapCounter()
  let at = 0
  return keys
    .flatMap((key) => {
      const [type, name] = key.startsWith('+')
        ? (['down', key.slice(1)] as const)
        : (['up', key.slice(1)] as const)
      return counter({ type, key: name, at: (at += apart) })
    })
    .includes(true)
}

const tap = ['+Shift', '-Shift']

test('Bea taps Shift three times and the notebook locks', () => {
  expect(typed([...tap, ...tap, ...tap])).toBe(true)
})

test('two taps are not enough', () => {
  expect(typed([...tap, ...tap])).toBe(false)
})

test('Ana writes three capital letters and nothing locks', () => {
  const capital = (letter: string) => ['+Shift', `+${letter}`, `-${letter}`, '-Shift']
  expect(typed([...capital('A'), ...capital('B'), ...capital('C'), ...capital('D')])).toBe(false)
})

test('a letter between the taps begins the count anew', () => {
  expect(typed([...tap, ...tap, '+a', '-a', ...tap])).toBe(false)
})

test('three taps in a slow minute are no hurry', () => {
  expect(typed([...tap, ...tap, ...tap], 20_000)).toBe(false)
})

test('a Shift that is held repeats, and is one tap', () => {
  expect(typed(['+Shift', '+Shift', '+Shift', '+Shift', '-Shift'])).toBe(false)
})

test('the fourth tap does not lock a second time', () => {
  const counter = createTapCounter()
  const hits = [...tap, ...tap, ...tap, ...tap].map((key, i) =>
    counter({ type: key === '+Shift' ? 'down' : 'up', key: 'Shift', at: i * 50 }),
  )
  expect(hits.filter(Boolean)).toHaveLength(1)
})
