import { afterEach, beforeEach, expect, test } from 'vitest'
import { Gathering, linkOf, meet, quiet, seenBy, type Someone } from './live-people.ts'

let gathering: Gathering
let alba: Someone
let bruna: Someone
let ceiba: Someone

beforeEach(() => {
  gathering = new Gathering()
  ;[alba, bruna, ceiba] = ['Alba', 'Bruna', 'Ceiba'].map((name) => gathering.add(name)) as [
    Someone,
    Someone,
    Someone,
  ]
})
afterEach(() => gathering.close())

const at = (someone: Someone, where: string | null) =>
  someone.live.awareness.setLocalState(where === null ? null : { at: where })

test('two who meet see where the other is, whoever of them began', async () => {
  at(alba, 'agua')
  at(bruna, 'fuego')
  await meet(alba, bruna)
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
  expect(seenBy(alba)).toEqual({ Bruna: 'fuego' })
  at(alba, 'tierra')
  at(bruna, 'aire')
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'tierra' })
  expect(seenBy(alba)).toEqual({ Bruna: 'aire' })
})

test('three see each other', async () => {
  await Promise.all([meet(alba, bruna), meet(bruna, ceiba), meet(ceiba, alba)])
  for (const someone of [alba, bruna, ceiba]) at(someone, `con ${someone.name}`)
  await quiet()
  expect(seenBy(alba)).toEqual({ Bruna: 'con Bruna', Ceiba: 'con Ceiba' })
  expect(seenBy(bruna)).toEqual({ Alba: 'con Alba', Ceiba: 'con Ceiba' })
  expect(seenBy(ceiba)).toEqual({ Alba: 'con Alba', Bruna: 'con Bruna' })
})

test('nobody tells of somebody else: whom Ceiba has no link with, she does not see', async () => {
  at(alba, 'agua')
  await meet(alba, bruna)
  await meet(bruna, ceiba)
  at(bruna, 'fuego')
  await quiet()
  expect(seenBy(ceiba)).toEqual({ Bruna: 'fuego' })
})

test('one who wants to write unseen is not seen, and is seen again when she likes', async () => {
  at(alba, 'agua')
  await meet(alba, bruna)
  at(alba, null)
  await quiet()
  expect(seenBy(bruna)).toEqual({})
  // What an editor writes about the cursor of somebody unseen goes nowhere.
  alba.live.awareness.setLocalStateField('cursor', { anchor: 1, head: 1 })
  await quiet()
  expect(seenBy(bruna)).toEqual({})
  at(alba, 'tierra')
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'tierra' })
})

test('who was seen is gone in the moment the link is', async () => {
  at(alba, 'agua')
  const { link } = await meet(alba, bruna)
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
  link.second.link.close()
  expect(seenBy(bruna)).toEqual({})
})

test('a page that is loaded again is seen at once, however much it had said before', async () => {
  const { link } = await meet(alba, bruna)
  for (let i = 0; i < 40; i++) at(alba, `lugar ${i}`)
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'lugar 39' })
  gathering.reload(alba)
  link.first.link.close()
  await quiet()
  expect(seenBy(bruna)).toEqual({})
  at(alba, 'de vuelta')
  await meet(alba, bruna)
  expect(seenBy(bruna)).toEqual({ Alba: 'de vuelta' })
})

test('a new link takes the place of the old one, and the end of the old one changes nothing', async () => {
  at(alba, 'agua')
  const old = await meet(alba, bruna)
  await meet(alba, bruna)
  old.link.first.link.close()
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
  at(alba, 'tierra')
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'tierra' })
  expect(seenBy(alba)).toEqual({})
})

test('either side may leave and come back on the same link', async () => {
  for (const who of ['first', 'second'] as const) {
    const [one, other] = [gathering.add(`${who} one`), gathering.add(`${who} other`)]
    at(one, 'agua')
    at(other, 'fuego')
    const { link, leave } = await meet(one, other)
    leave[who]()
    await quiet()
    expect(seenBy(one)).toEqual({})
    expect(seenBy(other)).toEqual({})
    if (who === 'first') one.live.attach(link.first.link, other.client)
    else other.live.attach(link.second.link, one.client)
    await quiet()
    expect(seenBy(one)).toEqual({ [other.name]: 'fuego' })
    expect(seenBy(other)).toEqual({ [one.name]: 'agua' })
  }
})

