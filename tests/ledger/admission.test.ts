import { expect, test } from 'vitest'
import { idBytes } from '../../src/lib/core/ids.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import { mayEnact } from '../../src/lib/ledger/proposals.ts'
import type { Proposal } from '../../src/lib/ledger/types.ts'
import { assemble } from './assembly.ts'
import type { Delegate } from './council.ts'

test('two vouch for Drago: he is a member, and his voice counts from the first final checkpoint on', () => {
  const { council, alba, bruna } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  expect(council.ledger.state().members.get(drago.member)).toMatchObject({ founder: false, votes: false })
  expect(council.standings(drago)).toEqual(['active'])
})

test('the app knows how many vouchers there are, how many it takes, and when it is time', () => {
  const { council, alba, bruna } = assemble(3)
  const proposal = council.proposes(alba, council.admission(council.stranger()))
  expect(council.ledger.state().proposals.get(proposal)).toMatchObject({
    approvals: [alba.member],
    needed: 2,
    status: 'open',
  })
  expect(mayEnact(council.ledger.state(), proposal)).toBe(false)
  council.approves(bruna, proposal)
  expect(mayEnact(council.ledger.state(), proposal)).toBe(true)
  council.enacts(bruna, proposal)
  expect(council.ledger.state().proposals.get(proposal)?.status).toBe('enacted')
  expect(mayEnact(council.ledger.state(), proposal)).toBe(false)
})

test('eight founders want three vouchers', () => {
  const { council, alba, bruna, cira } = assemble(8)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  expect(council.isMember(drago)).toBe(false)
  council.decide(council.admission(drago), [alba, bruna, cira])
  expect(council.isMember(drago)).toBe(true)
})

test('a collective may ask for more vouchers, never for fewer than two', () => {
  const { council, alba, bruna, cira } = assemble(4)
  council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, bruna, cira])
  expect(council.ledger.state().policy).toEqual({ admit: 3 })
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  expect(council.isMember(drago)).toBe(false)
  const lower = council.decide({ action: 'policy', policy: { admit: 1 } }, [alba, bruna, cira])
  expect(council.isVoid(lower)).toBe(true)
  expect(council.ledger.state().policy).toEqual({ admit: 3 })
})

test('a change of rules that has become too low before it is carried out is not carried out', () => {
  const trial = (many: 'seven' | 'eight by then') => {
    const { council } = assemble(7)
    const [alba, bruna, ...others] = council.founders as [Delegate, Delegate, ...Delegate[]]
    council.decide({ action: 'policy', policy: { admit: 3 } }, council.founders.slice(0, 4))
    const lower = council.proposes(alba, { action: 'policy', policy: { admit: 2 } })
    for (const who of [bruna, ...others]) council.approves(who, lower)
    expect(council.isVoid(lower)).toBe(false)
    if (many === 'eight by then') {
      council.decide(council.admission(council.stranger()), [alba, bruna, others[0]!])
      council.settles(council.founders)
    }
    const carriedOut = !council.isVoid(council.enacts(alba, lower))
    return [carriedOut, council.ledger.state().policy.admit]
  }
  expect(trial('seven')).toEqual([true, 2])
  expect(trial('eight by then')).toEqual([false, 3])
})

test('a newcomer does not vouch for the next one yet', () => {
  const { council, alba, bruna } = assemble(3)
  const [drago, eva] = [council.stranger(), council.stranger()]
  council.decide(council.admission(drago), [alba, bruna])
  council.decide(council.admission(eva), [alba, drago])
  expect(council.isMember(eva)).toBe(false)
})

test('but may vouch for the second phone of somebody else', () => {
  const { council, alba, bruna } = assemble(3)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, drago])
  expect(council.standings(second)).toEqual(['active'])
})

test('nobody adds a phone to somebody else', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const planted = council.another(alba)
  council.decide(council.secondPhone(planted), [bruna, cira])
  expect(council.standings(planted)).toEqual(['unknown'])
})

test('a voucher who thinks better of it before the enactment is not counted; afterwards it is too late', () => {
  const { council, alba, bruna } = assemble(3)
  const [drago, eva] = [council.stranger(), council.stranger()]
  const first = council.proposes(alba, council.admission(drago))
  const vouch = council.approves(bruna, first)
  council.says(bruna, { type: 'withdraw', target: vouch })
  council.enacts(alba, first)
  expect(council.isMember(drago)).toBe(false)
  const second = council.proposes(alba, council.admission(eva))
  const late = council.approves(bruna, second)
  council.enacts(alba, second)
  council.says(bruna, { type: 'withdraw', target: late })
  expect(council.isMember(eva)).toBe(true)
})

