import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { copyInto, createDocument, rootOf, rootsOf } from '../../src/lib/domain/document.ts'
import {
  addRelayPoint,
  editRelayPoint,
  MAX_RELAY_POINTS,
  relayPoints,
  removeRelayPoint,
  turnServersOf,
} from '../../src/lib/domain/relay-points.ts'
import { settledCopy } from '../../src/lib/domain/settle.ts'
import { turnUrlsFrom } from '../../src/lib/domain/turn-urls.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { devices, meet } from './two-devices.ts'

const POINT = { urls: 'turn:paso.example:3478', username: '1767225600:tres', credential: 'q2hhdmU=' }

test('a collective has no relay point until somebody writes one down, and then everybody has it', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  expect(turnServersOf(ana)).toEqual([])
  addRelayPoint(ana, POINT)
  meet([ana, berta])
  expect(turnServersOf(berta)).toEqual([{ ...POINT, urls: ['turn:paso.example:3478'] }])
})

test('Ana changes the address while Berta renews the access, apart: both stand', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = expectOk(addRelayPoint(ana, POINT))
  meet([ana, berta])
  expectOk(editRelayPoint(ana, id, { ...POINT, urls: 'turns:paso.example:443?transport=tcp' }))
  expectOk(editRelayPoint(berta, id, { ...POINT, username: '1798761600:tres', credential: 'bnVldm8=' }))
  meet([ana, berta])
  for (const doc of [ana, berta])
    expect(turnServersOf(doc)).toEqual([
      { urls: ['turns:paso.example:443?transport=tcp'], username: '1798761600:tres', credential: 'bnVldm8=' },
    ])
})

test('two write the same field at once: all see the same one of them', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = expectOk(addRelayPoint(ana, POINT))
  meet([ana, berta])
  expectOk(editRelayPoint(ana, id, { ...POINT, credential: 'one' }))
  expectOk(editRelayPoint(berta, id, { ...POINT, credential: 'two' }))
  meet([ana, berta])
  expect(turnServersOf(ana)).toEqual(turnServersOf(berta))
  expect(['one', 'two']).toContain(turnServersOf(ana)[0]!.credential)
})

test('taken away is away, also for who edits it meanwhile', () => {
  const [ana, berta] = devices(2) as [Y.Doc, Y.Doc]
  const id = expectOk(addRelayPoint(ana, POINT))
  meet([ana, berta])
  removeRelayPoint(ana, id)
  expectOk(editRelayPoint(berta, id, { ...POINT, credential: 'late' }))
  meet([ana, berta])
  expect([relayPoints(ana).read(), relayPoints(berta).read()]).toEqual([[], []])
})

test('what cannot work is refused with its reason, and nothing is written', () => {
  const [doc] = devices(1) as [Y.Doc]
  const before = rootsOf(doc)
  const reason = (point: Partial<typeof POINT>) => {
    const added = addRelayPoint(doc, { ...POINT, ...point })
    return added.ok ? null : added.error.type
  }
  expect(reason({ urls: 'stun:stun.example:3478' })).toBe('BadRelayAddress')
  expect(reason({ urls: '' })).toBe('BadRelayAddress')
  expect(reason({ username: '  ' })).toBe('NoRelayAccess')
  expect(reason({ credential: '' })).toBe('NoRelayAccess')
  expect(reason({ credential: 'x'.repeat(5000) })).toBe('NoRelayAccess')
  expect(rootsOf(doc)).toBe(before)
  for (let i = 0; i < MAX_RELAY_POINTS; i++) expect(reason({ username: `n${i}` })).toBeNull()
  expect(reason({})).toBe('TooManyRelayPoints')
  const { id } = relayPoints(doc).read()[0]!
  expect(editRelayPoint(doc, id, { ...POINT, urls: 'https://paso.example' })).toMatchObject({ ok: false })
  expect(turnServersOf(doc)).toHaveLength(MAX_RELAY_POINTS)
})

test('it survives founding and settling like anything else that is agreed', () => {
  const [notebook] = devices(1) as [Y.Doc]
  addRelayPoint(notebook, POINT)
  const collective = createDocument()
  copyInto(notebook, collective)
  expect(turnServersOf(collective)).toEqual(turnServersOf(notebook))
  expect(turnServersOf(settledCopy(collective, 7))).toEqual(turnServersOf(notebook))
})

test.each([
  'turn:paso.example:3478',
  'turn:paso.example:3478?transport=udp',
  'turns:paso.example:443?transport=tcp',
  'turn:paso:3478',
  'turn:203.0.113.7:3478',
  'turn:10.77.0.13:3478',
  'turns:[2001:db8::7]:5349',
  'turn:xn--gua-0ma.example:49152',
])('%s is an address of a relay point', (url) => {
  expect(turnUrlsFrom(url)).toEqual([url])
})

test('two addresses of one relay point may stand beside each other, not three and none twice', () => {
  expect(turnUrlsFrom('turn:a.example:3478  turns:a.example:443')).toHaveLength(2)
  expect(turnUrlsFrom('turn:a.example:3478 turn:b.example:3478 turn:c.example:3478')).toBeNull()
  expect(turnUrlsFrom('turn:a.example:3478 turn:a.example:3478')).toBeNull()
})

test('whoever watches hears of every change to a relay point', () => {
  const [doc] = devices(1) as [Y.Doc]
  let heard = 0
  relayPoints(doc).watch(() => heard++)
  const id = expectOk(addRelayPoint(doc, POINT))
  expectOk(editRelayPoint(doc, id, { ...POINT, username: 'other' }))
  removeRelayPoint(doc, id)
  expect(heard).toBe(3)
})

test('of anything a document may hold, a list is made', () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.uint8Array())
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('urls.a', 'urls.b', 'username.a', 'credential.a'), value)),
      (sets) => {
        const [doc] = devices(1) as [Y.Doc]
        const item = new Y.Map<unknown>()
        rootOf(doc, 'relays').set('0123456789abcdef', item)
        for (const [key, any] of sets) item.set(key, any)
        rootOf(doc, 'relays').set('no id', 'no item')
        expect(relayPoints(doc).read()).toHaveLength(1)
        expect(turnServersOf(doc).length).toBeLessThanOrEqual(1)
      },
    ),
  )
})
