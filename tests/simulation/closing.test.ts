import { expect, test } from 'vitest'
import { CLOSED_DOC } from '../../src/lib/core/ids.ts'
import { rootsOf } from '../../src/lib/domain/document.ts'
import {
  addThreat,
  archiveThreat,
  editThreat,
  openAgain,
  restoreThreat,
  threats,
} from '../../src/lib/domain/threats.ts'
import { World, type Person } from '../world/cast.ts'
import { Dice, drawEverythingFrom } from './dice.ts'

/** `SEED=n npx vitest run tests/simulation/closing.test.ts` replays one. */
const [first, last] = (process.env.SEED ?? (process.env.SLOW === '1' ? '1-500' : '1-24'))
  .split('-')
  .map(Number)

const OFTEN = {
  add: 6,
  edit: 8,
  away: 6,
  back: 2,
  again: 2,
  cut: 3,
  meet: 4,
  propose: 3,
  cosign: 9,
  agree: 4,
  restart: 2,
  wait: 4,
} as const

/** People put away, take back, edit and settle, with and without each other, and then all meet. */
const lives = async (seed: number): Promise<World> => {
  const dice = new Dice(seed * 53 + 11)
  const world = new World(seed)
  const people = await world.found('Ana', 'Bea', 'Cata', 'Dora')
  const idIn = (person: Person) => dice.pick(threats(person.doc).read())?.id
  for (let step = 0; step < 60; step++) {
    const who = dice.pick(people)!
    const { replica } = who
    const closed = replica.documents.closed.read()
    const id = idIn(who)
    const what = dice.weighted(OFTEN)
    if (what === 'add') addThreat(who.doc, { title: `t${step}`, what: `w${dice.below(9)}` })
    else if (what === 'edit' && id) editThreat(who.doc, id, { field: 'who', text: `e${step}` })
    else if (what === 'away' && id) archiveThreat(who.doc, id)
    else if (what === 'back' && id) restoreThreat(who.doc, id)
    else if (what === 'again') openAgain(who.doc, closed, dice.pick(threats(closed).read())?.id ?? '')
    else if (what === 'cut') world.cut(who)
    else if (what === 'meet') world.connectAll(people.filter(() => dice.below(4) > 0))
    else if (what === 'propose') {
      await replica.flush()
      replica.checkpoints.propose()
    } else if (what === 'cosign') {
      const open = [...replica.state.checkpoints.values()].filter(({ status }) => status === 'open')
      for (const { id: one } of open) replica.checkpoints.cosign(one)
    } else if (what === 'agree') {
      // Whoever hears of it signs: mostly not all do.
      await world.settle()
      const proposed = replica.checkpoints.propose()
      await world.settle()
      if (proposed.ok) for (const other of people) other.replica.checkpoints.cosign(proposed.value)
    } else if (what === 'restart') await who.restarts()
    else if (what === 'wait') world.clock.pass(dice.below(70_000))
    await replica.flush()
    if (dice.once(3)) await world.settle()
  }
  for (let round = 0; round < 6; round++) {
    world.connectAll()
    await world.settle()
    world.clock.pass(61_000)
  }
  await world.settle()
  return world
}

const seeds = Array.from({ length: (last ?? first!) - first! + 1 }, (_, i) => first! + i)

test('however people put away and settle, with and without each other, all end with the same open and the same closed', async () => {
  const failures: string[] = []
  let closings = 0
  for (const seed of seeds) {
    const undo = drawEverythingFrom(seed)
    try {
      const world = await lives(seed)
      const said = world.people.map((person) => saidBy(person))
      if (threats(world.people[0]!.replica.documents.closed.read()).read().length > 0) closings += 1
      if (new Set(said).size > 1) failures.push(`SEED=${seed}\n${said.join('\n')}`)
    } catch (error) {
      failures.push(`SEED=${seed} ${String(error)}`)
    } finally {
      undo()
    }
  }
  expect(failures.join('\n\n')).toBe('')
  expect(closings, 'lives in which something was closed').toBeGreaterThan(seeds.length / 4)
}, 600_000)

const saidBy = ({ doc, replica }: Person): string =>
  JSON.stringify([
    // A document says what a root is once it was opened.
    threats(doc).read().length,
    rootsOf(doc),
    Buffer.from(replica.documents.states().get(CLOSED_DOC) ?? []).toString('base64'),
    replica.ledger.pin,
    replica.documents.late
      .read()
      .map(({ field, text, by }) => `${by.position.rec} ${field} ${text}`)
      .sort(),
  ])
