import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import {
  assembleGenesis,
  createGenesis,
  parseGenesisDraft,
  signGenesis,
} from '../../src/lib/ledger/genesis.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import type { Proposal } from '../../src/lib/ledger/types.ts'
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

/** Everything one may propose but a further phone of one’s own, about somebody or something that is there. */
const decisions = ({ council, bruna }: ReturnType<typeof assemble>) => {
  const { own } = council.stranger()
  const binding = signBinding(own, council.ledger.coll, null)
  const { device, id: deviceId } = own
  return {
    admit: council.admission(council.stranger()),
    removeMember: council.removal(bruna),
    revokeDevice: council.revocation(bruna),
    recover: council.recovery(council.another(bruna)),
    lift: council.lift(bruna),
    keeper: { action: 'keeper', device, deviceId, binding },
    amendFrontier: { action: 'amendFrontier', device: bruna.own.id, frontier: [] },
    policy: { action: 'policy', policy: { admit: 3 } },
    dormant: { action: 'dormant', members: [bruna.member] },
    minRules: { action: 'minRules', rules: 2 },
  } satisfies Partial<Record<Proposal['action'], Proposal>>
}

test.each(Object.keys(decisions(assemble(2))) as (keyof ReturnType<typeof decisions>)[])(
  'two decide no %s: neither could tell the other from a thief; three may propose it',
  (what) => {
    const pair = assemble(2)
    const { council, alba, bruna } = pair
    const before = council.ledger.state().hash
    const proposal = council.proposes(alba, decisions(pair)[what])
    council.enacts(alba, proposal, [council.approves(bruna, proposal)])
    expect(council.isVoid(proposal)).toBe(true)
    expect(council.ledger.state().hash).toEqual(before)
    const three = assemble(3)
    expect(three.council.isVoid(three.council.proposes(three.alba, decisions(three)[what]))).toBe(false)
  },
)

test('alone, one proposes nothing at all, and two invite nobody', () => {
  const alone = assemble(1)
  // Whatever needs somebody else is about oneself here: there is nobody else.
  const all = decisions({ ...alone, bruna: alone.alba })
  for (const proposal of [
    ...Object.values(all),
    alone.council.secondPhone(alone.council.another(alone.alba)),
  ])
    expect(alone.council.isVoid(alone.council.proposes(alone.alba, proposal)), proposal.action).toBe(true)
  const invite = { type: 'invite', invitePk: new Uint8Array(32), uses: 1 } as const
  const invited = [alone, assemble(2), assemble(3)].map(({ council, alba }) =>
    council.isVoid(council.says(alba, invite)),
  )
  expect(invited).toEqual([true, true, false])
})

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
