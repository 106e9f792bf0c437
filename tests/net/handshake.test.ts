import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { createHandClock } from './hand-clock.ts'
import { createMemoryPipe, settle } from './memory-channel.ts'
import { createPerson, knows, shake, shakeBoth } from './people.ts'

const [alice, bea] = [createPerson(), createPerson()]
const a = { own: alice, judge: knows(bea) }
const b = { own: bea, judge: knows(alice) }

test('Alice and Bea meet: each knows who the other is, and they hold the same secrets', async () => {
  const met = await shakeBoth(a, b)
  if (!met.a?.ok || !met.b?.ok) throw new Error('they did not meet')
  expect(met.a.value.peer).toBe(bea.id)
  expect(met.b.value.peer).toBe(alice.id)
  expect(met.a.value.initiator).toBe(true)
  expect(met.b.value.initiator).toBe(false)
  expect(met.a.value.th).toEqual(met.b.value.th)
  expect(met.a.value.exported).toEqual(met.b.value.exported)
  expect(met.a.value.keys.mine).toEqual(met.b.value.keys.theirs)
  expect(met.a.value.keys.theirs).toEqual(met.b.value.keys.mine)
  expect(met.a.value.keys.mine).not.toEqual(met.a.value.keys.theirs)
})

test('with certificates, the larger fingerprint begins, whoever opened', async () => {
  const met = await shakeBoth(a, b, {
    fingerprints: { a: hash('led', 1).fill(1), b: hash('led', 2).fill(2) },
  })
  expect(met.a).toMatchObject({ ok: true, value: { initiator: false } })
  expect(met.b).toMatchObject({ ok: true, value: { initiator: true } })
})

test('two meetings share no key', async () => {
  const [one, two] = [await shakeBoth(a, b), await shakeBoth(a, b)]
  if (!one.a?.ok || !two.a?.ok) throw new Error('they did not meet')
  expect(one.a.value.exported).not.toEqual(two.a.value.exported)
  expect(one.a.value.keys.mine).not.toEqual(two.a.value.keys.mine)
})

test('a stranger shows her device, and is judged by it', async () => {
  const eve = createPerson()
  const shown: unknown[] = []
  const host = {
    own: alice,
    present: 'device' as const,
    judge: (_id: string, device: typeof eve.device | null) => {
      shown.push(device)
      return device && { device, standing: 'stranger' as const }
    },
  }
  const met = await shakeBoth(host, {
    own: eve,
    judge: (_, device) => device && { device, standing: 'stranger' },
    present: 'device',
  })
  expect(met.a).toMatchObject({ ok: true, value: { peer: eve.id, standing: 'stranger' } })
  expect(shown).toEqual([eve.device])
})

test('whoever shows keys that are not those of the id it names is refused', async () => {
  const eve = createPerson()
  const liar = { ...eve, id: bea.id }
  const believing = {
    own: alice,
    judge: (_: string, device: typeof eve.device | null) => device && { device, standing: 'full' as const },
  }
  expect((await shakeBoth(believing, { own: liar, judge: knows(alice), present: 'device' })).a).toMatchObject(
    {
      ok: false,
    },
  )
  expect((await shakeBoth(believing, { ...b, present: 'device' })).a).toMatchObject({ ok: true })
})

test('a device the judge refuses learns nothing, not even that it was known', async () => {
  const met = await shakeBoth({ own: alice, judge: () => null }, b)
  expect(met.a).toEqual({ ok: false, error: { type: 'HandshakeFailed' } })
  expect(met.b).toEqual({ ok: false, error: { type: 'HandshakeFailed' } })
  expect(met.pipe.sent.a).toHaveLength(1) // only M1
})

test('different collectives, or different secrets of the pair, do not meet', async () => {
  expect((await shakeBoth({ ...a, context: hash('led', 'another') }, b)).b).toMatchObject({ ok: false })
  const other = hash('led', 'another secret') as NonNullable<Parameters<typeof shake>[1]['psk']>
  expect((await shakeBoth({ ...a, psk: other }, b)).a).toMatchObject({ ok: false })
})

test('a handshake that stops is given up after ten seconds', async () => {
  const clock = createHandClock()
  const pipe = createMemoryPipe({ fromB: () => null })
  const [left, right] = [shake(pipe.a, a, clock), shake(pipe.b, b, clock)]
  await settle()
  expect(left.outcome()).toBeNull()
  clock.pass(10_000)
  await settle()
  expect(left.outcome()).toMatchObject({ ok: false })
  expect(right.outcome()).toMatchObject({ ok: false })
})

test('any bit of any handshake message turned over: nobody meets', async () => {
  for (const [from, count] of [
    ['fromA', 2],
    ['fromB', 2],
  ] as const)
    for (let message = 0; message < count; message++)
      for (let at = 0; at < 2400; at += 97) {
        const flip = (bytes: Uint8Array, index: number) => {
          if (index !== message || bytes.length <= at) return [bytes]
          const altered = bytes.slice()
          altered[at]! ^= 1 << (at & 7)
          return [altered]
        }
        const met = await shakeBoth(a, b, { [from]: flip })
        // The last message tells I that R is done: altered, R alone believes that they met.
        const both = met.a?.ok && met.b?.ok
        const length = (from === 'fromA' ? met.pipe.sent.a : met.pipe.sent.b)[message]?.length ?? 0
        expect({ from, message, at, both }).toEqual({ from, message, at, both: at >= length })
      }
}, 30_000)

test('nothing on the wire names a device or the collective', async () => {
  const { pipe } = await shakeBoth({ ...a, present: 'device' }, { ...b, present: 'device' })
  const wire = [...pipe.sent.a, ...pipe.sent.b].map(hexFromBytes).join('|')
  for (const person of [alice, bea]) {
    expect(wire).not.toContain(person.id)
    expect(wire).not.toContain(hexFromBytes(person.device.signPk))
    expect(wire).not.toContain(hexFromBytes(person.device.rvPk))
  }
  const short = await shakeBoth(a, b)
  expect(short.pipe.sent.b.map((m) => m.length)).toEqual(pipe.sent.b.map((m) => m.length))
})
