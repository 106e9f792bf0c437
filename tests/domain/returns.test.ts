import { expect, test } from 'vitest'
import type * as Y from 'yjs'
import { entryIdFrom, memberIdFrom } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { createDocument, rootOf } from '../../src/lib/domain/document.ts'
import { checksOf, markCheck } from '../../src/lib/domain/returns.ts'
import { devices, meet } from './two-devices.ts'

const proposal = entryIdFrom(hash('led', 'proposal'))!
const [alba, bruna] = ['alba', 'bruna'].map((name) => memberIdFrom(hash('led', name).subarray(0, 16))!)

test('two people make sure at once: both stand, each by the client that wrote it', () => {
  const [one, other] = devices(2) as [Y.Doc, Y.Doc]
  markCheck(one, proposal, { member: alba!, how: 'beside', language: 'es' })
  markCheck(other, proposal, { member: bruna!, how: 'voice', language: 'es' })
  meet([one, other])
  for (const doc of [one, other])
    expect(new Set(checksOf(doc, proposal))).toEqual(
      new Set([
        { member: alba!, how: 'beside', language: 'es', client: one.clientID },
        { member: bruna!, how: 'voice', language: 'es', client: other.clientID },
      ]),
    )
  expect(checksOf(one, entryIdFrom(hash('led', 'another'))!)).toEqual([])
})

test('who writes in another’s name is seen to have written it', () => {
  const [one, other] = devices(2) as [Y.Doc, Y.Doc]
  markCheck(one, proposal, { member: bruna!, how: 'voice', language: 'es' })
  meet([one, other])
  expect(checksOf(other, proposal)).toMatchObject([{ member: bruna!, client: one.clientID }])
})

test('whatever else stands there says nothing', () => {
  const doc = createDocument()
  for (const [key, value] of [
    [`${proposal}.${alba!}`, 'perhaps es'],
    [`${proposal}.${alba!}x`, 'voice es'],
    [proposal, 'voice es'],
    [`${proposal}.${bruna!}`, 7],
    ['', 'voice es'],
  ] as const)
    rootOf(doc, 'returns').set(key, value)
  expect(checksOf(doc, proposal)).toEqual([])
})
