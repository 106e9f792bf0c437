import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import {
  assembleGenesis,
  createGenesis,
  parseGenesisDraft,
  signGenesis,
} from '../../src/lib/ledger/genesis.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { assemble } from './assembly.ts'

test('a notebook admits nobody, and its one device can do nothing about another', () => {
  const { council, alba } = assemble(1)
  const guest = council.stranger()
  expect(council.ledger.state().kind).toBe('notebook')
  expect(council.isVoid(council.proposes(alba, council.admission(guest)))).toBe(true)
  expect(council.isVoid(council.proposes(alba, council.secondPhone(council.another(alba))))).toBe(true)
  expect(council.ledger.state().members.size).toBe(1)
})

test('two help each other to a second phone, and can suspend a lost one', () => {
  const { council, alba, bruna } = assemble(2)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  expect(council.standings(second)).toEqual(['active'])
  council.suspend(bruna, second)
  expect(council.standings(alba, second)).toEqual(['active', 'suspended'])
})

test.each(['admission', 'removal', 'revocation', 'recovery', 'lift'] as const)(
  'two decide no %s: neither could tell the other from a thief',
  (what) => {
    const { council, alba, bruna } = assemble(2)
    const about = what === 'removal' || what === 'revocation' || what === 'lift' ? bruna : council.stranger()
    const before = council.ledger.state().hash
    const proposal = council.proposes(alba, council[what](about))
    council.enacts(alba, proposal, [council.approves(bruna, proposal)])
    expect(council.isVoid(proposal)).toBe(true)
    expect(council.ledger.state().hash).toEqual(before)
  },
)

test('a founding that somebody did not sign, or signed twice, is none', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const founders = [alba, bruna, cira]
  const named = (who: typeof founders) => who.map(({ own, member }) => ({ member, device: own.device }))
  const draft = createGenesis({
    author: alba.own.id,
    founders: named(founders),
    nonce: council.random.bytes(16),
    policy: { admit: 2 },
  })
  const sigs = founders.map(({ own }) => signGenesis(own, draft))
  expect(expectOk(assembleGenesis(draft, sigs)).id).toBe(draft.id)
  expect(assembleGenesis(draft, [sigs[0]!, sigs[0]!, sigs[2]!])).toMatchObject({ ok: false })
  expect(assembleGenesis(draft, sigs.slice(1))).toMatchObject({ ok: false })
  const twice = createGenesis({
    author: alba.own.id,
    founders: named([alba, bruna, alba]),
    nonce: council.random.bytes(16),
    policy: { admit: 2 },
  })
  expect(parseGenesisDraft(twice.bytes)).toMatchObject({ error: { type: 'SameFounderTwice' } })
  const stranger = createGenesis({
    author: council.stranger().own.id,
    founders: named(founders),
    nonce: council.random.bytes(16),
    policy: { admit: 2 },
  })
  expect(parseGenesisDraft(stranger.bytes)).toMatchObject({ ok: false })
})

test('what the founders pass round reads back as it was written', () => {
  const { council, alba, bruna } = assemble(2)
  const draft = createGenesis({
    author: alba.own.id,
    founders: [alba, bruna].map(({ own, member }) => ({ member, device: own.device })),
    nonce: council.random.bytes(16),
    policy: { admit: 2 },
  })
  expect(expectOk(parseGenesisDraft(draft.bytes))).toEqual(draft)
  expect(createLedger(draft.bytes).ok).toBe(false)
})
