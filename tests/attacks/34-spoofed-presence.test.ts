import { fc } from '@fast-check/vitest'
import * as encoding from 'lib0/encoding'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { base64urlFromBytes, concatBytes, utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { admitLive, MAX_LIVE_BYTES } from '../../src/lib/net/live/admit.ts'
import type { MetLink } from '../../src/lib/net/types.ts'
import { Gathering, linkOf, meet, quiet, seenBy, type Someone } from '../net/live-people.ts'

let gathering: Gathering
let alba: Someone
let bruna: Someone
let eva: Someone

beforeEach(() => {
  gathering = new Gathering()
  ;[alba, bruna, eva] = ['Alba', 'Bruna', 'Eva'].map((name) => gathering.add(name)) as [
    Someone,
    Someone,
    Someone,
  ]
})
afterEach(() => gathering.close())

const at = (someone: Someone, where: string) => someone.live.awareness.setLocalState({ at: where })

type Entry = { readonly client: number; readonly clock: number; readonly state: unknown }

/** A y-webrtc message about presence, saying whatever one likes. */
const presence = (...entries: readonly Entry[]): Uint8Array => {
  const update = encoding.createEncoder()
  encoding.writeVarUint(update, entries.length)
  for (const { client, clock, state } of entries) {
    encoding.writeVarUint(update, client)
    encoding.writeVarUint(update, clock)
    encoding.writeVarString(update, typeof state === 'string' ? state : JSON.stringify(state))
  }
  const message = encoding.createEncoder()
  encoding.writeVarUint(message, 1)
  encoding.writeVarUint8Array(message, encoding.toUint8Array(update))
  return encoding.toUint8Array(message)
}

/** A state as `signer` would sign it for `client`. */
const envelope = (signer: Someone, client: number, state: unknown, count = 1) => {
  const payload = encodeCbor([client, count, utf8FromText(JSON.stringify(state))])
  return {
    p: base64urlFromBytes(payload),
    s: base64urlFromBytes(sign(signer.own.signSk, 'presence', payload)),
  }
}

/** Eva’s phone, with software of her own: says any bytes at all on a link to Alba, and writes down what it hears. */
const evilLink = async () => {
  const { first, second } = await linkOf(eva.own, alba.own)
  const link: MetLink = first.link
  const heard: Uint8Array[] = []
  alba.live.attach(second.link, eva.client)
  await quiet()
  link.receive('live', (message) => heard.push(message))
  link.send('live', Uint8Array.of(1, 7)) // offer
  await quiet()
  return {
    heard,
    link,
    say: async (...messages: readonly Uint8Array[]) => {
      for (const message of messages) link.send('live', concatBytes(Uint8Array.of(3, 7), message))
      await quiet()
    },
  }
}

test('attack 34: what Eva says of herself is seen: the tests below fail to spoof, not to speak', async () => {
  const evil = await evilLink()
  await evil.say(presence({ client: eva.client, clock: 1, state: envelope(eva, eva.client, { at: 'aquí' }) }))
  expect(seenBy(alba)).toEqual({ Eva: 'aquí' })
})

test('attack 34: over her own link Eva can neither move Bruna’s cursor nor invent one', async () => {
  const evil = await evilLink()
  const forged = (client: number, state: unknown) => presence({ client, clock: 99, state })
  await evil.say(
    forged(bruna.client, { at: 'mentira' }),
    forged(bruna.client, envelope(eva, bruna.client, { at: 'mentira' })),
    forged(bruna.client, envelope(eva, eva.client, { at: 'mentira' })),
    forged(alba.client, envelope(eva, alba.client, { at: 'mentira' })),
    forged(4242, envelope(eva, 4242, { at: 'nadie' })),
  )
  expect(seenBy(alba)).toEqual({})
  at(bruna, 'fuego')
  await meet(alba, bruna)
  at(alba, 'agua')
  await evil.say(
    forged(bruna.client, envelope(eva, bruna.client, { at: 'mentira' }, 1e6)),
    forged(alba.client, null),
  )
  expect(seenBy(alba)).toEqual({ Bruna: 'fuego' })
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
  expect(alba.live.awareness.getLocalState()).toEqual({ at: 'agua' })
})

test('attack 34: Eva cannot make Bruna disappear, alone or hidden behind her own entry', async () => {
  at(bruna, 'fuego')
  await meet(alba, bruna)
  const evil = await evilLink()
  const own = { client: eva.client, clock: 5, state: envelope(eva, eva.client, { at: 'aquí' }) }
  const gone = [0, 1, 2, 3, 2 ** 31].map((clock) => ({ client: bruna.client, clock, state: null }))
  await evil.say(...gone.map((entry) => presence(entry)), presence(...gone, own, ...gone))
  expect(seenBy(alba)).toEqual({ Bruna: 'fuego', Eva: 'aquí' })
  at(bruna, 'tierra')
  await quiet()
  expect(seenBy(alba)).toEqual({ Bruna: 'tierra', Eva: 'aquí' })
})

test('attack 34: an envelope Bruna really signed is of no use to Eva', async () => {
  const { link } = await meet(bruna, eva)
  link.first.link.close()
  at(bruna, 'con Eva a solas')
  const captured = envelope(bruna, bruna.client, { at: 'con Eva a solas' })
  const evil = await evilLink()
  await evil.say(
    presence({ client: bruna.client, clock: 9, state: captured }),
    presence({ client: eva.client, clock: 9, state: captured }),
  )
  expect(seenBy(alba)).toEqual({})
})

test('attack 34: nothing that is unsigned, altered, or signed for something else is shown', async () => {
  const evil = await evilLink()
  const good = envelope(eva, eva.client, { at: 'aquí' })
  const payload = encodeCbor([eva.client, 1, utf8FromText('{"at":"aquí"}')])
  const bad: unknown[] = [
    { at: 'aquí' },
    { p: good.p },
    { p: good.p, s: '' },
    { p: good.p, s: good.s.slice(0, -2) },
    { p: good.p.slice(0, -2), s: good.s },
    { p: good.s, s: good.p },
    { p: good.p, s: envelope(bruna, eva.client, { at: 'aquí' }).s },
    { p: good.p, s: base64urlFromBytes(sign(eva.own.signSk, 'seal', payload)) },
    envelope(eva, bruna.client, { at: 'aquí' }),
    { ...good, n: 1 },
    [good.p, good.s],
    good.p,
    1,
    true,
    {},
  ]
  let clock = 1
  for (const state of bad) {
    await evil.say(presence({ client: eva.client, clock: clock++, state }))
    expect(seenBy(alba), JSON.stringify(state)).toEqual({})
  }
  for (const inner of [[], 'texto', null, 7]) {
    await evil.say(
      presence({ client: eva.client, clock: clock++, state: envelope(eva, eva.client, inner, clock) }),
    )
    expect(seenBy(alba), JSON.stringify(inner)).toEqual({})
  }
  await evil.say(
    presence({ client: eva.client, clock: clock++, state: envelope(eva, eva.client, { at: 'aquí' }, 99) }),
  )
  expect(seenBy(alba)).toEqual({ Eva: 'aquí' })
})

test('attack 34: a state of before, said again, does not come back', async () => {
  const evil = await evilLink()
  const [old, now] = [1, 2].map((count) => envelope(eva, eva.client, { at: `lugar ${count}` }, count))
  await evil.say(
    presence({ client: eva.client, clock: 1, state: old }),
    presence({ client: eva.client, clock: 2, state: now }),
    presence({ client: eva.client, clock: 3, state: old }),
  )
  expect(seenBy(alba)).toEqual({ Eva: 'lugar 2' })
})

test('attack 34: whatever Eva calls herself, she is shown under the name the collective gave her', async () => {
  const evil = await evilLink()
  const state = { at: 'aquí', user: { name: 'Bruna', member: 'member Bruna' } }
  await evil.say(presence({ client: eva.client, clock: 1, state: envelope(eva, eva.client, state) }))
  expect(seenBy(alba)).toEqual({ Eva: 'aquí' })
})

test('attack 34: when the collective calls Eva otherwise, her next sign of life is shown so', async () => {
  const evil = await evilLink()
  const state = envelope(eva, eva.client, { at: 'aquí' })
  await evil.say(presence({ client: eva.client, clock: 1, state }))
  let told = 0
  alba.live.awareness.on('change', () => (told += 1))
  await evil.say(presence({ client: eva.client, clock: 2, state }))
  expect(told).toBe(0)
  eva.name = 'Evelia'
  await evil.say(presence({ client: eva.client, clock: 3, state }))
  expect(seenBy(alba)).toEqual({ Evelia: 'aquí' })
  expect(told).toBe(1)
})

test('attack 34: what belongs to a connection that was given up is not heard in the one after it', async () => {
  const evil = await evilLink()
  evil.link.send('live', Uint8Array.of(1, 8))
  await quiet()
  const entry = (clock: number) =>
    presence({ client: eva.client, clock, state: envelope(eva, eva.client, { at: `lugar ${clock}` }, clock) })
  await evil.say(entry(1))
  expect(seenBy(alba)).toEqual({})
  evil.link.send('live', Uint8Array.of(4, 7))
  evil.link.send('live', concatBytes(Uint8Array.of(3, 8), entry(2)))
  await quiet()
  expect(seenBy(alba)).toEqual({ Eva: 'lugar 2' })
})

/** What somebody signed about herself just now, as it stands on the wire. */
const ownEnvelopeOf = (someone: Someone): string =>
  envelope(someone, someone.client, someone.live.awareness.getLocalState(), gathering.clock.now()).p

test('attack 34: asked about others, Alba says nothing of them', async () => {
  at(bruna, 'a escondidas')
  await meet(alba, bruna)
  const evil = await evilLink()
  const before = evil.heard.length
  await evil.say(Uint8Array.of(3), Uint8Array.of(4, 1, 1, 65))
  const [said, entry] = [Buffer.concat(evil.heard), seenBy(alba)]
  expect(entry).toEqual({ Bruna: 'a escondidas' })
  expect(evil.heard.length).toBe(before)
  expect(said.includes(ownEnvelopeOf(bruna))).toBe(false)
  // She does hear what Alba says of herself.
  at(alba, 'agua')
  await quiet()
  expect(Buffer.concat(evil.heard).includes(ownEnvelopeOf(alba))).toBe(true)
})

test('attack 34: whatever bytes come, nothing throws, nobody disappears, and the link goes on', async () => {
  at(bruna, 'fuego')
  await meet(alba, bruna)
  const evil = await evilLink()
  const update = Y.encodeStateAsUpdate(new Y.Doc())
  const sync = (step: number, body: Uint8Array) => {
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, 0)
    encoding.writeVarUint(encoder, step)
    encoding.writeVarUint8Array(encoder, body)
    return encoding.toUint8Array(encoder)
  }
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.nat(4), fc.uint8Array({ maxLength: 60 })).map(([step, body]) => sync(step, body)),
    fc.nat(255).map((byte) => sync(2, Uint8Array.from([...update, byte]))),
    fc
      .tuple(fc.nat(4), fc.uint8Array({ maxLength: 40 }))
      .map(([type, rest]) => Uint8Array.from([type, ...rest])),
    fc
      .record({
        client: fc.constantFrom(alba.client, bruna.client, eva.client, 0, 2 ** 32),
        clock: fc.nat(),
        state: fc.oneof(
          fc.json(),
          fc.string(),
          fc.constant(deep),
          fc.constant('{"__proto__":{"p":"x","s":"y"}}'),
        ),
      })
      .map((entry) => presence(entry)),
  )
  const kinds = fc.oneof(fc.constant(3), fc.constant(3), fc.nat(255))
  const say = fc.array(fc.tuple(kinds, fc.constantFrom(7, 7, 6), bytes), { maxLength: 20 })
  for (const messages of fc.sample(say, process.env['SLOW'] ? 200 : 15)) {
    for (const [kind, attempt, body] of messages) {
      // Taking leave is her right: here she stays.
      if (kind !== 4 && kind !== 1) evil.link.send('live', Uint8Array.from([kind, attempt, ...body]))
    }
    await quiet()
    expect(seenBy(alba)['Bruna']).toBe('fuego')
    expect(evil.link.ending()).toBe(null)
  }
  await evil.say(
    presence({ client: eva.client, clock: 2 ** 40, state: envelope(eva, eva.client, { at: 'aquí' }, 1e9) }),
  )
  expect(seenBy(alba)).toEqual({ Bruna: 'fuego', Eva: 'aquí' })
})