test('nobody takes back what another said', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const proposal = council.proposes(alba, council.admission(council.stranger()))
  const vouch = council.approves(bruna, proposal)
  expect(council.isVoid(council.says(cira, { type: 'withdraw', target: vouch }))).toBe(true)
  expect(council.ledger.state().proposals.get(proposal)?.approvals).toHaveLength(2)
})

test('one takes back with one phone what one said with another', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const second = council.another(bruna)
  council.decide(council.secondPhone(second), [bruna, alba])
  const proposal = council.proposes(alba, council.admission(council.stranger()))
  const [vouch, pause] = [council.approves(bruna, proposal), council.suspend(bruna, cira)]
  for (const target of [vouch, pause])
    expect(council.isVoid(council.says(second, { type: 'withdraw', target }))).toBe(false)
  expect(council.ledger.state().proposals.get(proposal)?.approvals).toEqual([alba.member])
  expect(council.standings(cira)).toEqual(['active'])
})

test('one person, one vote, from however many phones', () => {
  const { council, alba, bruna } = assemble(3)
  const second = council.another(alba)
  council.decide(council.secondPhone(second), [alba, bruna])
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, second])
  expect(council.isMember(drago)).toBe(false)
})

test('a phone that did not say itself whose it is to be is nobody’s', () => {
  const { council, alba, bruna } = assemble(3)
  const [drago, eva] = [council.stranger(), council.stranger()]
  const swapped = { ...council.admission(drago), member: eva.member } as Proposal
  council.decide(swapped, [alba, bruna])
  expect(council.standings(drago)).toEqual(['unknown'])
})

test('two sponsors at once, two phones, one name: one of them comes in, the same everywhere', () => {
  const { council, alba, bruna, cira, start } = assemble(4)
  const drago = council.stranger()
  const other = council.another(drago)
  council.decide(council.admission(drago), [alba, bruna], start)
  council.decide(council.admission(other), [cira, bruna], start)
  expect([...council.standings(drago, other)].sort()).toEqual(['active', 'unknown'])
  expect(council.replay([...council.wires].reverse()).state().hash).toEqual(council.ledger.state().hash)
})

test('the same admission enacted twice at once is one admission', () => {
  const { council, alba, bruna } = assemble(3)
  const drago = council.stranger()
  const proposal = council.proposes(alba, council.admission(drago))
  const vouch = council.approves(bruna, proposal)
  const twice = [council.enacts(alba, proposal, [vouch]), council.enacts(bruna, proposal, [vouch])]
  expect(twice.map((id) => council.isVoid(id))).toEqual([false, false])
  expect(twice).toContain(council.deviceOf(drago)?.grantedBy)
})

test('an invitation is proof only of the phone its key signed for, and only if somebody may invite', () => {
  const { council, alba, bruna } = assemble(3)
  const invitation = createSignPair(council.random.bytes(32))
  const invite = council.says(alba, { type: 'invite', invitePk: invitation.publicKey, uses: 1 })
  const [drago, eva] = [council.stranger(), council.stranger()]
  const th = council.random.bytes(32)
  const sig = sign(invitation.secretKey, 'invite', [
    idBytes(council.ledger.coll),
    idBytes(invite),
    idBytes(drago.own.id),
    th,
  ])
  const withProof = (guest: typeof drago) =>
    ({ ...council.admission(guest), proof: { invite, th, sig } }) as Proposal
  council.decide(withProof(eva), [alba, bruna])
  expect(council.isMember(eva)).toBe(false)
  council.decide(withProof(drago), [alba, bruna])
  expect(council.isMember(drago)).toBe(true)
  expect(council.ledger.state().invites.get(invite)?.used).toBe(true)
})

test('a keeper stores and serves: it says nothing that counts and gets no key', () => {
  const { council, alba, bruna } = assemble(3)
  const box = council.stranger()
  const binding = sign(box.own.signSk, 'dev', [idBytes(council.ledger.coll), null, idBytes(box.own.id)])
  const keeper = { action: 'keeper', device: box.own.device, deviceId: box.own.id } as const
  council.decide({ ...keeper, binding: new Uint8Array(64) }, [alba, bruna])
  expect(council.standings(box)).toEqual(['unknown'])
  council.decide({ ...keeper, binding }, [alba, bruna])
  expect(council.deviceOf(box)).toMatchObject({ kind: 'keeper', member: null, standing: 'active' })
  expect(council.isVoid(council.suspend(box, alba))).toBe(true)
  expect(council.isVoid(council.says(box, { type: 'merge' }))).toBe(false)
  const epoch = council.rotates(alba)
  expect(council.ledger.state().epochs.get(epoch)?.recipients).not.toContain(box.own.id)
})
