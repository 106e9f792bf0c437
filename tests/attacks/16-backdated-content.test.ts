import { expect, test } from 'vitest'
import type { DeviceId, EntryId, EpochId } from '../../src/lib/core/ids.ts'
import type { Proposal } from '../../src/lib/ledger/types.ts'
import { forge, mainDoc, updateBy, Valley } from '../feed/valley.ts'

const village = () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  return { valley, alba: valley.get('Alba'), bruna: valley.get('Bruna'), ceiba: valley.get('Ceiba') }
}

type Village = ReturnType<typeof village>

/** What whoever took Ceiba’s phone writes after it was cut, as if it had heard of nothing. */
const backdates = ({ ceiba }: Village, then: { heads: readonly EntryId[]; epoch: EpochId }) => {
  const last = ceiba.segments.at(-1)!.records[0]!
  const update = updateBy(
    ceiba.doc.clientID,
    (doc) => doc.getText('t').insert(9, 'mentira'),
    ...[...ceiba.feeds.accepted()].flatMap(({ docs }) => docs.map(({ update }) => update)),
  )
  return forge(
    ceiba,
    { seq: 1, prev: last, epoch: then.epoch },
    { lheads: then.heads, docs: mainDoc(update) },
  )
}

/** Ceiba wrote something everybody has; then she knew this much. */
const before = ({ valley, ceiba }: Village) => {
  ceiba.says('de antes ')
  valley.meet()
  return { heads: ceiba.ledger.heads(), epoch: [...ceiba.held.keys()].at(-1)! }
}

const suspended = (all: Village) => {
  const { alba, bruna, ceiba } = all
  const then = before(all)
  bruna.suspend(ceiba.device)
  bruna.rotate()
  alba.learn(bruna)
  ceiba.learn(bruna)
  const backdated = backdates(all, then)
  for (const person of [alba, bruna]) person.hear(backdated)
  return backdated
}

const decides = ({ alba, bruna }: Village, proposal: Proposal) => {
  const id = alba.act({ type: 'propose', proposal })
  bruna.learn(alba)
  const { device } = proposal as { device: DeviceId }
  bruna.act({
    type: 'approve',
    proposal: id,
    seen: 'frontier' in proposal ? bruna.feeds.frontierOf(device) : [],
  })
  bruna.act({ type: 'enact', proposal: id })
  alba.learn(bruna)
}

test('attack 16: content that Ceiba’s stolen phone back-dates above its frontier is not merged, and set aside', () => {
  const all = village()
  const { valley, alba, bruna } = all
  const backdated = suspended(all)
  for (const person of [alba, bruna]) {
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

test('attack 16: what was set aside is merged once the phone is lifted, by whoever heard it before or after', () => {
  const all = village()
  const { valley, alba, bruna, ceiba } = all
  const backdated = suspended(all)
  const late = valley.twin(bruna)
  decides(all, { action: 'lift', device: ceiba.device })
  late.learn(bruna)
  late.hear(...bruna.segments, backdated)
  for (const person of [alba, bruna, late]) {
    expect(person.ledger.state().devices.get(ceiba.device)?.standing).toBe('active')
    expect(person.reads()).toBe('de antes mentira')
    expect(person.feeds.setAside()).toEqual([])
    expect(person.feeds.refused()).toEqual([])
  }
  expect(alba.sees()).toEqual(bruna.sees())
  expect(late.sees()).toEqual(bruna.sees())
})

test('attack 16: what a revoked phone back-dates is not merged, by whoever heard it first or heard of the revocation first, and no lift brings it in', () => {
  const all = village()
  const { valley, alba, bruna, ceiba } = all
  const then = before(all)
  const backdated = backdates(all, then)
  // A twin of Alba’s phone takes it in before it hears of anything.
  const early = valley.twin(alba)
  early.learn(alba)
  early.hear(...alba.segments, backdated)
  expect(early.reads()).toBe('de antes mentira')
  decides(all, {
    action: 'revokeDevice',
    device: ceiba.device,
    frontier: alba.feeds.frontierOf(ceiba.device),
    annul: [],
  })
  early.learn(bruna)
  for (const person of [alba, bruna]) person.hear(backdated)
  const isOut = () => {
    for (const person of [alba, bruna, early]) {
      expect(person.ledger.state().devices.get(ceiba.device)?.standing).toBe('revoked')
      expect(person.reads()).toBe('de antes ')
      expect([...person.feeds.accepted()].map(({ position }) => position.rec)).not.toContain(
        backdated.seal.rec,
      )
    }
    expect(alba.sees()).toEqual(bruna.sees())
    expect(early.sees()).toEqual(bruna.sees())
  }
  isOut()
  decides(all, { action: 'lift', device: ceiba.device })
  early.learn(bruna)
  isOut()
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
