import { expect, test } from 'vitest'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import { assemble } from '../ledger/assembly.ts'
import { Council } from '../ledger/council.ts'

test('attack 15: a suspended phone back-dates an admission, and nobody is let in', () => {
  const council = new Council(3)
  const [alba, bruna] = council.founders as [(typeof council.founders)[0], (typeof council.founders)[0]]
  const before = council.ledger.heads()
  council.suspends(bruna, alba)
  const ghost = council.stranger()
  const proposal = council.proposesAdmission(alba, ghost, before)
  council.says(alba, { type: 'approve', proposal, seen: [] }, [proposal])
  council.says(alba, { type: 'enact', proposal }, [proposal])
  expect(council.isMember(ghost)).toBe(false)
  expect(council.standing(alba)).toBe('suspended')
})

test('attack 15: a suspended phone back-dates the withdrawal of its own suspension, and stays suspended', () => {
  const council = new Council(3)
  const [alba, bruna] = council.founders as [(typeof council.founders)[0], (typeof council.founders)[0]]
  const suspension = council.suspends(bruna, alba)
  council.says(alba, { type: 'withdraw', target: suspension }, [suspension])
  expect(council.standing(alba)).toBe('suspended')
})

test('attack 15: a suspended phone back-dates a second phone of its own, and it gets no standing', () => {
  const council = new Council(3)
  const [alba, bruna, ceiba] = council.founders as [
    (typeof council.founders)[0],
    (typeof council.founders)[0],
    (typeof council.founders)[0],
  ]
  const before = council.ledger.heads()
  const second = { own: council.stranger().own, member: alba.member }
  const proposal = council.says(
    alba,
    {
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
    },
    before,
  )
  // Somebody vouched in good faith before the word of the theft came.
  council.says(ceiba, { type: 'approve', proposal, seen: [] }, [proposal])
  council.says(ceiba, { type: 'enact', proposal }, council.ledger.heads())
  expect(council.standing(second)).toBe('active')
  council.suspends(bruna, alba)
  expect(council.standing(alba)).toBe('suspended')
  expect(council.standing(second)).toBe('suspended')
})

test('attack 15: a policy a suspended phone back-dates changes nothing', () => {
  const council = new Council(3)
  const [alba, bruna] = council.founders as [(typeof council.founders)[0], (typeof council.founders)[0]]
  const before = council.ledger.heads()
  council.suspends(bruna, alba)
  const proposal = council.says(
    alba,
    { type: 'propose', proposal: { action: 'policy', policy: { admit: 3 } } },
    before,
  )
  council.says(alba, { type: 'enact', proposal }, [proposal])
  expect(council.ledger.state().policy.admit).toBe(2)
})

test('attack 15: whom a suspended phone back-dates in with an honest voucher’s help gets no key and no hearing', () => {
  const { council, alba, bruna, cira, start } = assemble(5, 15)
  council.suspend(cira, alba)
  const ghost = council.stranger()
  council.decide(council.admission(ghost), [alba, bruna], start)
  expect(council.standings(ghost)).toEqual(['suspended'])
  expect(council.ledger.state().members.get(ghost.member)).toMatchObject({ votes: false })
  expect(council.isVoid(council.suspend(ghost, bruna))).toBe(true)
  const { entry, boxes } = createRotate({ ledger: council.ledger, own: bruna.own })
  council.ledger.add([entry.wire])
  expect(boxes.map(({ device }) => device)).not.toContain(ghost.own.id)
  expect(boxes).toHaveLength(4)
})
