import { expect } from 'vitest'
import type { EntryId } from '../../../src/lib/core/ids.ts'
import { assemble } from '../assembly.ts'
import { scene } from '../oracle/both.ts'
import { INVITES, type Hand } from '../oracle/made-up.ts'
import { isVoid, rotates, standing, type Rule, type Told } from './rule.ts'

const policy = (admit: number) => ({ action: 'policy', policy: { admit } }) as const
const neededFor = ({ said }: Told, proposed: EntryId) => said.state().proposals.get(proposed)?.needed
const isMember = ({ said }: Told, guest: Hand) => said.isMember(guest)

/** Whether two of those who are there bring somebody in. */
const twoAdmit = (told: Told): boolean => {
  const guest = told.said.stranger()
  told.said.admits(guest, [told.alba, told.bruna])
  return isMember(told, guest)
}

const sleeps = ({ said, alba, bruna, cira }: Told, ...who: readonly Hand[]) =>
  said.decides([alba, bruna, cira], { action: 'dormant', members: who.map(({ member }) => member) })

/** How a checkpoint stands that these co-sign, and how many it takes. */
const settledBy = ({ said }: Told, ...who: readonly Hand[]) => {
  const checkpoint = said.settles(who)
  const { status, needed } = said.state().checkpoints.get(checkpoint)!
  return [status, needed]
}

/** An old key, and an invitation that Alba gave somebody. */
const invited = (told: Told) => {
  const epoch = rotates(told, told.alba)
  const invite = told.said.says(told.alba, { type: 'invite', invitePk: INVITES.publicKey, uses: 1 })
  const on = told.said.heads
  const comesIn = (guest: Hand) =>
    told.said.decides([told.alba, told.bruna], told.said.entrant('admit', guest, invite), on)
  const getsHistory = ({ own }: Hand) => {
    const box = new Uint8Array()
    return !isVoid(told, told.said.says(told.bruna, { type: 'grant', epochs: [epoch], device: own.id, box }))
  }
  const settles = () => told.said.settles([told.alba, told.bruna, told.cira, told.dina])
  return { comesIn, getsHistory, settles }
}

