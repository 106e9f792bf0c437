import { expect } from 'vitest'
import type { EntryId } from '../../../src/lib/core/ids.ts'
import { isVoid, rotates, standing, type Rule, type Told } from './rule.ts'

const POLICY = { action: 'policy', policy: { admit: 4 } } as const

/** Bruna rotated at the start; that is settled, or not; and Dina suspends her with a date of before. */
const backDated = ({ said, alba, bruna, cira, dina, start }: Told, settled: 'settled' | 'open') => {
  const epoch = said.says(
    bruna,
    { type: 'rotate', prev: [], commit: new Uint8Array(32), boxRoot: new Uint8Array(32) },
    start,
  )
  const pin = settled === 'settled' ? said.settles([alba, bruna, cira, dina], [epoch]) : null
  const suspension = said.suspends(dina, bruna, start)
  return { epoch, pin, suspension }
}

/** Two pasts that contradict each other, both signed by enough. */
const rivals = ({ said, alba, bruna, cira, dina, elva, start }: Told) => {
  const { enacted: yes } = said.decides([alba, bruna, cira], POLICY, start)
  const no = said.says(elva, { type: 'merge' }, start)
  const pinned = said.settles([alba, bruna, cira, dina], [yes])
  const rival = said.settles([bruna, cira, dina, elva], [no])
  return { pinned, rival }
}

