import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { HASH_LABELS, KDF_LABELS, SIGN_LABELS } from '../../src/lib/crypto/labels.ts'

const page = readFileSync(new URL('../../docs/spec/keys.md', import.meta.url), 'utf8')
const listed = (kind: string): readonly string[] => {
  const part = page.split(`<!-- labels:${kind} -->`)[1]!.split('<!-- labels:')[0]!
  return [...part.matchAll(/`([^`]+)`/g)].map(([, label]) => label!)
}

test('the page that lists our labels lists all of them, and no other', () => {
  expect(listed('hash').toSorted()).toEqual(HASH_LABELS.toSorted())
  expect(listed('kdf').toSorted()).toEqual(KDF_LABELS.toSorted())
  expect(listed('sign').toSorted()).toEqual(SIGN_LABELS.toSorted())
})

test('no label stands for two things', () => {
  for (const labels of [HASH_LABELS, KDF_LABELS, SIGN_LABELS])
    expect(new Set(labels).size).toBe(labels.length)
})
