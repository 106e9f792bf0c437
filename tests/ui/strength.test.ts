import { expect, test } from 'vitest'
import { isPin, strengthOf } from '../../src/lib/ui/doors/strength.ts'

test.each([
  ['284617', 'minutes'],
  ['84615207', 'hours'],
  ['8461520739', 'days'],
  ['846152073916', 'months'],
])('a PIN of chance, %s, is told that it holds out %s', (pin, strength) => {
  expect(strengthOf(pin)).toBe(strength)
})

test.each(['12345678', '87654321', '11111111', '12341234', '24051987', '19870524', '121212121212'])(
  'a row, a repetition or a birthday is no better than a short PIN: %s',
  (pin) => {
    expect(strengthOf(pin)).toBe('minutes')
  },
)

test.each([
  ['luciernaga', 'minutes'],
  ['contraseña', 'minutes'],
  ['piedra agua', 'minutes'],
  ['agua agua agua agua agua', 'minutes'],
  ['piedra fogon higuera', 'days'],
  ['cuatro piedras junto fogon', 'years'],
  ['cuatro piedras junto fogon higuera', 'lifetime'],
])('words are counted, not letters: “%s” holds out %s', (phrase, strength) => {
  expect(strengthOf(phrase)).toBe(strength)
})

test('letters beside digits are still a PIN only where there is nothing but digits', () => {
  expect(isPin('284617')).toBe(true)
  expect(isPin('28461a')).toBe(false)
  expect(isPin('')).toBe(false)
})
