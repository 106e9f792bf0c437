import { expect, test } from 'vitest'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { suspendedWith } from '../../src/lib/ledger/suspended-with.ts'
import { assemble } from './assembly.ts'

const PAUSE = { type: 'suspend', frontier: [], reason: 'lost', evidence: null } as const

test('one tap suspends a lost phone; its holder keeps the vote and nothing else', () => {
  const { council, alba, bruna, cira } = assemble(3)
  council.suspend(bruna, alba)
  expect(council.standings(alba)).toEqual(['suspended'])
  expect(council.ledger.state().members.get(alba.member)).toMatchObject({ votes: true })
  const silent = [
    council.proposes(alba, council.admission(council.stranger())),
    council.suspend(alba, cira),
    council.rotates(alba),
    council.registers(alba).entry,
    council.says(alba, { type: 'invite', invitePk: new Uint8Array(32), uses: 1 }),
  ]
  expect(silent.map((id) => council.isVoid(id))).toEqual(silent.map(() => true))
  council.decide(council.removal(cira), [bruna, alba])
  expect(council.isMember(cira)).toBe(false)
})

test('a proposal to revoke silences at once, and whoever made it may take it back', () => {
  const { council, alba, bruna } = assemble(3)
  const proposal = council.proposes(alba, council.revocation(bruna))
  expect(council.standings(bruna)).toEqual(['suspended'])
  council.says(alba, { type: 'withdraw', target: proposal })
  expect(council.standings(bruna)).toEqual(['active'])
  expect(council.ledger.state().proposals.get(proposal)?.status).toBe('withdrawn')
})

test('a proposal to remove silences nobody', () => {
  const { council, alba, bruna } = assemble(3)
  council.proposes(alba, council.removal(bruna))
  expect(council.standings(bruna)).toEqual(['active'])
})

test('a suspended phone may propose to revoke others, but silences nobody by it', () => {
  const { council, alba, bruna, cira } = assemble(3)
  council.suspend(bruna, alba)
  const proposal = council.proposes(alba, council.revocation(cira))
  expect(council.ledger.state().proposals.get(proposal)?.status).toBe('open')
  expect(council.standings(bruna, cira)).toEqual(['active', 'active'])
})

test('alone, one phone silences half of the others at most, in the order it said so', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [bruna, cira, dina, elva]) council.suspend(alba, one)
  expect(council.standings(bruna, cira, dina, elva)).toEqual(['suspended', 'suspended', 'active', 'active'])
})

test('two phones of one person take one place of what one may pause alone', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const second = council.another(bruna)
  council.decide(council.secondPhone(second), [bruna, cira])
  council.settles([alba, bruna, cira, dina]) // so it does not fall with the phone that brought it in
  for (const one of [bruna, cira]) council.suspend(alba, one)
  expect(council.standings(bruna, second, cira)).toEqual(['suspended', 'active', 'suspended'])
  for (const one of [second, dina, elva]) council.suspend(alba, one)
  expect(council.standings(second, dina, elva)).toEqual(['suspended', 'active', 'active'])
})

test('nobody is paused before anybody let them in', () => {
  const { council, alba, bruna, cira } = assemble(5)
  const [guest, unknown] = [council.stranger(), council.stranger()]
  const proposal = council.proposes(alba, council.admission(guest))
  const said = [guest, unknown].map((one) => council.suspend(cira, one))
  council.approves(bruna, proposal)
  council.enacts(alba, proposal)
  expect([...said.map((id) => council.isVoid(id)), ...council.standings(guest)]).toEqual([
    true,
    true,
    'active',
  ])
  council.suspend(cira, guest)
  expect(council.standings(guest)).toEqual(['suspended'])
})

test('beyond that a second person confirms', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [bruna, cira, dina]) council.suspend(alba, one)
  expect(council.standings(dina)).toEqual(['active'])
  council.suspend(elva, dina)
  expect(council.standings(dina)).toEqual(['suspended'])
  expect([...council.ledger.state().suspensions.values()].filter(({ seconded }) => seconded)).toHaveLength(2)
})