test('attack 34: only an envelope or a farewell passes, whatever else a state might be', () => {
  const passes = (state: unknown) => admitLive(presence({ client: 5, clock: 1, state }), 5) !== null
  expect(passes({ p: 'x', s: 'y' })).toBe(true)
  expect(passes(null)).toBe(true)
  const others = [
    {},
    [],
    'x',
    1,
    { p: 'x' },
    { p: 'x', s: ['y'] },
    { p: {}, s: 'y' },
    { p: 'x', s: 'y', z: [[[]]] },
  ]
  for (const state of others) expect(passes(state), JSON.stringify(state)).toBe(false)
})

test('attack 34: nothing larger than the live stream carries is even looked at', () => {
  const state = envelope(eva, eva.client, { at: 'x'.repeat(MAX_LIVE_BYTES) })
  expect(admitLive(presence({ client: eva.client, clock: 1, state }), eva.client)).toBe(null)
  expect(admitLive(new Uint8Array(MAX_LIVE_BYTES + 1), eva.client)).toBe(null)
})

test('attack 34: a device that was suspended is not seen, even with its own signature on its own link', async () => {
  const evil = await evilLink()
  gathering.suspended.add('Eva')
  await evil.say(presence({ client: eva.client, clock: 1, state: envelope(eva, eva.client, { at: 'aquí' }) }))
  expect(seenBy(alba)).toEqual({})
})
