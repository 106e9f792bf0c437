import { expect, test } from 'vitest'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import { assemble } from '../ledger/assembly.ts'
import { Council } from '../ledger/council.ts'

/** The same back-dated act in a world where its author was suspended, and in one where nobody was: only the rule differs. */
const bothWays = <T>(attack: (assembly: ReturnType<typeof assemble>) => T) => {
  const [shutOut, free] = [assemble(5, 15), assemble(5, 15)]
  shutOut.council.suspend(shutOut.bruna, shutOut.alba)
  return { suspended: attack(shutOut), free: attack(free) }
}

test('attack 15: a suspended phone back-dates an admission with an honest voucher’s help: nobody gets a standing by it', () => {
  const standing = bothWays(({ council, alba, cira, start }) => {
    const ghost = council.stranger()
    council.decide(council.admission(ghost), [alba, cira], start)
    return council.standings(ghost)
  })
  expect(standing).toEqual({ suspended: ['suspended'], free: ['active'] })
})

test('attack 15: a suspended phone back-dates the lift of its own suspension, with honest votes, and stays suspended', () => {
  const attack = bothWays(({ council, alba, cira, dina, start }) => {
    council.decide(council.lift(alba), [alba, cira, dina], start)
    return council.standing(alba)
  })
  expect(attack).toEqual({ suspended: 'suspended', free: 'active' })
  // Whoever knows of the suspension lifts it with as many votes.
  const { council, alba, bruna, cira, dina } = assemble(5, 15)
  council.suspend(bruna, alba)
  council.decide(council.lift(alba), [bruna, cira, dina])
  expect(council.standing(alba)).toBe('active')
})

test('attack 15: a suspended phone takes back its own suspension: that is for whoever suspended it', () => {
  const { council, alba, bruna } = assemble(3, 15)
  const suspension = council.suspend(bruna, alba)
  expect(council.isVoid(council.says(alba, { type: 'withdraw', target: suspension }, [suspension]))).toBe(
    true,
  )
  expect(council.standing(alba)).toBe('suspended')
  council.says(bruna, { type: 'withdraw', target: suspension })
  expect(council.standing(alba)).toBe('active')
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

test('attack 15: a policy a suspended phone back-dates, with honest votes, changes nothing', () => {
  const admit = bothWays(({ council, alba, cira, dina, start }) => {
    council.decide({ action: 'policy', policy: { admit: 3 } }, [alba, cira, dina], start)
    return council.ledger.state().policy.admit
  })
  expect(admit).toEqual({ suspended: 2, free: 3 })
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