test('and when the second person takes it back, it is beyond the share once more', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [bruna, cira, dina]) council.suspend(alba, one)
  const second = council.suspend(elva, dina)
  expect(council.standings(dina)).toEqual(['suspended'])
  council.says(elva, { type: 'withdraw', target: second })
  expect(council.standings(bruna, cira, dina)).toEqual(['suspended', 'suspended', 'active'])
})

test('what was annulled seconds nobody afterwards, whenever they say they spoke', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const said = [bruna, cira, dina, elva].map((one) => council.suspend(alba, one))
  council.decide(council.revocation(alba, said), [bruna, cira, dina])
  expect(council.standings(bruna, cira, dina, elva)).toEqual(Array(4).fill('active'))
  // Bruna’s phone is stolen: of four, one member silences one other, now or dated back.
  for (const one of [cira, dina, elva]) council.suspend(bruna, one)
  expect(council.standings(cira, dina, elva)).toEqual(['suspended', 'active', 'active'])
  // To when they were five, of whom one silences two.
  for (const one of [cira, dina, elva]) council.suspend(bruna, one, start)
  expect([...council.standings(cira, dina, elva)].sort()).toEqual(['active', 'suspended', 'suspended'])
})

test('nor does what a phone said that was put out, even if nobody annuls it', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [bruna, cira, dina, elva]) council.suspend(alba, one)
  council.decide(council.revocation(alba), [bruna, cira, dina])
  for (const one of [bruna, cira, dina]) council.suspend(elva, one)
  expect(council.standings(bruna, cira, dina, elva)).toEqual(['suspended', 'suspended', 'active', 'active'])
})

test('but what it seconded before stays paused: a lost phone wakes no stolen one', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [bruna, cira, dina]) council.suspend(alba, one)
  for (const one of [bruna, cira, dina]) council.suspend(elva, one)
  expect(council.standings(dina)).toEqual(['suspended'])
  council.decide(council.revocation(alba), [bruna, cira, dina])
  expect(council.standings(alba, dina)).toEqual(['revoked', 'suspended'])
})

test('nor does what a majority lifted', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  for (const one of [cira, dina]) council.suspend(bruna, one)
  council.suspend(alba, elva)
  expect(council.standings(cira, dina, elva)).toEqual(['suspended', 'suspended', 'suspended'])
  council.decide(council.lift(elva), [alba, cira, dina])
  council.suspend(bruna, elva)
  expect(council.standings(elva)).toEqual(['active'])
})

test('a second takes no place and gives none: whoever it comes from, and whenever it ends, the share is what one says alone', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  council.suspend(alba, bruna)
  const second = council.suspend(dina, cira)
  council.suspend(alba, cira)
  council.decide(council.lift(bruna), [alba, cira, dina])
  council.suspend(alba, dina)
  expect(council.standings(bruna, cira, dina)).toEqual(['active', 'suspended', 'suspended'])
  // She is silent, and cannot take it back.
  council.says(dina, { type: 'withdraw', target: second })
  expect(council.standings(bruna, cira, dina)).toEqual(['active', 'suspended', 'suspended'])
  council.decide(council.lift(cira), [alba, bruna, dina])
  expect(council.standings(bruna, cira, dina)).toEqual(['active', 'active', 'suspended'])
})

test('a stolen phone does not free itself by seconding what Alba once said beyond her share', () => {
  const { council, alba, bruna, cira, dina } = assemble(4)
  const first = council.suspend(alba, bruna)
  council.suspend(alba, cira)
  council.says(alba, { type: 'withdraw', target: first })
  expect(council.standings(bruna, cira, dina)).toEqual(['active', 'active', 'active'])
  const before = council.ledger.heads()
  council.suspend(alba, dina)
  council.says(dina, { ...PAUSE, device: cira.own.id }, before)
  expect(council.standings(dina)).toEqual(['suspended'])
})

test('nor by pausing Alba, dated back, so that what she took back would take her share again', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const before = council.ledger.heads()
  const mistake = council.suspend(alba, bruna)
  council.says(alba, { type: 'withdraw', target: mistake })
  council.suspend(alba, cira)
  expect(council.standings(alba, bruna, cira)).toEqual(['active', 'active', 'suspended'])
  council.says(cira, { ...PAUSE, device: alba.own.id }, before)
  expect(council.standings(alba, bruna, cira)).toEqual(['suspended', 'active', 'suspended'])
})

