import { expect, test } from 'vitest'
import { forge, mainDoc, updateBy, Valley } from '../feed/valley.ts'

const village = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  return { valley, alba: valley.get('Alba'), bruna: valley.get('Bruna'), ceiba: valley.get('Ceiba') }
}

test('attack 16: content that Ceiba’s stolen phone back-dates above its frontier is not merged, and set aside', () => {
  const { valley, alba, bruna, ceiba } = village()
  ceiba.says('de antes ')
  valley.meet()
  const headsBefore = ceiba.ledger.heads()
  const epochBefore = [...ceiba.held.keys()].at(-1)!
  bruna.suspend(ceiba.device)
  bruna.rotate()
  alba.learn(bruna)
  ceiba.learn(bruna)
  const last = ceiba.segments.at(-1)!.records[0]!
  const update = updateBy(
    ceiba.doc.clientID,
    (doc) => doc.getText('t').insert(9, 'mentira'),
    ...[...ceiba.feeds.accepted()].flatMap(({ docs }) => docs.map(({ update }) => update)),
  )
  const backdated = forge(
    ceiba,
    { seq: 1, prev: last, epoch: epochBefore },
    { lheads: headsBefore, docs: mainDoc(update) },
  )
  for (const person of [alba, bruna]) {
    person.hear(backdated)
    expect(person.reads()).toBe('de antes ')
    expect(person.feeds.setAside().map(({ position, why }) => [position.rec, why])).toEqual([
      [backdated.seal.rec, 'suspended'],
    ])
    expect(person.feeds.refused()).toEqual([])
  }
  alba.says('seguimos')
  valley.meet(alba, bruna)
  expect(alba.sees()).toEqual(bruna.sees())
})

test('attack 16: a frontier on a branch that nobody here holds pins nothing of the branch that is held', () => {
  const { valley, alba, bruna, ceiba } = village()
  const shown = forge(ceiba, { seq: 0, prev: null }, {})
  const hidden = forge(ceiba, { seq: 0, prev: null }, {})
  alba.hear(hidden)
  bruna.suspend(ceiba.device, [{ feed: ceiba.feed!, seq: 0, rec: shown.seal.rec }])
  alba.learn(bruna)
  expect([...alba.feeds.accepted()]).toEqual([])
  bruna.hear(shown)
  valley.meet(alba, bruna)
  expect(alba.sees()).toEqual(bruna.sees())
})

test('attack 16: two stolen phones do not lift each other’s frontier by naming each other', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elsa')
  const [bruna, ceiba, drago] = [valley.get('Bruna'), valley.get('Ceiba'), valley.get('Drago')]
  bruna.suspend(ceiba.device, [])
  bruna.suspend(drago.device, [])
  bruna.rotate()
  drago.hear(ceiba.says('tarde'))
  drago.says('y yo más tarde')
  expect(drago.reads()).toBe('tardey yo más tarde')
  valley.meet()
  expect(bruna.ledger.state().devices.get(drago.device)?.standing).toBe('suspended')
  expect([...bruna.feeds.accepted()]).toEqual([])
  expect(bruna.feeds.setAside()).toHaveLength(2)
})
