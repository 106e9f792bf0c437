import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { Dice } from '../simulation/dice.ts'
import { World, type Person } from '../world/cast.ts'

/**
 * A document as bytes: structs are joined in the order they come, so all are read into a new one in one breath, which joins them as
 * they join at most.
 */
const bytesOf = (doc: Y.Doc): string => {
  const anew = new Y.Doc()
  Y.applyUpdate(anew, Y.encodeStateAsUpdate(doc))
  // Not the bytes themselves: whoever sees this fail wants to read the rest.
  return createHash('sha256').update(Y.encodeStateAsUpdate(anew)).digest('hex')
}

const shuffled = <T>(items: readonly T[], dice: Dice): readonly T[] => {
  const left = [...items]
  return items.map(() => left.splice(dice.below(left.length), 1)[0]!)
}

/** All of what a phone holds, in words that can be compared. */
const holdingsOf = ({ replica, doc }: Person) => ({
  state: hexFromBytes(replica.state.hash),
  heads: [...replica.ledger.heads()].sort(),
  accepted: replica.feeds.acceptedKey(),
  bytes: bytesOf(doc),
  waiting: replica.feeds.waiting(),
  pending: doc.store.pendingStructs,
})

/** Eight in three groups that hear nothing of each other; while they write, some suspend somebody of another group. */
const apart = async (of: { readonly seed: number; readonly edits: number; readonly suspensions: number }) => {
  const world = new World(of.seed)
  const people = await world.found('Ana', 'Bea', 'Cata', 'Dora', 'Elva', 'Fina', 'Gala', 'Hilda')
  for (const person of people) world.cut(person)
  const groups = [people.slice(0, 3), people.slice(3, 6), people.slice(6)]
  for (const group of groups) world.connectAll(group)
  const dice = new Dice(of.seed)
  const order = shuffled(people, dice)
  const suspensions = new Map(
    Array.from({ length: of.suspensions }, (_, i) => {
      const by = order[i]!
      const ofOthers = people.filter((one) => !groups.find((group) => group.includes(by))!.includes(one))
      return [
        Math.floor(of.edits / 4) + dice.below(of.edits / 2),
        { by, lost: dice.pick(ofOthers)! },
      ] as const
    }),
  )
  const written = new Map<string, Person>()
  for (let i = 0; i < of.edits; i++) {
    const who = dice.pick(people)!
    const text = who.doc.getText('notes')
    text.insert(dice.once(2) ? 0 : text.length, `<${i}>`)
    who.doc.getMap('facts').set(`k${dice.below(8)}`, i)
    if (dice.once(20) && text.length > 10) text.delete(dice.below(text.length - 4), 2)
    written.set(`<${i}>`, who)
    if (i % 10 === 9) {
      for (const person of people) await person.replica.flush()
      await world.network.settle()
      world.clock.pass(400)
    }
    if (dice.once(120)) dice.pick(people)!.replica.rotate()
    const due = suspensions.get(i)
    if (due?.by.replica.mayAct())
      due.by.replica.suspend(due.lost.device, dice.pick(['lost', 'seized', 'doubtful'])!)
  }
  const links = people.flatMap((one, i) => people.slice(i + 1).map((other) => [one, other] as const))
  // Who meets whom first is chance as well.
  for (const [one, other] of shuffled(links, dice)) {
    if (!world.linked(one, other)) world.link(one, other)
    if (dice.once(4)) await world.network.settle()
  }
  await world.settle()
  // What somebody let go of while they judged a link otherwise is told of again within half a minute.
  const isQuiet = () =>
    people.every(({ replica }) => replica.standing() !== 'active' || replica.feeds.missingFrom().length === 0)
  for (let round = 0; round === 0 || (round < 10 && !isQuiet()); round++) {
    world.clock.pass(30_000)
    await world.settle()
  }
  const [first] = people as [Person]
  const lost = people.filter(({ device }) => first.replica.state.devices.get(device)?.standing !== 'active')
  return { people, lost, written }
}

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
    expect(bytesOf(doc), name).toBe(bytesOf(first.doc))
    expect([...replica.ledger.heads()].sort(), name).toEqual([...first.replica.ledger.heads()].sort())
    expect(hexFromBytes(replica.state.hash), name).toBe(hexFromBytes(first.replica.state.hash))
    expect(person.reads(), name).toBe(first.reads())
    expect(doc.getMap('facts').toJSON(), name).toEqual(first.doc.getMap('facts').toJSON())
    expect(doc.store.pendingStructs, name).toBeNull()
    expect(replica.feeds.waiting(), name).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 0 })
  }
}, 60_000)

test.each([111, 112, 113])(
  'attack 11: and with several suspensions, in whatever order they come about and are heard of, down to the last byte (%i)',
  async (seed) => {
    const { people, lost, written } = await apart({ seed, edits: 200, suspensions: 4 })
    expect(lost.length).toBeGreaterThan(0)
    const standing = people.filter((person) => !lost.includes(person))
    const [first, ...others] = standing as [Person, ...Person[]]
    for (const person of others) expect(holdingsOf(person), person.name).toEqual(holdingsOf(first))
    expect(first.doc.getMap('facts').size).toBe(8)
    expect([...written.values()].some((who) => lost.includes(who))).toBe(true)
  },
  60_000,
)
