import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { Dice } from '../simulation/dice.ts'
import { World, type Person } from '../world/cast.ts'

test('attack 11: for five hundred edits they are three groups that hear nothing of each other, with new keys and a suspension; then all is one', async () => {
  const world = new World(11)
  const people = await world.found('Ana', 'Bea', 'Cata', 'Dora', 'Elva', 'Fina')
  for (const person of people) world.cut(person)
  const groups = [people.slice(0, 2), people.slice(2, 4), people.slice(4)] as [Person, Person][]
  for (const [one, other] of groups) world.link(one, other)
  const dice = new Dice(11)
  const lost = people[5]!
  const written: string[] = []
  for (let i = 0; i < 500; i++) {
    const who = dice.pick(people)!
    const token = `<${i}>`
    const text = who.doc.getText('notes')
    text.insert(dice.once(2) ? 0 : text.length, token)
    who.doc.getMap('facts').set(`k${dice.below(8)}`, i)
    if (who !== lost) written.push(token)
    if (i % 10 === 9) {
      for (const person of people) await person.replica.flush()
      await world.network.settle()
      world.clock.pass(400)
    }
    if (i === 150) groups[0]![0].replica.rotate()
    if (i === 200) groups[1]![1].replica.rotate()
    if (i === 250) groups[0]![1].replica.suspend(lost.device, 'lost')
    if (i === 400) groups[2]![0].replica.rotate()
  }
  world.connectAll()
  await world.settle()
  world.clock.pass(30_000)
  await world.settle()
  const standing = people.filter((person) => person !== lost)
  const [first, ...others] = standing as [Person, ...Person[]]
  for (const token of written) expect(first.reads()).toContain(token)
  for (const person of others) {
    const { name, replica, doc } = person
    expect(hexFromBytes(replica.state.hash), name).toBe(hexFromBytes(first.replica.state.hash))
    expect(person.reads(), name).toBe(first.reads())
    expect(doc.getMap('facts').toJSON(), name).toEqual(first.doc.getMap('facts').toJSON())
    expect(doc.store.pendingStructs, name).toBeNull()
    expect(replica.feeds.waiting(), name).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
  }
}, 60_000)
