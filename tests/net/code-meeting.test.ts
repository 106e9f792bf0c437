import { base32nopad } from '@scure/base'
import { expect, test } from 'vitest'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import {
  createCodeMeeting,
  type CodeMeeting,
  type CodeMeetingOptions,
} from '../../src/lib/net/code-meeting.ts'
import { encodeCode, parseCode } from '../../src/lib/wire/code.ts'
import type { Rtc } from '../../src/lib/net/types.ts'
import { createHandClock } from './hand-clock.ts'
import { settle } from './memory-channel.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { createPerson, knows } from './people.ts'

const valley = collIdFrom(hash('led', 'Las Tres Vertientes'))!
const plain = collIdFrom(hash('led', 'another'))!

const createWifi = () => {
  const clock = createHandClock()
  const network = createMemoryNetwork()
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.pass(250)
      for (let turn = 0; turn < 8; turn++) await settle()
    }
  }
  const show = async (own: OwnDevice, about: Partial<CodeMeetingOptions> = {}): Promise<CodeMeeting> =>
    expectOk(
      await createCodeMeeting({
        rtc: network.rtc(),
        clock,
        random: systemRandom,
        own,
        kind: 'meet',
        coll: valley,
        judge: () => null,
        ...about,
      }),
    )
  return { network, show, live }
}

const peerOf = (meeting: CodeMeeting) => {
  const state = meeting.state.read()
  return state.step === 'met' ? state.link.link.peer : state.step
}

test('Ana and Bea scan each other, in whatever order, and are linked and verified; no hub is there', async () => {
  for (const first of ['ana', 'bea'] as const) {
    const { show, live } = createWifi()
    const [ana, bea] = [createPerson(), createPerson()]
    const hers = await show(ana, { judge: knows(bea) })
    const other = await show(bea, { judge: knows(ana) })
    const scan = { ana: () => hers.take(other.code), bea: () => other.take(hers.code) }
    expectOk(scan[first]())
    await live(90_000)
    expect(hers.state.read().step === 'met').toBe(false)
    expectOk(scan[first === 'ana' ? 'bea' : 'ana']())
    await live(2000)
    expect([peerOf(hers), peerOf(other)]).toEqual([bea.id, ana.id])
  }
})

test('a newcomer is scanned before anybody has heard of her: her keys are those of the code', async () => {
  const { show, live } = createWifi()
  const [ana, newcomer] = [createPerson(), createPerson()]
  const strangers: CodeMeetingOptions['judge'] = (_, device) => device && { device, standing: 'stranger' }
  const hers = await show(ana, { kind: 'join', coll: null, judge: strangers })
  const other = await show(newcomer, { kind: 'join', coll: null, judge: strangers })
  expectOk(hers.take(other.code))
  expectOk(other.take(hers.code))
  await live(2000)
  const state = hers.state.read()
  if (state.step !== 'met') throw new Error(state.step)
  expect(state.link.link.introduction.device).toEqual(newcomer.device)
  expect(state.link.link.standing.read()).toBe('stranger')
})

test('attack 47: Mallory films Bea’s code and connects first, with her own phone: Ana does not take her for Bea', async () => {
  const { show, live } = createWifi()
  const [ana, bea, mallory] = [createPerson(), createPerson(), createPerson()]
  const judge = knows(ana, bea, mallory)
  const hers = await show(ana, { judge })
  const filmed = await show(bea, { judge })
  const evil = await show(mallory, { judge })
  // Ana scans Bea. Mallory saw both codes and answers Ana with a connection of her own.
  expectOk(hers.take(filmed.code))
  expectOk(evil.take(hers.code))
  await live(2000)
  expect(peerOf(evil)).not.toBe(ana.id)
  expect(peerOf(hers)).not.toBe(mallory.id)
})

test('attack 47: Mallory puts Bea’s promise on a card of her own, and cannot keep it', async () => {
  const { show, live } = createWifi()
  const [ana, bea, mallory] = [createPerson(), createPerson(), createPerson()]
  const judge = knows(ana, bea, mallory)
  const hers = await show(ana, { judge })
  const beas = expectOk(parseCode(base32nopad.decode((await show(bea, { judge })).code), 'meet'))
  const evil = await show(mallory, { judge })
  const own = expectOk(parseCode(base32nopad.decode(evil.code), 'meet'))
  const forged = base32nopad.encode(encodeCode({ ...own, commitment: beas.commitment }))
  expectOk(hers.take(forged))
  expectOk(evil.take(hers.code))
  await live(2000)
  expect(hers.state.read().step).toBe('failed')
  expect(evil.state.read().step).not.toBe('met')
})

test('who is no longer one of us is refused, though scanned', async () => {
  const { show, live } = createWifi()
  const [ana, gone] = [createPerson(), createPerson()]
  const hers = await show(ana, { judge: knows() })
  const other = await show(gone, { judge: knows(ana) })
  expectOk(hers.take(other.code))
  expectOk(other.take(hers.code))
  await live(12_000)
  expect([hers.state.read().step, other.state.read().step]).toEqual(['failed', 'failed'])
})

