import { afterEach, beforeEach, expect, test } from 'vitest'
import { utf8FromText } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { passOnPresence } from '../../src/lib/net/live/pass-on.ts'
import { createMesh } from '../../src/lib/net/mesh.ts'
import type { Mesh, MetLink } from '../../src/lib/net/types.ts'
import { encodeControlMessage, parseControlMessage, type PassedPresence } from '../../src/lib/wire/control.ts'
import { seededRandom } from '../world/time.ts'
import { Gathering, linkOf, quiet, seenBy, type Someone } from './live-people.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { knows } from './people.ts'
import { villageColl } from './village.ts'

/** People whose phones have links to some of the others only, and no way to make more. */
let gathering: Gathering
let meshes: Map<Someone, Mesh>
beforeEach(() => {
  gathering = new Gathering()
  meshes = new Map()
})
afterEach(() => {
  for (const mesh of meshes.values()) mesh.stop()
  gathering.close()
})

const come = (...names: readonly string[]): readonly Someone[] => {
  const people = names.map((name) => gathering.add(name))
  const { clock } = gathering
  const network = createMemoryNetwork()
  for (const someone of people) {
    const hub = createMemoryHub(clock).connect()
    const rtc = network.rtc()
    rtc.setReachable(false)
    const judge = knows(...people.map(({ own }) => own))
    const random = seededRandom(someone.client)
    const mesh = createMesh({ coll: villageColl, own: someone.own, hub, rtc, clock, random, judge })
    mesh.setPeers(people.map(({ own }) => ({ id: own.id, device: own.device })))
    meshes.set(someone, mesh)
    openPage(someone, people)
  }
  return people
}

/** Presence over every link, and passed on. */
const openPage = (someone: Someone, people: readonly Someone[]): void => {
  const mesh = meshes.get(someone)!
  const attached = new Set<MetLink>()
  mesh.links.watch(() => {
    for (const link of mesh.links.read()) {
      if (attached.has(link)) continue
      attached.add(link)
      someone.live.attach(link, people.find(({ own }) => own.id === link.peer)!.client)
    }
  })
  passOnPresence({
    mesh,
    clock: gathering.clock,
    awareness: someone.live.awareness,
    deviceOf: (client) => people.find((person) => person.client === client)?.own.id ?? null,
  })
}

const tie = async (...pairs: readonly (readonly [Someone, Someone])[]): Promise<void> => {
  for (const [a, b] of pairs) {
    const { first, second } = await linkOf(a.own, b.own)
    meshes.get(a)!.adopt(first)
    meshes.get(b)!.adopt(second)
  }
  await pass(3000)
}

const pass = async (ms: number): Promise<void> => {
  for (let passed = 0; passed < ms; passed += 250) {
    gathering.clock.pass(250)
    await quiet()
  }
}

const at = (someone: Someone, where: string | null) =>
  someone.live.awareness.setLocalState(where === null ? null : { at: where })

const linkTo = (from: Someone, to: Someone): MetLink =>
  meshes
    .get(from)!
    .links.read()
    .find(({ peer }) => peer === to.own.id)!

test('in a row, Alba is seen by Ceiba, who has no link to her: where she is, where she goes, and that she leaves', async () => {
  const [alba, bruna, ceiba] = come('Alba', 'Bruna', 'Ceiba') as [Someone, Someone, Someone]
  await tie([alba, bruna], [bruna, ceiba])
  at(alba, 'río')
  await pass(1000)
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' })
  at(alba, 'monte')
  await pass(1000)
  expect(seenBy(ceiba)).toEqual({ Alba: 'monte' })
  at(alba, null)
  await pass(1000)
  expect(seenBy(ceiba)).toEqual({})
  expect(seenBy(bruna)).toEqual({})
})

test('whoever comes later sees who is here already', async () => {
  const [alba, bruna, ceiba] = come('Alba', 'Bruna', 'Ceiba') as [Someone, Someone, Someone]
  at(alba, 'río')
  await tie([alba, bruna])
  await tie([bruna, ceiba])
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' })
})

