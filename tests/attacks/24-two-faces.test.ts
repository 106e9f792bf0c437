import { expect, test } from 'vitest'
import { forge, mainDoc, updateBy, Valley } from '../feed/valley.ts'

test('attack 24: Mala tells Alba and Bruna different things at one place; when they meet they agree, hold the proof, and can suspend her', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Mala')
  const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
  const [ceiba, mala] = [valley.get('Ceiba'), valley.get('Mala')]
  const face = (text: string) =>
    forge(
      mala,
      { seq: 0, prev: null },
      { docs: mainDoc(updateBy(mala.doc.clientID, (doc) => doc.getText('t').insert(0, text))) },
    )
  const [toAlba, toBruna] = [face('nos vemos a las ocho '), face('nos vemos a las nueve ')]
  alba.hear(toAlba)
  bruna.hear(toBruna)
  alba.says('de acuerdo')
  bruna.says('de acuerdo')
  expect(alba.reads()).not.toBe(bruna.reads())

  valley.meet(alba, bruna, ceiba)
  const proof = { feed: mala.feed, seq: 0, records: [toAlba.seal.rec, toBruna.seal.rec].sort() }
  for (const person of [alba, bruna, ceiba]) {
    expect(person.feeds.forks()).toEqual([proof])
    expect(person.sees()).toEqual(alba.sees())
  }
  // One of the two branches stands, as far as somebody built on it; work upon the other is set aside with it.
  expect(alba.reads()).toMatch(/^nos vemos a las (ocho|nueve) de acuerdo$/)
  expect(alba.feeds.setAside().map(({ why }) => why)).toEqual(['fork', 'fork'])

  const act = ceiba.suspend(mala.device)
  ceiba.rotate()
  valley.meet(alba, bruna, ceiba)
  expect(alba.ledger.state().suspensions.get(act)?.device).toBe(mala.device)
  for (const person of [alba, bruna, ceiba]) expect(person.sees()).toEqual(alba.sees())
  expect(alba.reads()).toMatch(/de acuerdo$/)
})
