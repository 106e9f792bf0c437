import { expect, test } from 'vitest'
import { idBytes } from '../../src/lib/core/ids.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import { encodeEntry } from '../../src/lib/ledger/entry.ts'
import { Council } from '../ledger/council.ts'

const three = (seed: number) => {
  const council = new Council(3, seed)
  const [alba, bruna, ceiba] = council.founders
  return { council, alba: alba!, bruna: bruna!, ceiba: ceiba! }
}

test('attack 29: an approval signed by somebody else is refused', () => {
  const { council, alba, bruna } = three(2)
  const proposal = council.proposesAdmission(alba, council.stranger())
  const { entry, id } = council.signed(bruna, { type: 'approve', proposal, seen: [] }, council.ledger.heads())
  const forged = encodeEntry(entry, [sign(alba.own.signSk, 'led', idBytes(id))])
  expect(council.ledger.add([forged]).refused).toEqual([{ id, type: 'BadSignature' }])
})

test('attack 29: an approval of one proposal says nothing about another', () => {
  const { council, alba, bruna } = three(3)
  const ghost = council.stranger()
  const first = council.proposesAdmission(alba, council.stranger())
  const second = council.proposesAdmission(alba, ghost)
  council.says(bruna, { type: 'approve', proposal: first, seen: [] })
  council.says(alba, { type: 'enact', proposal: second })
  expect(council.isMember(ghost)).toBe(false)
})

test('attack 29: an entry of another collective is refused', () => {
  const { council, alba } = three(4)
  const elsewhere = three(5)
  const { wire } = elsewhere.council.signed(
    elsewhere.alba,
    { type: 'merge' },
    elsewhere.council.ledger.heads(),
  )
  expect(council.ledger.add([wire]).refused[0]?.type).toBe('OtherCollective')
  expect(council.isMember(alba)).toBe(true)
})

test('attack 29: a signature under an approval says nothing about an enactment', () => {
  const { council, alba, bruna } = three(9)
  const proposal = council.proposesAdmission(alba, council.stranger())
  const heads = council.ledger.heads()
  const approval = council.signed(bruna, { type: 'approve', proposal, seen: [] }, heads)
  const { entry, id } = council.signed(bruna, { type: 'enact', proposal }, heads)
  const replayed = encodeEntry(entry, [sign(bruna.own.signSk, 'led', idBytes(approval.id))])
  expect(council.ledger.add([replayed]).refused).toEqual([{ id, type: 'BadSignature' }])
})

test('attack 30: whoever holds an invitation and one voice admits nobody', () => {
  const { council, alba } = three(6)
  const ghost = council.stranger()
  const invitation = createSignPair(council.random.bytes(32))
  const invite = council.says(alba, { type: 'invite', invitePk: invitation.publicKey, uses: 1 })
  const th = council.random.bytes(32)
  const said = [idBytes(council.ledger.coll), idBytes(invite), idBytes(ghost.own.id), th]
  const proposal = council.says(alba, {
    type: 'propose',
    proposal: {
      action: 'admit',
      member: ghost.member,
      device: ghost.own.device,
      deviceId: ghost.own.id,
      binding: signBinding(ghost.own, council.ledger.coll, ghost.member),
      proof: { invite, th, sig: sign(invitation.secretKey, 'invite', said) },
      verified: 'words',
    },
  })
  expect(council.ledger.state().proposals.get(proposal)?.approvals).toEqual([alba.member])
  council.says(alba, { type: 'approve', proposal, seen: [] })
  council.says(alba, { type: 'enact', proposal })
  expect(council.isMember(ghost)).toBe(false)
})

test('attack 30: a second phone without a vouch by another member is no device', () => {
  const { council, alba } = three(7)
  const second = { own: council.stranger().own, member: alba.member }
  const proposal = council.says(alba, {
    type: 'propose',
    proposal: {
      action: 'addDevice',
      member: alba.member,
      device: second.own.device,
      deviceId: second.own.id,
      binding: signBinding(second.own, council.ledger.coll, alba.member),
      proof: null,
      verified: 'scan',
    },
  })
  council.says(alba, { type: 'approve', proposal, seen: [] })
  council.says(alba, { type: 'enact', proposal })
  expect(council.standing(second)).toBe('unknown')
})