test('a copied phone takes nothing back: it speaks against itself, whomever it pauses', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const pause = council.suspend(alba, bruna)
  const before = council.ledger.heads()
  for (const { own } of [council.stranger(), council.stranger()])
    council.says(alba, { type: 'rekey', kemPk: own.device.kemPk }, before)
  council.says(alba, { type: 'withdraw', target: pause }, before)
  council.says(alba, { ...PAUSE, device: cira.own.id }, before)
  expect(council.standings(alba, bruna)).toEqual(['suspended', 'suspended'])
})

test('a place is free again once what took it has ended, as far as the later suspension knew', () => {
  const { council, alba, bruna, cira } = assemble(3)
  council.suspend(alba, bruna)
  council.suspend(alba, cira)
  expect(council.standings(bruna, cira)).toEqual(['suspended', 'active'])
  council.decide(council.lift(bruna), [alba, cira])
  expect(council.standings(bruna, cira)).toEqual(['active', 'active']) // nothing wakes in hindsight
  council.suspend(alba, cira)
  expect(council.standings(bruna, cira)).toEqual(['active', 'suspended'])
})

test('a place is free again once whoever took it was put out, for whoever knew', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(6)
  for (const one of [bruna, cira, dina]) council.suspend(alba, one)
  const before = council.ledger.heads()
  expect(council.standings(bruna, cira, dina)).toEqual(['suspended', 'suspended', 'active'])
  council.decide(council.revocation(bruna), [dina, elva, council.founders[5]!, cira])
  expect(council.standings(bruna, cira, dina)).toEqual(['revoked', 'suspended', 'active'])
  council.suspend(alba, elva, before) // not having heard of it
  expect(council.standings(elva)).toEqual(['active'])
  council.suspend(alba, dina)
  expect(council.standings(cira, dina)).toEqual(['suspended', 'suspended'])
})

test('a keeper takes no place of anybody’s share', () => {
  const { council, alba, bruna, cira, dina } = assemble(5)
  const { own, member } = council.stranger()
  const binding = signBinding(own, council.ledger.coll, null)
  const { device, id: deviceId } = own
  council.decide({ action: 'keeper', device, deviceId, binding }, [alba, bruna, cira])
  const keeper = { own, member }
  council.suspend(alba, keeper)
  for (const one of [bruna, cira, dina]) council.suspend(alba, one)
  expect(council.standings(keeper, bruna, cira, dina)).toEqual([
    'suspended',
    'suspended',
    'suspended',
    'active',
  ])
})

test('taking one back wakes none that was beyond the share, and makes room for the next', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const first = council.suspend(alba, bruna)
  council.suspend(alba, cira)
  council.says(alba, { type: 'withdraw', target: first })
  expect(council.standings(bruna, cira)).toEqual(['active', 'active'])
  council.suspend(alba, cira)
  expect(council.standings(bruna, cira)).toEqual(['active', 'suspended'])
})

test('annulling two of four suspensions does not wake the other two', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const said = [bruna, cira, dina, elva].map((one) => council.suspend(alba, one))
  council.decide(council.revocation(alba, said.slice(0, 2)), [bruna, cira, dina])
  expect(council.standings(bruna, cira, dina, elva)).toEqual(['active', 'active', 'active', 'active'])
})

test('two who suspend each other are both suspended, and the others decide', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  council.suspend(alba, bruna, start)
  council.suspend(bruna, alba, start)
  expect(council.standings(alba, bruna)).toEqual(['suspended', 'suspended'])
  council.decide(council.lift(bruna), [cira, dina, elva])
  expect(council.standings(alba, bruna)).toEqual(['suspended', 'active'])
})

test('a thief cannot take a suspension back with a phone that was silenced meanwhile', () => {
  const { council, alba, bruna, cira, dina } = assemble(5)
  const said = council.suspend(alba, bruna)
  const before = council.ledger.heads()
  council.suspend(cira, alba)
  council.says(alba, { type: 'withdraw', target: said }, before)
  expect(council.standings(alba, bruna, dina)).toEqual(['suspended', 'suspended', 'active'])
})