/** Whose word counts, how many it takes, and what a collective does of which too few are left. */
export const VOICES = {
  annul: {
    allows: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const named = [alba, bruna].map((target) => said.suspends(elva, target))
      said.revokes(elva, [bruna, cira, dina], said.heads, named)
      expect(said.standings(alba, bruna, elva)).toEqual(['active', 'active', 'revoked'])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const [hers, unnamed] = [said.suspends(elva, alba), said.suspends(elva, bruna)]
      const other = said.suspends(dina, cira)
      // What is not named stands, and so does what somebody else said; and what too few decide ends nothing.
      said.revokes(elva, [bruna, cira], said.heads, [hers])
      expect(standing(told, alba)).toBe('suspended')
      said.revokes(elva, [bruna, cira, dina], said.heads, [hers, other])
      expect(said.standings(alba, bruna, cira)).toEqual(['active', 'suspended', 'suspended'])
      expect([unnamed, other].map((id) => said.state().suspensions.has(id))).toEqual([true, true])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const puts = (out: Hand, by: EntryId) => said.revokes(out, [bruna, cira, dina], said.heads, [by])
      puts(elva, said.suspends(elva, alba))
      expect(standing(told, alba)).toBe('active')
      // The word stays annulled when its author is back. Said anew, by the new phone, it is a new one, and ends as the first did.
      const phone = said.another(elva)
      said.decides([bruna, cira, dina], said.entrant('recover', phone))
      expect(said.standings(alba, phone)).toEqual(['active', 'active'])
      const again = said.suspends(phone, alba)
      expect(standing(told, alba)).toBe('suspended')
      puts(phone, again)
      expect(said.standings(alba, phone)).toEqual(['active', 'revoked'])
    },
  },
  'the electorate': {
    allows: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const guest = said.stranger()
      said.admits(guest, [alba, bruna])
      said.settles([alba, bruna, cira, dina])
      expect(said.voters()).toBe(6)
      const { proposed } = said.decides([guest, alba, bruna, cira], policy(4))
      expect([said.state().policy.admit, neededFor(told, proposed)]).toEqual([4, 4])
    },
    refuses: (told) => {
      const { said, alba, bruna } = told
      const guest = said.stranger()
      said.admits(guest, [alba, bruna])
      // A member, and nobody has looked yet: so no newcomers outvote those who let them in.
      expect([isMember(told, guest), said.voters()]).toEqual([true, 5])
      const { enacted } = said.decides([guest, alba, bruna], policy(4))
      expect([isVoid(told, enacted), said.state().policy.admit]).toEqual([true, 2])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, elva } = told
      said.says(elva, { type: 'retire', frontier: [] })
      expect([isMember(told, elva), said.voters()]).toEqual([true, 4])
      const phone = said.another(elva)
      said.decides([alba, bruna, cira], said.entrant('recover', phone))
      expect(said.voters()).toBe(5)
      said.removes(elva, [alba, bruna, cira])
      expect(said.voters()).toBe(4)
    },
  },
  thresholds: {
    allows: (told) => {
      expect(twoAdmit(told)).toBe(true)
      const eight = scene(8)
      const guest = eight.said.stranger()
      eight.said.admits(guest, [eight.alba, eight.bruna, eight.cira])
      expect(isMember(eight, guest)).toBe(true)
      const { proposed } = eight.said.decides(eight.said.founders.slice(0, 5), policy(4))
      expect([eight.said.state().policy.admit, neededFor(eight, proposed)]).toEqual([4, 5])
    },
    refuses: () => {
      const eight = scene(8)
      // From eight on two are too few to bring anybody in, whatever was agreed; and half of all decide nothing.
      expect(twoAdmit(eight)).toBe(false)
      const { proposed } = eight.said.decides(eight.said.founders.slice(0, 5), policy(2))
      expect(isVoid(eight, proposed)).toBe(true)
      const { enacted } = eight.said.decides(eight.said.founders.slice(0, 4), policy(4))
      expect([isVoid(eight, enacted), eight.said.state().policy.admit]).toEqual([true, 2])
    },
    undone: () => {
      const told = scene(7)
      const [guest, founders] = [told.said.stranger(), told.said.founders]
      told.said.admits(guest, [told.alba, told.bruna])
      told.said.settles(founders.slice(0, 5))
      expect([told.said.voters(), twoAdmit(told)]).toEqual([8, false])
      told.said.removes(guest, founders.slice(0, 5))
      expect([told.said.voters(), twoAdmit(told)]).toEqual([7, true])
      told.said.decides(founders.slice(0, 4), policy(3))
      expect(twoAdmit(told)).toBe(false)
      told.said.decides(founders.slice(0, 4), policy(2))
      expect(twoAdmit(told)).toBe(true)
    },
  },
  'finality by count, with people away': {
    allows: (told) => {
      const { alba, bruna, cira, dina, elva } = told
      expect(settledBy(told, alba, bruna, cira)).toEqual(['open', 4])
      sleeps(told, dina, elva)
      expect(settledBy(told, alba, bruna, cira)).toEqual(['final', 3])
    },
    refuses: (told) => {
      const { alba, bruna, dina, elva } = told
      sleeps(told, dina, elva)
      // Who is away and signs all the same is no third of those awake.
      expect(settledBy(told, alba, bruna, elva)).toEqual(['open', 4])
      // And however many are away, never without more than half of all.
      sleeps(told, told.cira, dina, elva)
      expect(settledBy(told, alba, bruna)).toEqual(['open', 3])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, elva } = told
      sleeps(told, elva)
      expect(settledBy(told, alba, bruna, cira)).toEqual(['final', 3])
      said.says(elva, { type: 'merge' })
      expect(settledBy(told, alba, bruna, cira)).toEqual(['open', 4])
      sleeps(told, elva)
      expect(settledBy(told, alba, bruna, cira)).toEqual(['final', 3])
    },
  },
  'a contested invitation': {
    allows: (told) => {
      const { comesIn, getsHistory, settles } = invited(told)
      const guest = told.said.stranger()
      comesIn(guest)
      settles()
      expect(getsHistory(guest)).toBe(true)
    },
    refuses: (told) => {
      const { comesIn, getsHistory, settles } = invited(told)
      const [guest, thief] = [told.said.stranger(), told.said.stranger()]
      comesIn(guest)
      comesIn(thief)
      settles()
      // One of them is not who was invited. Both are members; to neither is told what was before.
      expect([guest, thief].map((who) => isMember(told, who))).toEqual([true, true])
      expect([guest, thief].map(getsHistory)).toEqual([false, false])
    },
    undone: (told) => {
      const { said, alba, cira, dina, elva } = told
      const { comesIn, getsHistory, settles } = invited(told)
      const [guest, thief] = [said.stranger(), said.stranger()]
      const { proposed: meant } = comesIn(guest)
      comesIn(thief)
      settles()
      const settled = said.heads
      const confirms = () => said.says(alba, { type: 'enact', proposal: meant })
      confirms()
      expect(getsHistory(guest)).toBe(false)
      for (const who of [cira, dina]) said.says(who, { type: 'approve', proposal: meant, seen: [] })
      confirms()
      expect([guest, thief].map(getsHistory)).toEqual([true, false])
      // Somebody else turns up with it, of whom those who said so had not heard. They say it again.
      comesIn(said.stranger())
      expect(getsHistory(guest)).toBe(false)
      confirms()
      expect([guest, thief].map(getsHistory)).toEqual([true, false])
      // A pause silences one of the four votes it takes, and then is taken back.
      const pause = said.suspends(elva, dina, settled)
      expect(getsHistory(guest)).toBe(false)
      said.says(elva, { type: 'withdraw', target: pause })
      expect(getsHistory(guest)).toBe(true)
    },
  },
  refounding: {
    allows: () => {
      // Two of five are left, and decide nothing any more. With somebody new they found another one, under new ids, and do.
      const [before, anew] = [assemble(5), assemble(3, 8)]
      const stuck = before.council.decide(before.council.removal(before.elva), [before.alba, before.bruna])
      expect(before.council.isVoid(stuck)).toBe(true)
      anew.council.decide(anew.council.removal(anew.cira), [anew.alba, anew.bruna])
      expect(anew.council.isMember(anew.cira)).toBe(false)
    },
    refuses: () => {
      // Nobody comes along: neither people nor what they say, whichever of the two they say it to.
      const [before, anew] = [assemble(5), assemble(3, 8)]
      for (const who of before.council.founders) {
        expect(anew.council.isMember(who)).toBe(false)
        expect(anew.council.ledger.has(anew.council.says(who, { type: 'merge' }))).toBe(false)
      }
      before.council.suspend(before.elva, before.alba)
      const { hash } = anew.council.ledger.state()
      expect(anew.council.ledger.add([before.council.genesis, ...before.council.wires]).added).toEqual([])
      expect(anew.council.ledger.state().hash).toEqual(hash)
    },
    undone: () => {
      // The one before is not ended by it. Whoever was away finds it as it was, and it goes on if enough come back.
      const [before, anew] = [assemble(5), assemble(3, 8)]
      anew.council.says(anew.alba, { type: 'retire', frontier: [] })
      expect([anew.council.standings(anew.alba), before.council.standings(before.alba)]).toEqual([
        ['retired'],
        ['active'],
      ])
      const { alba, bruna, cira, elva } = before
      before.council.decide(before.council.removal(elva), [alba, bruna, cira])
      expect([before.council.isMember(elva), anew.council.ledger.state().members.size]).toEqual([false, 3])
    },
  },
} satisfies Readonly<Record<string, Rule>>
