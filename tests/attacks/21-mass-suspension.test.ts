import { expect, test } from 'vitest'
import type { EntryId } from '../../src/lib/core/ids.ts'
import { assemble } from '../ledger/assembly.ts'
import { World, type Person } from '../world/cast.ts'

test('attack 21: a stolen phone suspends everybody: of seven, three fall silent, and all still vote', () => {
  const { council, alba, ...rest } = assemble(7, 21)
  const others = Object.values(rest).filter((one): one is typeof alba => 'member' in one && one !== alba)
  const said = others.map((other) => council.suspend(alba, other))
  const silent = others.filter((other) => council.standings(other)[0] === 'suspended')
  expect(silent).toHaveLength(3)
  expect([...council.ledger.state().members.values()].filter(({ votes }) => votes)).toHaveLength(7)
  // A majority ends the phone and what it had said, by name; whoever was silenced votes too.
  council.decide(council.revocation(alba, said), others.slice(0, 4))
  expect(council.standings(alba)).toEqual(['revoked'])
  expect(new Set(council.standings(...others))).toEqual(new Set(['active']))
})

test('attack 21: once it was put out for it, another stolen phone does not silence everybody with its help', () => {
  const { council, alba, bruna, start } = assemble(7, 21)
  const others = council.founders.slice(2)
  const said = [bruna, ...others].map((other) => council.suspend(alba, other))
  council.decide(council.revocation(alba, said), [bruna, ...others])
  for (const other of others) council.suspend(bruna, other)
  const silent = () => others.filter((other) => council.standings(other)[0] === 'suspended').length
  expect(silent()).toBe(2)
  // Dated back to before, when they were one more.
  for (const other of others) council.suspend(bruna, other, start)
  expect(silent()).toBeLessThanOrEqual(3)
  council.decide(council.removal(bruna), others)
  expect(council.isMember(bruna)).toBe(false)
})

test('attack 21: a stolen phone suspends everybody and rotates after each: the rest go on among themselves, end it, and all are back', async () => {
  const world = new World(211)
  const people = await world.found('Mala', 'Ana', 'Bea', 'Cata', 'Dora')
  const [mala, ...others] = people as [Person, Person, Person, Person, Person]
  await mala.writes('hola ')
  await world.settle()
  const said: EntryId[] = []
  for (const other of others) said.push(mala.replica.suspend(other.device, 'doubtful'))
  const last = mala.replica.rotate()
  await world.settle()
  const standings = () => others.map(({ device }) => mala.replica.state.devices.get(device)!.standing)
  // Of five, one member silences two, in everybody’s eyes, and its rotations are for the two who are left as well.
  const silenced = others.filter((_, i) => standings()[i] === 'suspended')
  const left = others.filter((_, i) => standings()[i] === 'active')
  expect(silenced).toHaveLength(2)
  const epoch = others[0].replica.state.epochs.get(last)!
  expect(new Set(epoch.recipients)).toEqual(new Set([mala, ...left].map(({ device }) => device)))
  await left[0]!.writes('seguimos ')
  await world.settle()
  expect(left[1]!.reads()).toContain('seguimos')

  // Three of the four decide, two of whom it silenced, and name what it said, to undo it.
  const [proposer, ...voters] = [silenced[0]!, silenced[1]!, left[0]!]
  const proposal = proposer.replica.act({
    type: 'propose',
    proposal: { action: 'revokeDevice', device: mala.device, frontier: [], annul: [...said].sort() },
  })
  await world.settle()
  for (const person of voters)
    person.replica.act({ type: 'approve', proposal, seen: person.replica.feeds.frontierOf(mala.device) })
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  for (const { replica } of others) {
    expect(replica.state.devices.get(mala.device)?.standing).toBe('revoked')
    expect(others.map(({ device }) => replica.state.devices.get(device)!.standing)).toEqual(
      Array(4).fill('active'),
    )
    expect([...replica.state.members.values()].filter(({ votes }) => votes)).toHaveLength(4)
  }
  for (const person of others) await person.writes(`[${person.name}]`)
  await world.settle()
  world.clock.pass(10_000)
  await world.settle()
  for (const reader of others)
    for (const writer of others) expect(reader.reads()).toContain(`[${writer.name}]`)
  const newest = [...others[0].replica.state.epochs.values()]
    .filter((one) => others[0].replica.keyring.has(one.id))
    .sort((a, b) => b.depth - a.depth)[0]!
  expect(newest.recipients).not.toContain(mala.device)
})
