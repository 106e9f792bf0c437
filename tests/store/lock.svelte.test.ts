import { afterEach, beforeEach, expect, test } from 'vitest'
import { canHold, holdVault, takeVault, type Hold } from '../../src/lib/store/lock.ts'

/** Two requests of one page stand for two tabs: locks and channels do not tell them apart. */
let vault: string
const holds: Hold[] = []

beforeEach(() => {
  vault = `cuaderno ${crypto.randomUUID()}`
})
afterEach(() => {
  for (const hold of holds.splice(0)) if (hold.type === 'held') hold.release()
})

const keep = async (asked: Promise<Hold>): Promise<Hold> => {
  const hold = await asked
  holds.push(hold)
  return hold
}
const release = (hold: Hold) => {
  if (hold.type === 'held') hold.release()
}
/** A tab that does what it should when another wants the vault: writes down what is pending, then lets go. */
const polite = () => {
  const tab = { asked: 0, hold: null as Hold | null }
  const onAsked = () => {
    tab.asked += 1
    if (tab.hold) release(tab.hold)
  }
  return { tab, onAsked }
}
const nobody = () => {}

test('this browser can promise one writer', () => {
  expect(canHold()).toBe(true)
})

test('the first tab holds the vault, the second is told that it is open elsewhere', async () => {
  expect((await keep(holdVault(vault, nobody))).type).toBe('held')
  expect((await keep(holdVault(vault, nobody))).type).toBe('elsewhere')
  expect((await keep(holdVault(`${vault} of somebody else`, nobody))).type).toBe('held')
})

test('once the first lets go, the second may have it', async () => {
  const first = await keep(holdVault(vault, nobody))
  release(first)
  await expect.poll(async () => (await keep(holdVault(vault, nobody))).type).toBe('held')
})

test('a tab that is asked writes down, lets go, and the other holds it at once', async () => {
  const { tab, onAsked } = polite()
  tab.hold = await keep(holdVault(vault, onAsked))
  const start = performance.now()
  const taken = await keep(takeVault(vault, nobody))
  expect(taken.type).toBe('held')
  expect(tab.asked).toBe(1)
  expect(performance.now() - start).toBeLessThan(1400)
  expect((await keep(holdVault(vault, nobody))).type).toBe('elsewhere')
})

test('a tab that hangs is asked, waited for, and then cut off: it learns that it no longer writes', async () => {
  let asked = 0
  await keep(holdVault(vault, () => (asked += 1)))
  const start = performance.now()
  const taken = await keep(takeVault(vault, nobody))
  expect(taken.type).toBe('held')
  expect(performance.now() - start).toBeGreaterThan(1400)
  // Once when asked, once when cut off.
  await expect.poll(() => asked).toBe(2)
  expect((await keep(holdVault(vault, nobody))).type).toBe('elsewhere')
})

test('taking over what nobody holds is holding it, and does not ask oneself to leave', async () => {
  let asked = 0
  expect((await keep(takeVault(vault, () => (asked += 1)))).type).toBe('held')
  expect(asked).toBe(0)
})

test('the vault can be taken back', async () => {
  const [first, second] = [polite(), polite()]
  first.tab.hold = await keep(holdVault(vault, first.onAsked))
  second.tab.hold = await keep(takeVault(vault, second.onAsked))
  const back = await keep(takeVault(vault, nobody))
  expect(back.type).toBe('held')
  expect([first.tab.asked, second.tab.asked]).toEqual([1, 1])
})
