import { expect, test } from 'vitest'
import { entryIdFrom } from '../../src/lib/core/ids.ts'
import { hash, secretKeyFrom } from '../../src/lib/crypto/hash.ts'
import {
  commitToNonce,
  opensCommitment,
  sasWords,
  wordsOfId,
  type SasOptions,
} from '../../src/lib/net/words.ts'
import { createPerson } from './people.ts'

const pin = entryIdFrom(hash('led', 'pin'))!
const [host, guest] = [createPerson().id, createPerson().id]
const options: SasOptions = {
  exported: secretKeyFrom(hash('led', 'exported'))!,
  hostNonce: hash('led', 'rA'),
  guestNonce: hash('led', 'rB'),
  host,
  guest,
  type: 'join',
  language: 'es',
}

test('both sides of a link read the same four words', () => {
  expect(sasWords(options)).toEqual(sasWords({ ...options }))
  expect(sasWords(options)).toHaveLength(4)
})

test('any other link, nonce, person or purpose has other words', () => {
  const others: Partial<SasOptions>[] = [
    { exported: secretKeyFrom(hash('led', 'another link'))! },
    { hostNonce: hash('led', 'x') },
    { guestNonce: hash('led', 'x') },
    { host: guest, guest: host },
    { type: 'found' },
    { pin },
    { pin: entryIdFrom(hash('led', 'another pin'))! },
  ]
  const all = [{}, ...others].map((other) => sasWords({ ...options, ...other }).join(' '))
  expect(new Set(all).size).toBe(all.length)
})

test('the words of an id never change', () => {
  const id = hash('led', 'genesis')
  expect(wordsOfId(id, 'en')).toMatchInlineSnapshot(`
    [
      "snap",
      "laugh",
      "scale",
      "toast",
    ]
  `)
  expect(wordsOfId(id, 'es')).toMatchInlineSnapshot(`
    [
      "ropero",
      "leña",
      "quince",
      "techo",
    ]
  `)
})

test('Spanish words are written with whole letters, as people type them', () => {
  const many = Array.from({ length: 500 }, (_, i) => wordsOfId(hash('led', i), 'es')).flat()
  expect(many.some((word) => /[áéíóúñ]/.test(word))).toBe(true)
  for (const word of many) expect(word).toBe(word.normalize('NFC'))
})

test('only the nonce committed to opens the commitment', () => {
  const commit = commitToNonce(options.hostNonce)
  expect(opensCommitment(commit, options.hostNonce)).toBe(true)
  expect(opensCommitment(commit, options.guestNonce)).toBe(false)
  expect(opensCommitment(commit, options.hostNonce.subarray(1))).toBe(false)
  expect(opensCommitment(commit.subarray(1), options.hostNonce)).toBe(false)
  // Nor can a pin be put beside it, taken away or exchanged once the other side has answered.
  const withPin = commitToNonce(options.hostNonce, pin)
  const another = entryIdFrom(hash('led', 'another pin'))!
  expect(opensCommitment(withPin, options.hostNonce, pin)).toBe(true)
  expect(opensCommitment(withPin, options.hostNonce, another)).toBe(false)
  expect(opensCommitment(withPin, options.hostNonce)).toBe(false)
  expect(opensCommitment(commit, options.hostNonce, pin)).toBe(false)
})