/** What the strata of the evaluation do to acts that are allowed by themselves. */
export const STRATA = {
  'the cut': {
    allows: (told) => {
      const { said, alba, bruna, cira, elva } = told
      // What those who revoke it knew of stands.
      const heard = rotates(told, elva)
      said.revokes(elva, [alba, bruna, cira])
      expect([isVoid(told, heard), standing(told, elva)]).toEqual([false, 'revoked'])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, elva, start } = told
      const unheard = said.suspends(elva, alba, start)
      said.revokes(elva, [alba, bruna, cira], start)
      expect([isVoid(told, unheard), standing(told, alba)]).toEqual([true, 'active'])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva, start } = told
      // A revocation stays; what it cut comes back only where enough settled it without knowing of the revocation.
      const unheard = said.says(elva, { type: 'invite', invitePk: new Uint8Array(32), uses: 1 }, start)
      said.revokes(elva, [alba, bruna, cira], start)
      expect(isVoid(told, unheard)).toBe(true)
      said.lifts(elva, [alba, bruna, cira, dina])
      expect(isVoid(told, unheard)).toBe(true)
      said.settles([alba, bruna, cira, dina], [unheard])
      expect([isVoid(told, unheard), standing(told, elva)]).toEqual([false, 'revoked'])
      // Whatever else it says with a date of before is cut as it was.
      expect(isVoid(told, said.suspends(elva, alba, start))).toBe(true)
    },
  },
  'the late rule': {
    allows: (told) => {
      const { epoch } = backDated(told, 'settled')
      expect([isVoid(told, epoch), standing(told, told.bruna)]).toEqual([false, 'suspended'])
    },
    refuses: (told) => {
      // Nothing is settled: whatever knew nothing of the suspension is silenced by it.
      const { epoch } = backDated(told, 'open')
      expect([isVoid(told, epoch), standing(told, told.bruna)]).toEqual([true, 'suspended'])
    },
    undone: (told) => {
      const { said, bruna, cira, dina, elva, start } = told
      const { epoch, pin } = backDated(told, 'settled')
      // As long as what settled it is final: contradicted by another, it covers only whoever holds to it.
      const other = said.says(elva, { type: 'merge' }, start)
      said.settles([bruna, cira, dina, elva], [other])
      expect([isVoid(told, epoch), said.state(pin).void.has(epoch)]).toEqual([true, false])
      const above = said.settles([told.alba, bruna, cira, dina])
      expect([said.state().finals.at(-1), isVoid(told, epoch)]).toEqual([above, true])
    },
  },
  'the cap': {
    allows: (told) => {
      for (const target of [told.bruna, told.cira]) told.said.suspends(told.alba, target)
      expect(told.said.standings(told.bruna, told.cira)).toEqual(['suspended', 'suspended'])
      // Of one’s own phones as many as one likes: they are no others.
      const phone = told.said.another(told.alba)
      told.said.decides([told.alba, told.elva], told.said.entrant('addDevice', phone))
      told.said.suspends(told.alba, phone)
      expect(standing(told, phone)).toBe('suspended')
    },
    refuses: (told) => {
      for (const target of [told.bruna, told.cira, told.dina]) told.said.suspends(told.alba, target)
      expect(told.said.standings(told.bruna, told.cira, told.dina)).toEqual([
        'suspended',
        'suspended',
        'active',
      ])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const [first] = [bruna, cira, dina].map((target) => said.suspends(alba, target)) as [EntryId]
      // Seconded by another it bites; alone again it does not. One taken back wakes none that was too many; said anew it has room.
      const second = said.suspends(elva, dina)
      expect(standing(told, dina)).toBe('suspended')
      said.says(elva, { type: 'withdraw', target: second })
      expect(standing(told, dina)).toBe('active')
      said.says(alba, { type: 'withdraw', target: first })
      expect(said.standings(bruna, cira, dina)).toEqual(['active', 'suspended', 'active'])
      said.suspends(alba, dina)
      expect(said.standings(bruna, cira, dina)).toEqual(['active', 'suspended', 'suspended'])
    },
  },
  'the cascade': {
    allows: (told) => {
      const { said, alba, bruna, dina } = told
      const phone = said.another(alba)
      said.decides([alba, bruna], said.entrant('addDevice', phone))
      said.suspends(dina, alba)
      expect(said.standings(alba, phone)).toEqual(['suspended', 'suspended'])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const phone = said.another(alba)
      said.decides([alba, bruna], said.entrant('addDevice', phone))
      // Once it is settled that it belongs, it stands by itself; and nobody they vouched for as members goes with them.
      said.settles([alba, bruna, cira, dina])
      said.suspends(dina, alba)
      expect(said.standings(alba, phone)).toEqual(['suspended', 'active'])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const phone = said.another(alba)
      said.decides([alba, bruna], said.entrant('addDevice', phone))
      const suspension = said.suspends(dina, alba)
      said.says(dina, { type: 'withdraw', target: suspension })
      expect(said.standings(alba, phone)).toEqual(['active', 'active'])
      said.suspends(dina, alba)
      expect(said.standings(alba, phone)).toEqual(['suspended', 'suspended'])
      said.lifts(alba, [bruna, cira, dina])
      expect(standing(told, alba)).toBe('active')
      // Carried out by somebody who was put out meanwhile, it is settled that it does not belong: not that it does.
      const third = said.another(alba)
      const proposal = said.says(alba, { type: 'propose', proposal: said.entrant('addDevice', third) })
      const vote = said.says(bruna, { type: 'approve', proposal, seen: [] })
      const cut = said.says(elva, { type: 'enact', proposal })
      said.revokes(elva, [alba, bruna, cira], [vote])
      said.settles([alba, bruna, cira, dina])
      expect([isVoid(told, cut), standing(told, third)]).toEqual([true, 'unknown'])
      said.says(alba, { type: 'enact', proposal })
      expect(standing(told, third)).toBe('active')
      said.suspends(dina, alba)
      expect(said.standings(alba, phone, third)).toEqual(['suspended', 'active', 'suspended'])
    },
  },
  'the pin': {
    allows: (told) => {
      const { pinned } = rivals(told)
      expect([told.said.state(pinned).finals, told.said.state(pinned).policy.admit]).toEqual([[pinned], 4])
    },
    refuses: (told) => {
      const { pinned, rival } = rivals(told)
      expect(told.said.state(pinned).checkpoints.get(rival)?.status).toBe('conflicting')
      // Of a past that is not here nothing is final: better to settle nothing than another past.
      expect(told.said.state('f'.repeat(64) as EntryId).finals).toEqual([])
    },
    undone: (told) => {
      const { pinned, rival } = rivals(told)
      // Without it neither counts; whoever holds to the other reads the other; and back.
      expect(told.said.state().finals).toEqual([])
      expect(told.said.state(rival).finals).toEqual([rival])
      expect(told.said.state(pinned).finals).toEqual([pinned])
    },
  },
} satisfies Readonly<Record<string, Rule>>
