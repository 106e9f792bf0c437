import { expect, test } from 'vitest'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createVault, openVault } from '../../src/lib/crypto/vault.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'

const quick = createQuickStretch()
const PASSPHRASE = 'una piedra en el río'

const make = (passphrase: string) =>
  createVault({ passphrase, cost: quick.cost, stretch: quick.stretch, random: systemRandom })
const tryOpen = (header: Uint8Array, passphrase: string) =>
  openVault({ header, passphrase, stretch: quick.stretch })

type Header = { readonly cost: readonly number[]; readonly slot: Uint8Array } & {
  readonly [key: string]: Cbor
}
const fieldsOf = (header: Uint8Array) => expectOk(decodeCbor(header)) as Header
const change = (header: Uint8Array, changes: { readonly [key: string]: Cbor }) =>
  encodeCbor({ ...fieldsOf(header), ...changes })

const wrong = { ok: false, error: { type: 'WrongPassphrase' } }
const damaged = { ok: false, error: { type: 'VaultDamaged' } }

test('attack 39: a hundred wrong passphrases get a hundred times one answer', async () => {
  const { header } = await make(PASSPHRASE)
  const near = [
    '',
    ' ',
    PASSPHRASE.toUpperCase(),
    `${PASSPHRASE} `,
    PASSPHRASE.slice(0, -1),
    PASSPHRASE.repeat(2),
  ]
  const others = Array.from({ length: 100 - near.length }, (_, i) => `intento ${i}`)
  for (const guess of [...near, ...others]) expect(await tryOpen(header, guess)).toEqual(wrong)
  expect((await tryOpen(header, PASSPHRASE)).ok).toBe(true)
})

test('attack 39: a header that asks for a cheaper stretch is refused before anything is stretched', async () => {
  const { header } = await make(PASSPHRASE)
  const cheaper = [
    [8, 1, 1],
    [65_535, 3, 1],
    [65_536, 2, 1],
    [65_536, 0, 1],
    [0, 3, 1],
    [65_536, 3, 0],
    [65_536, 3, 8],
    // Nor one that would exhaust the device.
    [2 ** 31, 3, 1],
    [65_536, 2 ** 31, 1],
  ]
  for (const cost of cheaper) {
    const before = quick.asked.length
    expect(await tryOpen(change(header, { cost }), PASSPHRASE)).toEqual(damaged)
    expect(quick.asked.length).toBe(before)
  }
})

test('attack 39: a cost that was changed within what is allowed opens nothing, the right passphrase included', async () => {
  const { header } = await make(PASSPHRASE)
  for (const cost of [
    [65_536, 4, 1],
    [65_537, 3, 1],
    [131_072, 3, 1],
  ])
    expect(await tryOpen(change(header, { cost }), PASSPHRASE)).toEqual(wrong)
})

test('attack 39: the slot, salt or mark of another vault, or of an older header, opens nothing', async () => {
  const [mine, theirs, older] = [await make(PASSPHRASE), await make('la de Eva'), await make(PASSPHRASE)]
  for (const from of [theirs, older])
    for (const field of ['slot', 'salt', 'mark']) {
      const swapped = change(mine.header, { [field]: fieldsOf(from.header)[field]! })
      expect(await tryOpen(swapped, PASSPHRASE)).toEqual(wrong)
      expect(await tryOpen(swapped, 'la de Eva')).toEqual(wrong)
    }
})

test('attack 39: a wrong passphrase, a wrong commitment and an altered slot cannot be told apart', async () => {
  const { header } = await make(PASSPHRASE)
  const { slot } = fieldsOf(header)
  const altered = (at: number) => {
    const bytes = slot.slice()
    bytes[at]! ^= 1
    return change(header, { slot: bytes })
  }
  const answers = [
    await tryOpen(header, 'otra'),
    await tryOpen(altered(0), PASSPHRASE),
    await tryOpen(altered(31), PASSPHRASE),
    await tryOpen(altered(32), PASSPHRASE),
    await tryOpen(altered(60), PASSPHRASE),
    await tryOpen(altered(slot.length - 1), PASSPHRASE),
    await tryOpen(change(header, { slot: slot.subarray(0, 40) }), PASSPHRASE),
    await tryOpen(change(header, { slot: new Uint8Array() }), PASSPHRASE),
    await tryOpen(change(header, { slot: concatBytes(slot, Uint8Array.of(0)) }), PASSPHRASE),
  ]
  for (const answer of answers) expect(answer).toEqual(wrong)
})
