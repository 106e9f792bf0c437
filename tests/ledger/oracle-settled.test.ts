import { expect, test } from 'vitest'
import { scene } from './oracle/both.ts'

// I16, by hand: ways to reach under a final checkpoint that random turmoil hardly finds. Judged by both readers.

const OPEN = { type: 'checkpoint', attachment: { hash: new Uint8Array(32), size: 0 } } as const

test('phones of the first founders, co-signing late a checkpoint that lay unsigned, undo nothing that was settled above it', () => {
  const { said, alba, bruna, cira, start } = scene(3)
  let on = start
  const guests = [said.stranger(), said.stranger(), said.stranger()]
  for (const guest of guests) on = [said.admits(guest, [alba, bruna], on).enacted]
  const planted = said.says(alba, OPEN, on)
  const { enacted } = said.decides([alba, bruna], { action: 'policy', policy: { admit: 3 } }, on)
  const pin = said.settles([alba, bruna, cira], [planted, enacted])
  expect(said.state(pin).policy.admit).toBe(3)
  for (const who of [alba, bruna, cira]) said.says(who, { type: 'cosign', checkpoint: planted }, [planted])
  for (const pinned of [pin, null]) {
    expect(said.state(pinned).policy.admit).toBe(3)
    expect(said.state(pinned).void.has(enacted)).toBe(false)
  }
})

test('a revocation that was settled is not undone that way either', () => {
  const { said, alba, bruna, cira, start } = scene(3)
  let on = start
  for (const guest of [said.stranger(), said.stranger()]) on = [said.admits(guest, [alba, bruna], on).enacted]
  const planted = said.says(alba, OPEN, on)
  const { enacted } = said.revokes(alba, [bruna, cira], on)
  const pin = said.settles([bruna, cira], [planted, enacted])
  for (const who of [alba, bruna, cira]) said.says(who, { type: 'cosign', checkpoint: planted }, [planted])
  expect(said.state(pin).devices.get(alba.own.id)?.standing).toBe('revoked')
})

test('two old checkpoints co-signed late take no newcomer’s voice from what was settled above them', () => {
  const { said, alba, bruna, cira, start } = scene(3)
  const [fina, gala] = [said.stranger(), said.stranger()]
  const planted = said.says(alba, OPEN, start)
  for (const guest of [fina, gala]) said.admits(guest, [alba, bruna])
  const settled = said.headsOf(said.words.map(({ id }) => id).filter((id) => id !== planted))
  said.settles([alba, bruna, cira], settled)
  const { enacted } = said.revokes(alba, [bruna, fina, gala])
  const pin = said.settles([bruna, cira, fina, gala])
  expect(said.state(pin).finals).toHaveLength(2)
  for (const who of [alba, bruna, cira]) said.says(who, { type: 'cosign', checkpoint: planted }, [planted])
  for (const pinned of [pin, null]) {
    expect(said.state(pinned).void.has(enacted)).toBe(false)
    expect(said.state(pinned).devices.get(alba.own.id)?.standing).toBe('revoked')
  }
})

/** Alba’s stolen phone suspended Bruna, Cira and Elva at the start: one too many. What Elva then admits is settled. */
const oneTooMany = () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const first = said.suspends(alba, bruna, start)
  const second = said.suspends(alba, cira, [first])
  const third = said.suspends(alba, elva, [second])
  const fina = said.stranger()
  const { enacted } = said.admits(fina, [elva, dina], start)
  const pin = said.settles([alba, bruna, cira, dina, elva])
  return { said, alba, bruna, cira, dina, elva, fina, first, third, enacted, pin }
}

test('a suspension beyond what one may say wakes no silence under a final checkpoint when somebody seconds it', () => {
  const { said, dina, elva, fina, third, enacted, pin } = oneTooMany()
  expect(said.state(pin).suspensions.has(third)).toBe(false)
  said.suspends(dina, elva)
  expect(said.standings(elva, fina)).toEqual(['suspended', 'active'])
  expect(said.state(pin).void.has(enacted)).toBe(false)
})

test('nor when whoever said it takes another one back', () => {
  const { said, alba, elva, fina, first, third, enacted, pin } = oneTooMany()
  said.says(alba, { type: 'withdraw', target: first })
  expect(said.state(pin).suspensions.has(third)).toBe(false)
  expect(said.standings(elva, fina)).toEqual(['active', 'active'])
  expect(said.state(pin).void.has(enacted)).toBe(false)
})

test('two beyond their share who suspend the same phone silence it from then on', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const [one, two] = [said.suspends(alba, bruna, start), said.suspends(alba, cira, start)]
  const third = said.suspends(alba, elva, [one, two])
  const [four, five] = [said.suspends(dina, alba, start), said.suspends(dina, bruna, start)]
  const sixth = said.suspends(dina, elva, [four, five])
  const { suspensions } = said.state()
  expect([suspensions.has(third), suspensions.has(sixth)]).toEqual([true, true])
})
