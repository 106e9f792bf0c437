import { expect, test } from 'vitest'
import { hexFromBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { COST_FLOOR } from '../../src/lib/crypto/argon2.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { stretchInWorker } from '../../src/lib/crypto/stretch.ts'
import { createVault, openVault } from '../../src/lib/crypto/vault.ts'
import vectors from '../vectors/crypto.json'

const [vector] = vectors.argon2

test('in a browser, a worker of its own stretches a passphrase to what is written down', async () => {
  const key = await stretchInWorker('una piedra en el río', utf8FromText('dieciseis bytes!'), COST_FLOOR)
  expect(hexFromBytes(key)).toBe(vector!.is)
})

test('the page stays alive meanwhile: it draws while the passphrase is stretched', async () => {
  let [drawn, done] = [0, false]
  const draw = () => {
    drawn += 1
    if (!done) requestAnimationFrame(draw)
  }
  requestAnimationFrame(draw)
  await stretchInWorker('x', systemRandom.bytes(16), COST_FLOOR)
  done = true
  expect(drawn).toBeGreaterThan(2)
})

test('each stretch has its own worker, and none is left', async () => {
  const { Worker: Real } = globalThis
  const alive = new Set<Worker>()
  globalThis.Worker = class extends Real {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      alive.add(this)
    }
    override terminate() {
      alive.delete(this)
      super.terminate()
    }
  }
  try {
    const stretching = stretchInWorker('x', systemRandom.bytes(16), COST_FLOOR)
    await expect.poll(() => alive.size).toBe(1)
    await stretching
    expect(alive.size).toBe(0)
    // More memory than there is: it says so, and is ended too.
    await expect(
      stretchInWorker('x', systemRandom.bytes(16), { ...COST_FLOOR, memoryKiB: 2 ** 31 }),
    ).rejects.toThrow()
    expect(alive.size).toBe(0)
  } finally {
    globalThis.Worker = Real
  }
})

test('a vault made here opens here', async () => {
  const made = await createVault({
    passphrase: 'río',
    cost: COST_FLOOR,
    stretch: stretchInWorker,
    random: systemRandom,
  })
  const opened = await openVault({ header: made.header, passphrase: 'río', stretch: stretchInWorker })
  expect(expectOk(opened).key).toEqual(made.vault.key)
})