test('it does not matter who is there first, or that one comes much later', async () => {
  for (const who of ['first', 'second'] as const) {
    const [one, other] = [gathering.add(`${who} one`), gathering.add(`${who} other`)]
    at(one, 'agua')
    at(other, 'fuego')
    const link = await linkOf(one.own, other.own)
    const attach = {
      first: () => one.live.attach(link.first.link, other.client),
      second: () => other.live.attach(link.second.link, one.client),
    }
    attach[who]()
    await quiet()
    attach[who === 'first' ? 'second' : 'first']()
    await quiet()
    expect(seenBy(one)).toEqual({ [other.name]: 'fuego' })
    expect(seenBy(other)).toEqual({ [one.name]: 'agua' })
  }
})

test('what is said before anybody listens is not lost: not in the first moment of the page either', async () => {
  const link = await linkOf(alba.own, bruna.own)
  gathering.reload(alba)
  alba.live.attach(link.first.link, bruna.client)
  at(alba, 'agua')
  bruna.live.attach(link.second.link, alba.client)
  await quiet()
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
})

test('a device that is suspended is not seen any more, and is seen again when that is lifted', async () => {
  at(alba, 'agua')
  await meet(alba, bruna)
  gathering.suspended.add('Alba')
  bruna.live.awareness.reconsider()
  expect(seenBy(bruna)).toEqual({})
  at(alba, 'tierra')
  await quiet()
  expect(seenBy(bruna)).toEqual({})
  gathering.suspended.clear()
  bruna.live.awareness.reconsider()
  expect(seenBy(bruna)).toEqual({ Alba: 'tierra' })
})

test('nothing goes to a device whose link is narrow', async () => {
  const { link } = await meet(alba, bruna)
  link.first.setStanding('narrow')
  at(alba, 'agua')
  await quiet()
  expect(seenBy(bruna)).toEqual({})
})

test('screens are told of each change once, and not of signs of life', async () => {
  at(alba, 'agua')
  await meet(alba, bruna)
  const told: unknown[] = []
  bruna.live.awareness.on('change', (changes: unknown) => told.push(changes))
  at(alba, 'tierra')
  await quiet()
  at(alba, null)
  await quiet()
  const { client } = alba
  expect(told).toEqual([
    { added: [], updated: [client], removed: [] },
    { added: [], updated: [], removed: [client] },
  ])
})

test('the round in progress reaches everybody, through one who is linked with both', async () => {
  await meet(alba, bruna)
  await meet(bruna, ceiba)
  alba.live.doc.getArray('turnos').push(['Alba', 'Bruna'])
  ceiba.live.doc.getMap('reloj').set('segundos', 90)
  await quiet()
  for (const { live } of [alba, bruna, ceiba]) {
    expect(live.doc.getArray('turnos').toJSON()).toEqual(['Alba', 'Bruna'])
    expect(live.doc.getMap('reloj').toJSON()).toEqual({ segundos: 90 })
  }
  const dalia = gathering.add('Dalia')
  await meet(dalia, ceiba)
  expect(dalia.live.doc.getArray('turnos').toJSON()).toEqual(['Alba', 'Bruna'])
})

test('a page that is loaded again writes on in the same round', async () => {
  const { link } = await meet(alba, bruna)
  const turns = (someone: Someone) => someone.live.doc.getArray('turnos')
  turns(alba).push(['uno'])
  turns(bruna).push(['dos'])
  await quiet()
  gathering.reload(alba)
  link.first.link.close()
  // Before she has heard what the others still know.
  turns(alba).push(['tres'])
  await meet(alba, bruna)
  turns(alba).push(['cuatro'])
  await quiet()
  expect(turns(alba).toJSON()).toEqual(turns(bruna).toJSON())
  expect([...(turns(alba).toJSON() as string[])].sort()).toEqual(['cuatro', 'dos', 'tres', 'uno'])
})

test('presence goes on beside something too large for the live stream', async () => {
  await meet(alba, bruna)
  alba.live.doc.getText('largo').insert(0, 'x'.repeat(70_000))
  at(alba, 'agua')
  await quiet()
  expect(bruna.live.doc.getText('largo').length).toBe(0)
  expect(seenBy(bruna)).toEqual({ Alba: 'agua' })
})

test('stopping says goodbye, and nothing that comes later is an error', async () => {
  at(alba, 'agua')
  const { link } = await meet(alba, bruna)
  alba.live.stop()
  await quiet()
  expect(seenBy(bruna)).toEqual({})
  at(bruna, 'fuego')
  link.second.link.send('live', Uint8Array.of(0, 0))
  await quiet()
  link.first.link.close()
  await quiet()
  expect(seenBy(alba)).toEqual({})
})
