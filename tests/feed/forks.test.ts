import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { bodyOf, forge, joined, mainDoc, updateBy, Valley, type Person } from './valley.ts'

const four = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Mala')
  return {
    valley,
    alba: valley.get('Alba'),
    bruna: valley.get('Bruna'),
    ceiba: valley.get('Ceiba'),
    mala: valley.get('Mala'),
  }
}

const saying = (person: Person, text: string) =>
  mainDoc(updateBy(person.doc.clientID, (doc) => doc.getText('t').insert(0, text)))

/** Two first records of Mala's feed, the one with the smaller id first. */
const twoFaces = (mala: Person) => {
  const faces = ['cara ', 'cruz '].map((text) =>
    forge(mala, { seq: 0, prev: null }, { docs: saying(mala, text) }),
  )
  return faces.sort((a, b) => (a.seal.rec < b.seal.rec ? -1 : 1)) as [(typeof faces)[0], (typeof faces)[0]]
}

test('two records at one place: whoever hears both keeps both as evidence, and nobody keeps what nobody built on', () => {
  const { alba, bruna, mala } = four()
  const [low, high] = twoFaces(mala)
  alba.hear(low)
  bruna.hear(high)
  expect(alba.reads()).not.toBe(bruna.reads())
  alba.hear(high)
  bruna.hear(low)
  const evidence = { feed: mala.feed, seq: 0, records: [low.seal.rec, high.seal.rec] }
  expect(alba.feeds.forks()).toEqual([evidence])
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toBe('')
  expect(alba.feeds.setAside().map(({ why }) => why)).toEqual(['fork', 'fork'])
})

test('the branch with the smaller id stands, as far as others built on it', () => {
  const { alba, bruna, mala } = four()
  const [low, high] = twoFaces(mala)
  const before = bodyOf(mala, low.records[0]!).docs[0]!.update
  const further = forge(
    mala,
    { seq: 1, prev: low.records[0]! },
    { docs: mainDoc(updateBy(mala.doc.clientID, (doc) => doc.getText('t').insert(5, 'más'), before)) },
  )
  alba.hear(low)
  alba.says('y yo')
  alba.hear(further, high)
  bruna.hear(high)
  bruna.hear(joined(low, further), ...alba.segments)
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toMatch(/^(cara|cruz) y yo$/)
  expect(
    alba.feeds
      .setAside()
      .map(({ position }) => position.rec)
      .sort(),
  ).toEqual([high.seal.rec, further.seal.rec].sort())
})

test('work that builds on the other branch is set aside with it, and its author is told to begin a new feed', () => {
  const { valley, alba, bruna, ceiba, mala } = four()
  const [low, high] = twoFaces(mala)
  bruna.hear(high)
  bruna.says('sobre la cruz')
  alba.hear(low)
  ceiba.hear(...bruna.segments)
  bruna.hear(low)
  alba.hear(...bruna.segments)
  ceiba.hear(low)
  expect(alba.sees()).toEqual(ceiba.sees())
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toBe('')
  expect(alba.feeds.setAside()).toHaveLength(3)
  expect(bruna.feeds.append({ own: bruna.own, docs: [] })).toEqual({
    ok: false,
    error: { type: 'FeedClosed' },
  })
  bruna.registerFeed()
  bruna.says('otra vez')
  valley.meet(alba, bruna, ceiba)
  expect(alba.reads()).toBe('otra vez')
})

test('whoever pauses a phone that signed two says how far it counts, and no further than to where they part', () => {
  const { alba, bruna, mala } = four()
  const first = forge(mala, { seq: 0, prev: null }, { docs: saying(mala, 'antes ') })
  const [hers, other] = [alba, bruna].map((person) => person.says('x'))
  const faces = [hers!, other!].map(({ feed, seal: { seq, rec } }) =>
    forge(mala, { seq: 1, prev: first.records[0]! }, { deps: [{ feed, seq, rec }] }),
  )
  const [low, high] = faces.sort((a, b) => (a.seal.rec < b.seal.rec ? -1 : 1)) as [typeof first, typeof first]
  alba.hear(first, low, other!)
  bruna.suspend(mala.device, [{ feed: mala.feed!, seq: 1, rec: low.seal.rec }])
  alba.learn(bruna)
  expect(alba.feeds.frontierOf(mala.device).map(({ rec }) => rec)).toEqual([low.seal.rec])
  alba.hear(high)
  expect(alba.feeds.frontierOf(mala.device).map(({ rec }) => rec)).toEqual([first.seal.rec])
})

test('who says to have built on both branches is refused, be it through what two others wrote upon them', () => {
  const { alba, bruna, ceiba, mala } = four()
  const [low, high] = twoFaces(mala)
  alba.hear(low)
  bruna.hear(high)
  const [upon, beside] = [alba.says('sí'), bruna.says('no')]
  const names = (...said: readonly (typeof low)[]) =>
    said
      .map(({ feed, seal }) => ({ feed, seq: seal.seq, rec: seal.rec }))
      .sort((a, b) => (a.feed < b.feed ? -1 : 1))
  ceiba.hear(low, high, upon, beside)
  ceiba.hear(forge(ceiba, { seq: 0, prev: null }, { deps: names(upon, beside) }))
  expect(ceiba.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'BadHeads' }])
  const { alba: one, ceiba: other, mala: evil } = four()
  const [face] = twoFaces(evil)
  one.hear(face)
  const only = one.says('sí')
  other.hear(face, only, forge(other, { seq: 0, prev: null }, { deps: names(face, only) }))
  expect(other.feeds.refused()).toEqual([])
})

