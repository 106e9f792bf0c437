import { expect, test } from 'vitest'
import { World } from '../world/cast.ts'

test('what Alba writes, Bruna and Ceiba read', async () => {
  const world = new World()
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('El agua es de todas.')
  await world.settle()
  expect(bruna!.reads()).toBe('El agua es de todas.')
  expect(ceiba!.reads()).toBe('El agua es de todas.')
})

test('all write at once, and all end with the same', async () => {
  const world = new World(2)
  const people = await world.found('Alba', 'Bruna', 'Ceiba')
  for (let round = 0; round < 5; round++)
    await Promise.all(people.map((person) => person.writes(`${person.name} ${round}. `)))
  await world.settle()
  const texts = people.map((person) => person.reads())
  expect(new Set(texts).size).toBe(1)
  expect(texts[0]).toHaveLength(people.reduce((total, { name }) => total + 5 * (name.length + 4), 0))
})

test('Ceiba writes without network, comes back, and nothing is lost', async () => {
  const world = new World(3)
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  world.cut(ceiba!)
  await ceiba!.writes('desde el cerro ')
  await alba!.writes('desde el pueblo ')
  await world.settle()
  expect(ceiba!.reads()).toBe('desde el cerro ')
  world.connectAll()
  await world.settle()
  expect(ceiba!.reads()).toBe(alba!.reads())
  expect(bruna!.reads()).toBe(alba!.reads())
  expect(alba!.reads()).toContain('desde el cerro')
})

test('Drago is admitted with two vouchers, reads what there is, and writes', async () => {
  const world = new World(4)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('antes ')
  await world.settle()
  const drago = await world.admit('Drago', alba!, bruna!)
  expect(drago.reads()).toBe('antes ')
  await drago.writes('después')
  await world.settle()
  for (const person of world.people) expect(person.reads()).toBe('antes después')
})

test('Drago’s phone is lost: what it writes afterwards is set aside, and nothing new reaches it', async () => {
  const world = new World(5)
  const [alba, bruna, ceiba] = await world.found('Alba', 'Bruna', 'Ceiba')
  const drago = await world.admit('Drago', alba!, bruna!)
  await drago.writes('mío ')
  await world.settle()
  bruna!.replica.suspend(drago.device, 'lost')
  await world.settle()
  await alba!.writes('secreto')
  await drago.writes('desde el teléfono robado')
  await world.settle()
  expect(drago.reads()).not.toContain('secreto')
  for (const person of [alba!, bruna!, ceiba!]) {
    expect(person.reads()).toBe('mío secreto')
    expect(person.replica.setAside()).toHaveLength(1)
  }
  expect(drago.replica.standing()).toBe('suspended')
})

test('after a restart everything is there, and the next words go on from there', async () => {
  const world = new World(6)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('uno ')
  await bruna!.writes('dos ')
  await world.settle()
  await alba!.restarts()
  expect(alba!.reads()).toBe(bruna!.reads())
  world.connectAll()
  await alba!.writes('tres')
  await world.settle()
  expect(bruna!.reads()).toBe(alba!.reads())
  expect(bruna!.reads()).toContain('tres')
})
