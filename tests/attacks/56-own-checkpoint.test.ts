import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { assemble } from '../ledger/assembly.ts'

test('attack 56: one founder co-signs her own checkpoint at genesis after an honest final one: the final one stands everywhere', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 56)
  council.decide(council.admission(council.stranger()), [alba, bruna])
  const honest = council.settles([alba, bruna, cira])
  const own = council.settles([alba], start)
  for (const pin of [null, honest]) {
    const phone = expectOk(createLedger(council.genesis, pin))
    phone.add([...council.wires].reverse())
    expect(phone.state().finals).toEqual([honest])
    expect(phone.state().checkpoints.get(own)?.status).toBe('open')
  }
})

test('attack 56: with phones she was given for herself, or by ghosts, she does not reach the number either', () => {
  const { council, alba, bruna, cira, start } = assemble(3, 57)
  const honest = council.settles([alba, bruna, cira], start)
  const [second, ghost] = [council.another(alba), council.stranger()]
  council.decide(council.secondPhone(second), [alba], start)
  council.decide(council.admission(ghost), [alba], start)
  const own = council.settles([alba, second, ghost], start)
  expect(council.finals).toEqual([honest])
  expect(council.ledger.state().checkpoints.get(own)?.cosigners).toEqual([alba.member])
})

test('attack 56: in a pair, where one is half, one is not enough', () => {
  const { council, alba, bruna, start } = assemble(2, 58)
  const honest = council.settles([alba, bruna])
  council.settles([alba], start)
  expect(council.finals).toEqual([honest])
})
