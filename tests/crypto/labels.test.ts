import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HASH_LABELS, KDF_LABELS, SIGN_LABELS } from '../../src/lib/crypto/labels.ts'

const spec = readFileSync('docs/spec/keys.md', 'utf8')

/** The words in backquotes between two marks of the page. */
const listed = (from: string, to: string): readonly string[] => {
  const part = spec.slice(spec.indexOf(`<!-- labels:${from} -->`), spec.indexOf(`<!-- labels:${to} -->`))
  return [...part.matchAll(/`([^`]+)`/g)].map(([, label]) => label!)
}

test('the labels in the code are those of the specification, in its order', () => {
  expect(listed('hash', 'kdf')).toEqual([...HASH_LABELS])
  expect(listed('kdf', 'sign')).toEqual([...KDF_LABELS])
  expect(listed('sign', 'end')).toEqual([...SIGN_LABELS])
})

test('no label stands for two things', () => {
  for (const labels of [HASH_LABELS, KDF_LABELS, SIGN_LABELS])
    expect(new Set(labels).size).toBe(labels.length)
})

test('what is hashed or derived can never be what is signed: the prefixes differ', () => {
  const hashed = [...HASH_LABELS, ...KDF_LABELS].map((label) => `lumbre1 ${label}`)
  const signed = SIGN_LABELS.map((label) => `lumbre1 sig ${label}`)
  expect(hashed.filter((label) => signed.includes(label))).toEqual([])
})
