import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createGrant } from '../../src/lib/ledger/grants.ts'
import { World } from '../world/cast.ts'

test('attack 59: a newcomer opens the epoch it was boxed, and finds no older key in it', async () => {
  const world = new World(59)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  await alba!.writes('antes')
  await world.settle()
  const old = [...alba!.replica.state.epochs.keys()]
  const drago = await world.admit('Drago', alba!, bruna!)
  const held = [...drago.replica.state.epochs.keys()].filter((epoch) => drago.replica.keyring.has(epoch))
  expect(held.length).toBeGreaterThan(0)
  expect(held.filter((epoch) => old.includes(epoch))).toEqual([])
})

test('attack 59: a grant of older keys, before the admission is final, has no effect', async () => {
  const world = new World(60)
  const [alba, bruna] = await world.found('Alba', 'Bruna', 'Ceiba')
  const [epoch] = [...alba!.replica.state.epochs.keys()]
  const drago = await world.admit('Drago', alba!, bruna!)
  const keys = new Map([[epoch!, alba!.replica.keyring.key(epoch!)!]])
  alba!.replica.act(expectOk(createGrant({ ledger: alba!.replica.ledger, device: drago.device, keys })))
  await world.settle()
  expect(drago.replica.keyring.has(epoch!)).toBe(false)
  expect(drago.replica.state.grants).toEqual([])
})
