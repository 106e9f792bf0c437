import { beforeEach, expect, test } from 'vitest'
import { MAIN_DOC } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person

beforeEach(async () => {
  world = new World(12)
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await ana.writes('Nos vemos a las ocho. ')
  await bea.writes('Avisamos antes. ')
  await world.settle()
})

const minutesPass = async (minutes: number) => {
  for (let i = 0; i < minutes; i++) {
    world.clock.pass(61_000)
    await world.settle()
  }
}

test('Dora begins from what one of them hands her; another is asked, and has the same', async () => {
  const dora = await world.admit('Dora', ana, bea)
  await minutesPass(2)
  const { by, check, against } = dora.replica.handedOver!
  expect(check).toBe('same')
  expect(new Set([by, against, dora.member]).size).toBe(3)
  expect(dora.reads()).toBe(ana.reads())
})

test('what two phones hand Dora is not the same: she is told, and by whom', async () => {
  const honest: (() => void)[] = []
  for (const [i, { replica }] of world.people.entries()) {
    const { documents } = replica
    const states = documents.states.bind(documents)
    const lie = ['a las once', 'a las doce', 'a las diez'][i]!
    documents.states = () => new Map([[MAIN_DOC, replaced(states().get(MAIN_DOC)!, 'a las ocho', lie)]])
    honest.push(() => (documents.states = states))
  }
  const dora = await world.admit('Dora', ana, bea)
  await minutesPass(2)
  for (const tellsTheTruth of honest) tellsTheTruth()
  expect(dora.reads()).toMatch(/a las (once|doce|diez)/)
  const { by, check, against } = dora.replica.handedOver!
  expect(check).toBe('differs')
  expect(new Set([by, against, dora.member]).size).toBe(3)

  // What all agree on takes the place of what one handed over, and of the alarm.
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  for (const person of [bea, cata]) expectOk(person.replica.checkpoints.cosign(id))
  await minutesPass(3)
  expect(dora.replica.ledger.pin).toBe(id)
  expect(dora.replica.handedOver).toBe(null)
})

/** Bytes with one text put in place of another of the same length. */
const replaced = (bytes: Uint8Array, from: string, to: string): Uint8Array => {
  const [old, fresh] = [from, to].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array]
  for (let at = 0; at + old.length <= bytes.length; at++)
    if (old.every((byte, i) => bytes[at + i] === byte)) {
      const copy = bytes.slice()
      copy.set(fresh, at)
      return copy
    }
  throw new Error(`${from} is not there`)
}
