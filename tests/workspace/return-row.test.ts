import { expect, test } from 'vitest'
import { collIdFrom, deviceIdFrom, entryIdFrom, memberIdFrom } from '../../src/lib/core/ids.ts'
import { createDevice, deviceIdOf } from '../../src/lib/crypto/device.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { stretchHere } from '../../src/lib/crypto/stretch.ts'
import { encodeReturnRow, parseReturnRow, type ReturnRow } from '../../src/lib/workspace/return-row.ts'
import { wordsOfReturn } from '../../src/lib/workspace/return-words.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'

const coll = collIdFrom(hash('led', 'coll'))!
const member = memberIdFrom(hash('led', 'member').subarray(0, 16))!
const device = createDevice(systemRandom).id
const pin = entryIdFrom(hash('led', 'pin'))!
const row: ReturnRow = {
  as: {
    coll,
    own: createDevice(systemRandom),
    member,
    myName: 'Elva',
    movedTo: null,
    newcomer: true,
    pin,
  },
  host: device,
  hostName: 'Alba',
  seed: systemRandom.bytes(16),
  language: 'es',
}

test('who waits to come back is read as it was kept; damaged it is nothing, and nothing is thrown', () => {
  const bytes = encodeReturnRow(row)
  const read = parseReturnRow(bytes)
  expect(read).toEqual(row)
  expect(deviceIdOf(read!.as.own.device)).toBe(row.as.own.id)
  for (let length = 0; length < bytes.length; length += 7)
    expect(parseReturnRow(bytes.subarray(0, length))).toBeNull()
  for (let at = 0; at < bytes.length; at++) {
    const altered = bytes.slice()
    altered[at]! ^= 0x81
    expect(() => parseReturnRow(altered)).not.toThrow()
  }
  for (let i = 0; i < 200; i++) expect(parseReturnRow(systemRandom.bytes(i))).toBeNull()
})

test('words to come back by never change, and no other phone, person or place has the same', async () => {
  const fixed = { coll, member, device: hashed('device'), language: 'es' as const }
  expect(await wordsOfReturn(stretchHere, fixed)).toMatchInlineSnapshot(`
    [
      "fruta",
      "colmo",
      "dragón",
      "verter",
    ]
  `)
  const { stretch, asked, cost } = createQuickStretch()
  const others = [
    fixed,
    { ...fixed, device: hashed('another') },
    { ...fixed, member: memberIdFrom(hash('led', 'x').subarray(0, 16))! },
    { ...fixed, coll: collIdFrom(hash('led', 'x'))! },
  ]
  const all = await Promise.all(others.map((of) => wordsOfReturn(stretch, of)))
  expect(new Set(all.map((words) => words.join(' '))).size).toBe(others.length)
  // A guess costs what a guess at a passphrase costs.
  for (const one of asked) expect(one).toEqual(cost)
})

const hashed = (text: string) => deviceIdFrom(hash('led', text))!