test('Alba’s phone goes without a word: further away she is seen for less than a minute more', async () => {
  const [alba, bruna, ceiba] = come('Alba', 'Bruna', 'Ceiba') as [Someone, Someone, Someone]
  await tie([alba, bruna], [bruna, ceiba])
  at(alba, 'río')
  await pass(70_000)
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' }) // she signs anew now and then
  linkTo(bruna, alba).close()
  await pass(250)
  expect(seenBy(bruna)).toEqual({})
  await pass(52_000)
  expect(seenBy(ceiba)).toEqual({})
}, 60_000)

test('where everybody is linked with everybody, nobody passes presence on', async () => {
  const [alba, bruna, ceiba] = come('Alba', 'Bruna', 'Ceiba') as [Someone, Someone, Someone]
  await tie([alba, bruna], [bruna, ceiba], [alba, ceiba])
  const passed: unknown[] = []
  const link = linkTo(alba, bruna)
  link.receive('control', (bytes) => {
    const message = parseControlMessage(bytes)
    if (message.ok && message.value.type === 'presence') passed.push(message.value)
  })
  at(ceiba, 'río')
  await pass(5000)
  expect(seenBy(alba)).toEqual({ Ceiba: 'río' })
  expect(passed).toEqual([])
})

/** As `signer` would sign it for `client`. */
const signed = (signer: Someone, client: number, state: unknown, count: number): PassedPresence => {
  const payload = encodeCbor([client, count, utf8FromText(JSON.stringify(state))])
  return { client, payload, sig: sign(signer.own.signSk, 'presence', payload) }
}

test('attack 34: Eva, in between, can neither invent nor alter nor bring back what others signed, nor take them away', async () => {
  const [alba, eva, ceiba] = come('Alba', 'Eva', 'Ceiba') as [Someone, Someone, Someone]
  await tie([alba, eva], [eva, ceiba])
  const now = () => gathering.clock.now()
  const says = async (...presences: readonly PassedPresence[]) => {
    linkTo(eva, ceiba).send('control', encodeControlMessage({ type: 'presence', presences }))
    await pass(500)
  }
  const old = signed(alba, alba.client, { at: 'antes' }, now())
  at(alba, 'río')
  await pass(1000)
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' })
  const altered = signed(alba, alba.client, { at: 'otro' }, now())
  altered.sig[0]! ^= 1
  await says(
    old,
    altered,
    signed(eva, alba.client, { at: 'inventado' }, now()),
    signed(eva, alba.client, null, now()),
    { ...signed(alba, ceiba.client, { at: 'yo' }, now()), client: alba.client },
    signed(alba, alba.client, { at: 'del año que viene' }, now() + 365 * 86_400_000),
  )
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' })
  // Alba goes. What she signed when she was here brings nobody back, however often Eva says it.
  const last = signed(alba, alba.client, { at: 'río' }, now() - 60_000)
  linkTo(alba, eva).close()
  at(alba, null)
  await pass(60_000)
  expect(seenBy(ceiba)).toEqual({})
  await says(last, old)
  expect(seenBy(ceiba)).toEqual({})
}, 60_000)

test('attack 34: a device that was suspended is no longer seen through others either', async () => {
  const [eva, bruna, ceiba] = come('Eva', 'Bruna', 'Ceiba') as [Someone, Someone, Someone]
  await tie([eva, bruna], [bruna, ceiba])
  at(eva, 'río')
  await pass(1000)
  expect(seenBy(ceiba)).toEqual({ Eva: 'río' })
  gathering.suspended.add('Eva')
  ceiba.live.awareness.reconsider()
  expect(seenBy(ceiba)).toEqual({})
  at(eva, 'monte')
  await pass(25_000)
  expect(seenBy(ceiba)).toEqual({})
})

test('attack 34: of a neighbour with a link of its own nothing is heard through others', async () => {
  const [alba, eva, ceiba] = come('Alba', 'Eva', 'Ceiba') as [Someone, Someone, Someone]
  await tie([alba, eva], [eva, ceiba], [alba, ceiba])
  at(alba, 'río')
  await pass(1000)
  const farewell = signed(alba, alba.client, null, gathering.clock.now() + 1000)
  linkTo(eva, ceiba).send('control', encodeControlMessage({ type: 'presence', presences: [farewell] }))
  await pass(500)
  expect(seenBy(ceiba)).toEqual({ Alba: 'río' })
})