test('suspending a phone suspends the second one it brought in, until that one is lifted by itself', () => {
  const { council, alba, bruna, cira, dina, elva } = assemble(5)
  const [second, third] = [council.another(alba), council.another(alba)]
  council.decide(council.secondPhone(second), [alba, bruna])
  council.decide(council.secondPhone(third), [second, bruna])
  expect(suspendedWith(council.ledger.state(), alba.own.id)).toEqual(
    [alba, second, third].map(({ own }) => own.id),
  )
  const feed = council.registers(second).feed
  const at = { feed, seq: 4, rec: feed } as never
  council.suspend(cira, alba, undefined, [at])
  expect(council.standings(alba, second, third)).toEqual(['suspended', 'suspended', 'suspended'])
  expect(council.deviceOf(second)?.frontier).toEqual([at])
  council.decide(council.lift(second), [bruna, dina, elva])
  expect(council.standings(alba, second, third)).toEqual(['suspended', 'active', 'active'])
})

test('whoever came in by a vouch that is silenced counts as suspended, and stands again after the lift', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna], start)
  const { feed } = council.registers(drago)
  const suspension = council.suspend(cira, bruna, start)
  expect(council.standings(drago)).toEqual(['suspended'])
  expect(council.deviceOf(drago)?.suspensions).toEqual([suspension])
  expect(council.isVoid(council.rotates(drago))).toBe(true)
  council.decide(council.lift(bruna), [cira, dina, elva])
  expect(council.standings(drago)).toEqual(['active'])
  expect(council.ledger.state().feeds.has(feed)).toBe(true)
})

test('whom somebody vouches for who waits for a lift waits too', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const [guest, second] = [council.stranger(), council.another(elva)]
  const admitted = council.decide(council.admission(guest), [alba, bruna], start)
  const added = council.decide(council.secondPhone(second), [elva, guest], [admitted])
  expect(council.standings(guest, second)).toEqual(['active', 'active'])
  const pause = council.suspend(cira, alba, start)
  expect(council.standings(guest, second)).toEqual(['suspended', 'suspended'])
  expect([admitted, added].map((id) => council.isVoid(id))).toEqual([true, true])
  council.decide(council.lift(alba), [bruna, dina, elva], [pause])
  expect(council.standings(guest, second)).toEqual(['active', 'active'])
})

test('a second phone waits for the one that proposed it, also once a majority has lifted it by itself', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const second = council.another(alba)
  const proposal = council.proposes(alba, council.secondPhone(second), start)
  const vouch = council.approves(bruna, proposal, [proposal])
  const added = council.enacts(bruna, proposal, [vouch]) // everything but the proposal is by others
  council.suspend(cira, alba, start)
  council.decide(council.lift(second), [bruna, dina, elva])
  expect([council.isVoid(added), ...council.standings(alba, second)]).toEqual([
    true,
    'suspended',
    'suspended',
  ])
  council.decide(council.lift(alba), [bruna, dina, elva])
  expect([council.isVoid(added), ...council.standings(alba, second)]).toEqual([false, 'active', 'active'])
})

test('a rule changed by a voice that was silenced meanwhile is not changed', () => {
  const { council, alba, bruna, cira, dina, start } = assemble(5)
  const change = council.decide({ action: 'policy', policy: { admit: 4 } }, [alba, bruna, cira], start)
  expect(council.ledger.state().policy.admit).toBe(4)
  council.suspend(dina, cira, start)
  expect(council.ledger.state().policy.admit).toBe(2)
  expect(council.isVoid(change)).toBe(true)
})

test('a feed begun before the suspension was known is void but known, so that its work can be shown', () => {
  const { council, alba, bruna, cira, dina, elva, start } = assemble(5)
  const { feed, entry } = council.registers(alba, start)
  council.suspend(bruna, alba, start)
  expect(council.isVoid(entry)).toBe(true)
  expect(council.ledger.state().feeds.get(feed)?.device).toBe(alba.own.id)
  council.decide(council.revocation(alba), [cira, dina, elva], start)
  expect(council.ledger.state().feeds.has(feed)).toBe(false)
})

test('an epoch begun by a phone silenced meanwhile is never written under, and stays readable', () => {
  const { council, alba, bruna, start } = assemble(3)
  const epoch = council.rotates(alba, [], start)
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(false)
  council.suspend(bruna, alba, start)
  expect(council.ledger.state().epochs.get(epoch)).toMatchObject({ void: true, recipients: { length: 3 } })
})
