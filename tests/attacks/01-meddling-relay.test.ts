import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { shakeHands } from '../../src/lib/net/handshake.ts'
import { joinHubs } from '../../src/lib/net/hubs.ts'
import type { HubAnswer } from '../../src/lib/wire/hub.ts'
import { createApart } from '../net/apart.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { createLineHub, type Meddle } from '../net/line-hub.ts'
import { createPerson, knows, sharedSecret, someCollective } from '../net/people.ts'

const records = Array.from({ length: 40 }, (_, i) => new Uint8Array(400).fill(i))

property.prop([fc.infiniteStream(fc.nat(99)), fc.integer({ min: 3, max: 40 })], { numRuns: 15 })(
  'attack 1: a hub that alters, repeats, swaps, loses and misroutes sealed frames can end a link, and nothing else',
  async (dice, meddled) => {
    const roll = () => dice.next().value as number
    const old: Extract<HubAnswer, { type: 'frame' }>[] = []
    let honest = true
    const meddle: Meddle = (answer) => {
      if (answer.type !== 'frame') return [answer]
      old.push(answer)
      if (honest || roll() >= meddled) return [answer]
      const past = { ...old[(roll() * 100 + roll()) % old.length]!, pipe: answer.pipe }
      const altered = { ...answer, frame: answer.frame.slice() }
      altered.frame[(roll() * 100 + roll()) % altered.frame.length]! ^= 1 << (roll() % 8)
      const ways = [
        [],
        [answer, answer],
        [past, answer],
        [altered],
        [past],
        [{ ...answer, pipe: answer.pipe + 1 }],
      ]
      return ways[roll() % ways.length]!
    }
    const { ana, bea, live } = createApart({ meddle })
    await live(15_000)
    const heard: number[] = []
    const listen = () => {
      for (const link of bea.mesh.links.read())
        link.receive('records', (message) => {
          expect(message).toHaveLength(400)
          expect(new Set(message).size).toBe(1)
          heard.push(message[0]!)
        })
    }
    listen()
    bea.mesh.links.watch(listen)
    honest = false
    for (const record of records) {
      for (const link of ana.mesh.links.read()) link.send('records', record)
      await live(250)
    }
    // Whole, unaltered, in order, none twice: a link that was tampered with was ended instead.
    expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b))
    for (const { own, mesh } of [ana, bea])
      for (const { peer } of mesh.links.read()) expect(peer).not.toBe(own.id)
  },
  120_000,
)

test('attack 2: a hub that sits in the pipe itself, in the place of either, gets no link and no id', async () => {
  const clock = createHandClock()
  const hub = createLineHub(clock)
  const { ana, bea, live } = createApart({ clock, connect: () => hub.connect() })
  const eve = createPerson()
  const outcomes: boolean[] = []
  const shown: string[] = []
  // It sees the names of pipes, and takes each the moment it is asked for, as its maker and as its guest.
  const eves = hub.connect()
  let seen = 0
  for (let step = 0; step < 80; step++) {
    await live(250)
    for (const { from, request } of hub.asked.slice(seen)) {
      seen++
      if (request.type !== 'open' || from === 2) continue
      for (const opener of [true, false])
        eves.pipe!({ name: request.name, opener }).opened((channel) =>
          shakeHands(
            {
              channel,
              clock,
              random: systemRandom,
              own: eve,
              context: someCollective,
              psk: sharedSecret,
              present: 'device',
              judge: (id) => {
                shown.push(id)
                return knows(ana.own, bea.own)(id)
              },
            },
            (met) => outcomes.push(met.ok),
          ),
        )
    }
  }
  await live(30_000)
  expect(outcomes.length).toBeGreaterThan(0)
  expect(outcomes).not.toContain(true)
  expect(shown).toEqual([])
})

test('attack 7: a recorded handshake played again into a new pipe leads nowhere', async () => {
  const frames: Extract<HubAnswer, { type: 'frame' }>[][] = [[], []]
  let replaying = false
  let at = [0, 0]
  const meddle: Meddle = (answer, to) => {
    if (answer.type !== 'frame') return [answer]
    if (!replaying) {
      frames[to]!.push(answer)
      return [answer]
    }
    const past = frames[to]![at[to]!++]
    return past ? [{ ...past, pipe: answer.pipe }] : []
  }
  const { ana, bea, live } = createApart({ meddle })
  await live(15_000)
  expect(ana.mesh.links.read()).toHaveLength(1)
  replaying = true
  at = [0, 0]
  ana.mesh.links.read()[0]!.close()
  await live(60_000)
  expect([ana, bea].map(({ mesh }) => mesh.links.read())).toEqual([[], []])
})

test('a relay’s notes and frames hold no id of anybody', async () => {
  const { ana, bea, hub, live } = createApart()
  await live(15_000)
  expect(ana.mesh.links.read()).toHaveLength(1)
  const said = hub.asked
    .flatMap(({ request }) => Object.values(request))
    .filter((value) => value instanceof Uint8Array)
    .map((bytes) => Buffer.from(bytes).toString('hex'))
    .join(' ')
  for (const { own } of [ana, bea]) expect(said).not.toContain(own.id)
  expect(said).not.toContain(Buffer.from(someCollective).toString('hex'))
})

test('of two hubs one joins pipes and passes nothing: the two still meet through the other', async () => {
  const clock = createHandClock()
  const [liar, honest] = [
    createLineHub(clock, { meddle: (answer) => (answer.type === 'frame' ? [] : [answer]) }),
    createLineHub(clock),
  ]
  const { ana, bea, live } = createApart({
    clock,
    connect: () => joinHubs([liar.connect(), honest.connect()]),
  })
  await live(180_000)
  expect(ana.mesh.links.read()[0]?.peer).toBe(bea.own.id)
})
