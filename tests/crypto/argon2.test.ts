import { argon2id } from '@noble/hashes/argon2.js'
import { argon2id as wasmArgon2id } from 'hash-wasm'
import { expect, test } from 'vitest'
import { hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { argon2, calibrate, COST_FLOOR, mayStretch, type StretchCost } from '../../src/lib/crypto/argon2.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { stretchHere } from '../../src/lib/crypto/stretch.ts'
import { createVault, openVault } from '../../src/lib/crypto/vault.ts'

test('Argon2id gives the answer of RFC 9106 §5.3', async () => {
  const answer = '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659'
  const [password, salt] = [new Uint8Array(32).fill(1), new Uint8Array(16).fill(2)]
  const [key, personalization] = [new Uint8Array(8).fill(3), new Uint8Array(12).fill(4)]
  expect(hexFromBytes(argon2id(password, salt, { t: 3, m: 32, p: 4, key, personalization }))).toBe(answer)
  // Ours takes a secret, but no associated data: the second implementation, proven above, answers for that case.
  const ours = await wasmArgon2id({
    password,
    salt,
    secret: key,
    iterations: 3,
    memorySize: 32,
    parallelism: 4,
    hashLength: 32,
    outputType: 'hex',
  })
  expect(ours).toBe(hexFromBytes(argon2id(password, salt, { t: 3, m: 32, p: 4, key })))
})

test('two implementations agree on passphrases of every alphabet and cost', async () => {
  const costs: StretchCost[] = [
    { memoryKiB: 8, passes: 1, lanes: 1 },
    { memoryKiB: 64, passes: 3, lanes: 1 },
    { memoryKiB: 256, passes: 2, lanes: 4 },
  ]
  for (const cost of costs)
    for (const passphrase of [
      'x',
      'una piedra en el río',
      'mañana'.normalize('NFD'),
      'نهر 河 🌊',
      'ñ'.repeat(200),
    ]) {
      const salt = systemRandom.bytes(16)
      const theirs = argon2id(utf8FromText(passphrase.normalize('NFC')), salt, {
        m: cost.memoryKiB,
        t: cost.passes,
        p: cost.lanes,
        dkLen: 32,
      })
      expect(hexFromBytes(await argon2(passphrase, salt, cost))).toBe(hexFromBytes(theirs))
    }
})

test('at the floor, in earnest: both give what is written down, and a vault opens', async () => {
  const salt = utf8FromText('dieciseis bytes!')
  const written = await argon2('una piedra en el río', salt, COST_FLOOR)
  const theirs = argon2id(utf8FromText('una piedra en el río'), salt, { m: 65_536, t: 3, p: 1, dkLen: 32 })
  expect(hexFromBytes(written)).toBe(hexFromBytes(theirs))
  expect(hexFromBytes(written)).toBe('410c497a203ac09be4b3b74f2358380c4df05a02c71accbceeef689c1d8f817f')
  const made = await createVault({
    passphrase: 'río',
    cost: COST_FLOOR,
    stretch: stretchHere,
    random: systemRandom,
  })
  const opened = await openVault({ header: made.header, passphrase: 'río', stretch: stretchHere })
  expect(expectOk(opened).key).toEqual(made.vault.key)
})

test('only costs we would choose ourselves are stretched', () => {
  const costs: readonly (readonly [Partial<StretchCost>, boolean])[] = [
    [{}, true],
    [{ memoryKiB: 128 * 1024 }, true],
    [{ memoryKiB: 256 * 1024 }, true],
    [{ passes: 16 }, true],
    [{ memoryKiB: 65_535 }, false],
    [{ memoryKiB: 0 }, false],
    [{ memoryKiB: 256 * 1024 + 1 }, false],
    [{ memoryKiB: 2 ** 40 }, false],
    [{ memoryKiB: Number.NaN }, false],
    [{ memoryKiB: -65_536 }, false],
    [{ passes: 2 }, false],
    [{ passes: 17 }, false],
    [{ passes: 3.5 }, false],
    [{ lanes: 0 }, false],
    [{ lanes: 2 }, false],
  ]
  for (const [change, may] of costs)
    expect(mayStretch({ ...COST_FLOOR, ...change }), JSON.stringify(change)).toBe(may)
})

/** A machine that stretches at so many MiB a second, and has so much to give. */
const machine = (speed: number, memory = Infinity) => {
  let now = 0
  const tried: number[] = []
  return {
    tried,
    now: () => now,
    stretch: (cost: StretchCost) => {
      const mebibytes = cost.memoryKiB / 1024
      tried.push(mebibytes)
      if (mebibytes > memory) return Promise.reject(new Error('no memory'))
      now += (mebibytes / speed) * 1000
      return Promise.resolve()
    },
  }
}

test('a new vault takes the most memory that stretches in about a second here', async () => {
  const chosen = async (speed: number, memory?: number) => {
    const { stretch, now, tried } = machine(speed, memory)
    return [(await calibrate(stretch, now)).memoryKiB / 1024, tried]
  }
  expect(await chosen(10)).toEqual([64, [64]])
  expect(await chosen(127)).toEqual([64, [64]])
  expect(await chosen(128)).toEqual([128, [64, 128]])
  expect(await chosen(300)).toEqual([256, [64, 128, 256]])
  expect(await chosen(1e6)).toEqual([256, [64, 128, 256]])
  // A phone that is fast and small gets what fits.
  expect(await chosen(1e6, 100)).toEqual([64, [64, 128]])
})

test('never less than the floor: a machine that cannot give it makes no vault', async () => {
  const { stretch, now } = machine(1e6, 32)
  await expect(calibrate(stretch, now)).rejects.toThrow('no memory')
})