test('two of different collectives find out nothing of each other but that', async () => {
  const { show, live } = createWifi()
  const [ana, other] = [createPerson(), createPerson()]
  const judge = knows(ana, other)
  const hers = await show(ana, { judge })
  const theirs = await show(other, { judge, coll: plain })
  expectOk(hers.take(theirs.code))
  expectOk(theirs.take(hers.code))
  await live(12_000)
  expect([hers.state.read().step, theirs.state.read().step]).toEqual(['failed', 'failed'])
})

test('attack 49: a code made for one thing is refused, by its kind, in another place', async () => {
  const { show } = createWifi()
  const joining = await show(createPerson(), { kind: 'join', coll: null })
  const adding = await show(createPerson(), { kind: 'device' })
  expect(adding.take(joining.code)).toEqual({
    ok: false,
    error: { type: 'CodeOfAnotherKind', kind: 'join' },
  })
  expect(joining.take(adding.code)).toEqual({
    ok: false,
    error: { type: 'CodeOfAnotherKind', kind: 'device' },
  })
  expect(adding.state.read().step).toBe('showing')
})

test('rubbish, one’s own code in a mirror, and a second phone are told apart and change nothing', async () => {
  const { show } = createWifi()
  const [hers, bea, cata] = await Promise.all([
    show(createPerson()),
    show(createPerson()),
    show(createPerson()),
  ])
  for (const text of [
    '',
    'hola',
    hers.code.slice(4),
    `${hers.code}A`,
    'https://example.org',
    '👋'.repeat(40),
  ])
    expect(hers.take(text)).toMatchObject({ ok: false, error: { type: 'BadCode' } })
  expect(hers.take(hers.code)).toEqual({ ok: false, error: { type: 'OwnCode' } })
  expect(hers.state.read().step).toBe('showing')
  expectOk(hers.take(bea.code))
  expectOk(hers.take(bea.code))
  expect(hers.take(cata.code)).toEqual({ ok: false, error: { type: 'AlreadyScanned' } })
})

test('a code that was read aloud in small letters and groups is the same code', async () => {
  const { show } = createWifi()
  const [hers, other] = [await show(createPerson()), await show(createPerson())]
  expectOk(hers.take(other.code.toLowerCase().replace(/(.{4})/g, '$1 ')))
})

test('codes are small enough for a cheap camera, and the same phone’s codes have nothing in common', async () => {
  const { show } = createWifi()
  const ana = createPerson()
  const [one, two] = [await show(ana), await show(ana)]
  expect(one.code).toMatch(/^[A-Z2-7]+$/)
  expect(one.code.length).toBeLessThan(260)
  const [a, b] = [one, two].map(({ code }) => expectOk(parseCode(base32nopad.decode(code), 'meet')))
  expect(a!.commitment).not.toEqual(b!.commitment)
  expect(a!.card.fingerprint).not.toEqual(b!.card.fingerprint)
})

const phoneIn = (wifi: ReturnType<typeof createWifi>, seen: 'seen' | 'hidden') => {
  const rtc = wifi.network.rtc()
  if (seen === 'hidden') rtc.hide()
  return rtc
}

test('two phones that show no address are told so at once, and one that then allows its camera meets the other', async () => {
  const wifi = createWifi()
  const [ana, bea] = [createPerson(), createPerson()]
  const hers = await wifi.show(ana, { judge: knows(bea), rtc: phoneIn(wifi, 'hidden') })
  const other = await wifi.show(bea, { judge: knows(ana), rtc: phoneIn(wifi, 'hidden') })
  for (const [one, code] of [
    [hers, other.code],
    [other, hers.code],
  ] as const) {
    expect(one.holds).toBe('nothing')
    expect(one.take(code)).toEqual({ ok: false, error: { type: 'NeitherHasAddress' } })
    expect(one.state.read().step).toBe('showing')
  }
  const again = await wifi.show(ana, { judge: knows(bea), rtc: phoneIn(wifi, 'seen') })
  expectOk(other.take(again.code))
  expectOk(again.take(other.code))
  await wifi.live(2000)
  expect([peerOf(again), peerOf(other)]).toEqual([bea.id, ana.id])
})

test('a code knows whether it says where its phone is, and what only goes out through others does not', async () => {
  const wifi = createWifi()
  const turn = [{ urls: ['turn:203.0.113.7'], username: 'a', credential: 'b' }]
  const holds = async (seen: 'seen' | 'hidden', way: ReturnType<NonNullable<Rtc['way']>>) =>
    (await wifi.show(createPerson(), { rtc: { ...phoneIn(wifi, seen), way: () => way } })).holds
  expect(await holds('seen', { turn: [], reach: 'direct' })).toBe('address')
  expect(await holds('seen', { turn, reach: 'direct' })).toBe('address')
  expect(await holds('hidden', { turn, reach: 'direct' })).toBe('relay')
  expect(await holds('seen', { turn, reach: 'relayed' })).toBe('relay')
})
