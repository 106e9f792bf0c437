import { expect, test } from 'vitest'
import { encodeControlMessage, parseControlMessage, type PassedNote } from '../../src/lib/wire/control.ts'
import type { MetLink } from '../../src/lib/net/types.ts'
import { createVillage, isWhole, type Neighbour, type Village } from '../net/village.ts'

/** Nobody has a hub: cards go through whoever has links to both. */
const gather = (count: number): Village => {
  const village = createVillage(count)
  for (const { hub } of village.neighbours) hub.setReachable(false)
  return village
}

const linkTo = (village: Village, from: Neighbour, to: Neighbour): MetLink =>
  village.linksOf(from).find(({ peer }) => peer === to.own.id)!

const say = (link: MetLink, note: PassedNote): void =>
  link.send('control', encodeControlMessage({ type: 'note', note }))

/** Eva’s phone has software of her own: what comes to her as a note is handled by `handle`, and by nothing else. */
const meddles = (
  village: Village,
  eva: Neighbour,
  handle: (note: PassedNote, from: MetLink) => void,
): PassedNote[] => {
  const seen: PassedNote[] = []
  for (const link of village.linksOf(eva))
    link.receive('control', (bytes) => {
      const message = parseControlMessage(bytes)
      if (!message.ok || message.value.type !== 'note') return
      seen.push(message.value.note)
      handle(message.value.note, link)
    })
  return seen
}

/** Ana and Bea are linked with Eva, and Eva tells each of the other, as she would. */
const around = async (count = 3) => {
  const village = gather(count)
  const [ana, eva, bea] = village.neighbours as [Neighbour, Neighbour, Neighbour]
  await village.scan(ana, eva)
  await village.scan(eva, bea)
  return { village, ana, eva, bea }
}

/** Each of the two links of Ana, and of Bea, keeps one (docs/adr/0068). */
const SPARES = 2

const cut = (parts: readonly Neighbour[]): number => Math.max(...parts.map(({ rtc }) => rtc.made()))

test('attack 1: Eva passes every note on fifty times, backwards and altered: one link comes about, and no connection for nothing', async () => {
  const { village, ana, eva, bea } = await around()
  const kept: PassedNote[] = []
  const seen = meddles(village, eva, (note) => {
    kept.push(note)
    const to = linkTo(village, eva, note.to === ana.own.id ? ana : bea)
    const altered = note.blob.slice()
    altered[kept.length]! ^= 1
    for (const old of [{ ...note, blob: altered }, ...kept, ...kept.toReversed()].slice(0, 50)) say(to, old)
  })
  await village.live(20_000)
  expect(seen.length).toBeGreaterThanOrEqual(3)
  expect(isWhole(village)).toBe(true)
  expect(cut([ana, bea])).toBeLessThanOrEqual(2 + SPARES)
  // All of it once more, an hour later, to both: nobody wants it.
  const [before, made] = [linkTo(village, ana, bea).id, cut([ana, bea])]
  await village.live(60_000)
  for (const note of kept) for (const to of [ana, bea]) say(linkTo(village, eva, to), note)
  await village.live(30_000)
  expect(linkTo(village, ana, bea).id).toBe(before)
  expect(cut([ana, bea])).toBe(made)
})

test('attack 1: an altered copy that comes first does not keep the true one from being heard', async () => {
  const { village, ana, eva, bea } = await around()
  meddles(village, eva, (note) => {
    const to = linkTo(village, eva, note.to === ana.own.id ? ana : bea)
    const altered = note.blob.slice()
    altered[500]! ^= 1
    say(to, { ...note, blob: altered })
    say(to, note)
  })
  await village.live(10_000)
  expect(isWhole(village)).toBe(true)
})

test('attack 1: Eva swallows all notes: whoever has another neighbour gets through all the same', async () => {
  const { village, ana, eva, bea } = await around(4)
  const cata = village.neighbours[3]!
  await village.scan(ana, cata)
  await village.scan(cata, bea)
  meddles(village, eva, () => {})
  await village.live(20_000)
  expect(linkTo(village, ana, bea)).toBeDefined()
})

test('attack 1: Eva sends notes to the wrong people and in others’ names: they go nowhere, and the right ones arrive', async () => {
  const { village, ana, eva, bea } = await around(4)
  const cata = village.neighbours[3]!
  await village.scan(bea, cata)
  meddles(village, eva, (note) => {
    for (const to of village.linksOf(eva)) {
      say(to, { ...note, to: cata.own.id })
      say(to, { ...note, from: cata.own.id, hops: 3 })
      say(to, { ...note, from: note.to, to: note.from })
      say(to, note)
    }
  })
  await village.live(30_000)
  expect(linkTo(village, ana, bea)).toBeDefined()
  expect(linkTo(village, ana, cata)).toBeDefined()
})

test('attack 4: what Eva passes on says nothing to her: sealed, of one size, never twice the same', async () => {
  const { village, ana, eva, bea } = await around()
  const seen = meddles(village, eva, (note) =>
    say(linkTo(village, eva, note.to === ana.own.id ? ana : bea), note),
  )
  await village.live(10_000)
  expect(isWhole(village)).toBe(true)
  expect(seen.length).toBeGreaterThanOrEqual(3)
  expect(new Set(seen.map(({ blob }) => blob.length))).toEqual(new Set([1024]))
  expect(new Set(seen.map(({ blob }) => blob.join())).size).toBe(seen.length)
  // A card in the clear would hold the address of the phone.
  for (const { blob } of seen) expect(Buffer.from(blob).includes(Buffer.of(192, 0, 2, 2))).toBe(false)
})

test('attack 6: Eva floods Ana with notes for Bea: few go on, and the link between Ana and Bea does its work', async () => {
  const { village, ana, eva, bea } = await around()
  await village.live(5_000)
  expect(isWhole(village)).toBe(true)
  let passed = 0
  const toBea = linkTo(village, ana, bea)
  const heard: Uint8Array[] = []
  const atBea = linkTo(village, bea, ana)
  atBea.receive('control', (bytes) => {
    const message = parseControlMessage(bytes)
    if (message.ok && message.value.type === 'note') passed++
  })
  atBea.receive('records', (message) => heard.push(message))
  for (let n = 0; n < 3000; n++) {
    const blob = new Uint8Array(1024)
    new DataView(blob.buffer).setUint32(0, n)
    const [from, to] = [eva.own.id, bea.own.id]
    say(linkTo(village, eva, ana), { from, to, hops: 3, mailbox: new Uint8Array(32), blob })
  }
  toBea.send('records', Uint8Array.of(7))
  await village.live(1_000)
  expect(heard).toEqual([Uint8Array.of(7)])
  expect(passed).toBeGreaterThan(0)
  expect(passed).toBeLessThanOrEqual(128 + 40)
  expect(isWhole(village)).toBe(true)
})

test('attack 6: a note for nobody who is awake is not passed on at all', async () => {
  const { village, ana, eva, bea } = await around(4)
  await village.live(5_000)
  const asleep = village.neighbours[3]!
  asleep.mesh.stop()
  let passed = 0
  linkTo(village, bea, ana).receive('control', (bytes) => {
    const message = parseControlMessage(bytes)
    if (message.ok && message.value.type === 'note') passed++
  })
  const note = { from: eva.own.id, to: asleep.own.id, hops: 3, mailbox: new Uint8Array(32) }
  say(linkTo(village, eva, ana), { ...note, blob: new Uint8Array(1024) })
  await village.live(2_000)
  expect(passed).toBe(0)
})