test('a fork can be told by whoever holds one branch and hears of the other from its middle', () => {
  const { alba, mala } = four()
  const [low, high] = twoFaces(mala)
  const further = forge(mala, { seq: 1, prev: high.records[0]! }, {})
  alba.hear(low)
  expect(alba.feeds.recIdAt(mala.feed!, 0)).toBe(low.seal.rec)
  alba.hear(further)
  expect(alba.feeds.waiting().gaps).toBe(1)
  expect(alba.feeds.forks()).toEqual([])
  const offered = expectOk(alba.feeds.offer(high))
  expect(offered.fork?.seq).toBe(0)
  expect(offered.fresh.map(({ pub }) => pub.seq)).toEqual([0, 1])
  expect(offered.seal).toEqual(further.seal)
  expect(alba.feeds.waiting().gaps).toBe(0)
})

test('three records at one place, and forks on both branches, are told apart the same in any order', () => {
  const { alba, bruna, mala } = four()
  const roots = ['a', 'b', 'c'].map((text) =>
    forge(mala, { seq: 0, prev: null }, { docs: saying(mala, text) }),
  )
  const leaves = roots.flatMap((root) =>
    [0, 1].map((i) =>
      forge(mala, { seq: 1, prev: root.records[0]! }, { lheads: i ? mala.ledger.heads() : null }),
    ),
  )
  alba.hear(...roots, ...leaves)
  bruna.hear(...[...roots].reverse(), ...[...leaves].reverse())
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.feeds.heads()).toEqual(bruna.feeds.heads())
  const smallest = [...roots].sort((a, b) => (a.seal.rec < b.seal.rec ? -1 : 1))[0]!
  expect(alba.feeds.recIdAt(mala.feed!, 0)).toBe(smallest.seal.rec)
})

test('the forked device can be suspended where it stands', () => {
  const { valley, alba, bruna, mala } = four()
  const [low, high] = twoFaces(mala)
  alba.hear(low)
  alba.says('y yo')
  alba.hear(high)
  const frontier = alba.feeds.frontierOf(mala.device)
  expect(frontier).toEqual([{ feed: mala.feed, seq: 0, rec: low.seal.rec }])
  alba.suspend(mala.device)
  alba.rotate()
  valley.meet(alba, bruna)
  bruna.hear(low, high)
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toContain('y yo')
})

test('what only another device of the forger builds on does not count, nor what hangs on that', () => {
  const { valley, alba, bruna, ceiba, mala } = four()
  const second = valley.addDevice(mala, bruna)
  for (const person of valley.people) person.learn(bruna)
  const late = ceiba.says('tarde ')
  const [low, high] = twoFaces(mala)
  second.hear(late, low)
  second.says('mi otro teléfono')
  bruna.suspend(ceiba.device, [])
  bruna.rotate()
  alba.learn(bruna)
  alba.hear(late, low, high, ...second.segments)
  expect([...alba.feeds.accepted()]).toEqual([])
  expect(alba.feeds.setAside()).toHaveLength(4)
  const twin = valley.twin(alba)
  twin.learn(alba)
  twin.hear(high, ...second.segments, low, late)
  expect(twin.sees()).toEqual(alba.sees())
})

test('a frontier that pins another branch lets nothing of this one through, whichever piece comes first', () => {
  const { alba, bruna, mala } = four()
  const first = forge(mala, { seq: 0, prev: null }, { docs: saying(mala, 'hola') })
  const hidden = forge(mala, { seq: 1, prev: first.records[0]! }, {})
  const shown = forge(mala, { seq: 1, prev: first.records[0]! }, { lheads: mala.ledger.heads() })
  bruna.suspend(mala.device, [{ feed: mala.feed!, seq: 1, rec: shown.seal.rec }])
  for (const person of [alba, bruna]) person.learn(bruna)
  alba.hear(first)
  expect(alba.reads()).toBe('hola')
  alba.hear(hidden)
  bruna.hear(joined(first, hidden))
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toBe('')
  alba.hear(shown)
  bruna.hear(shown)
  expect(alba.sees()).toEqual(bruna.sees())
  expect(alba.reads()).toBe('hola')
})

test('who builds on both of their own faces is refused', () => {
  const { alba, bruna, mala } = four()
  const [low, high] = twoFaces(mala)
  bruna.hear(high)
  const { feed, seal } = bruna.says('sobre la otra')
  const both = forge(
    mala,
    { seq: 1, prev: low.records[0]! },
    { deps: [{ feed, seq: seal.seq, rec: seal.rec }] },
  )
  alba.hear(low, both, high, ...bruna.segments)
  expect(alba.feeds.refused().map(({ why }) => why)).toEqual([{ type: 'BadHeads' }])
})
