import { expect } from 'vitest'
import type { EntryId } from '../../../src/lib/core/ids.ts'
import { expectOk } from '../../../src/lib/core/result.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../../src/lib/ledger/genesis.ts'
import { createLedger } from '../../../src/lib/ledger/graph.ts'
import type { ParentVerdict } from '../../../src/lib/ledger/mirror.ts'
import type { Act } from '../../../src/lib/ledger/types.ts'
import { assemble } from '../assembly.ts'
import { spellState } from '../oracle/compare.ts'
import { isVoid, rotates, silencedAndBack, standing, type Rule, type Told } from './rule.ts'

const POLICY = { action: 'policy', policy: { admit: 4 } } as const
const proposes = ({ said }: Told, who: Told['alba'], on?: readonly EntryId[]) =>
  said.says(who, { type: 'propose', proposal: POLICY }, on)
const approves = ({ said }: Told, who: Told['alba'], proposal: EntryId, on?: readonly EntryId[]) =>
  said.says(who, { type: 'approve', proposal, seen: [] }, on)
const proposalOf = ({ said }: Told, id: EntryId) => said.state().proposals.get(id)
const statusOf = ({ said }: Told, id: EntryId) => said.state().checkpoints.get(id)?.status

/** All that is so, but for which entries count. */
const soIs = ({ said }: Told) => {
  const { void: _, ...rest } = spellState(said.state())
  return rest
}

/** A circle of four, and what the collective around it says of one act of its own and of another. */
const circle = () => {
  const all = assemble(4)
  const [act, over] = [all.council.ledger.coll as EntryId, 'cd'.repeat(32) as EntryId]
  const verdicts = new Map<EntryId, ParentVerdict>([[act, { type: 'suspends', devices: [all.alba.own.id] }]])
  const ledger = expectOk(
    createLedger(all.council.genesis, null, { askParent: (id) => verdicts.get(id) ?? { type: 'unknown' } }),
  )
  const mirrors = (of: EntryId, on?: readonly EntryId[]) => {
    const id = all.council.says(all.bruna, { type: 'mirror', act: of }, on)
    ledger.add(all.council.wires)
    return id
  }
  const standingOfAlba = () => ledger.state().devices.get(all.alba.own.id)?.standing
  return { ...all, ledger, act, over, verdicts, mirrors, standingOfAlba }
}

const founded = (seed: number) => {
  const { council, alba, bruna, cira } = assemble(3, seed)
  const founders = [alba, bruna, cira]
  const draft = createGenesis({
    author: alba.own.id,
    founders: founders.map(({ own, member }) => ({ member, device: own.device })),
    nonce: council.random.bytes(16),
    policy: { admit: 2 },
  })
  return { founders, draft, sigs: founders.map(({ own }) => signGenesis(own, draft)) }
}

/** The acts by which all others come about: saying, agreeing, taking back, carrying out, settling, handing on. */
export const SPEECH = {
  genesis: {
    allows: () => {
      const { founders, draft, sigs } = founded(1)
      const { members } = expectOk(createLedger(expectOk(assembleGenesis(draft, sigs)).wire)).state()
      expect([...members.keys()].sort()).toEqual(founders.map(({ member }) => member).sort())
      expect([...members.values()].every(({ votes, founder }) => votes && founder)).toBe(true)
    },
    refuses: () => {
      const { draft, sigs } = founded(1)
      expect(assembleGenesis(draft, sigs.slice(1)).ok).toBe(false)
      expect(assembleGenesis(draft, [sigs[0]!, sigs[0]!, sigs[2]!]).ok).toBe(false)
      expect(createLedger(draft.bytes).ok).toBe(false)
    },
    undone: () => {
      // Nothing undoes a founding. The same people founding once more found another collective, which takes in nothing of this.
      const [first, again] = [founded(1), founded(2)]
      const coll = expectOk(createLedger(expectOk(assembleGenesis(first.draft, first.sigs)).wire)).coll
      const second = expectOk(createLedger(expectOk(assembleGenesis(again.draft, again.sigs)).wire))
      expect(second.coll).not.toBe(coll)
      const { council, alba } = assemble(3)
      council.says(alba, { type: 'withdraw', target: council.ledger.coll })
      expect(council.ledger.state().members.size).toBe(3)
      const before = second.state().hash
      expect(second.add([council.genesis, ...council.wires]).added).toEqual([])
      expect(second.state().hash).toEqual(before)
    },
  },
  merge: {
    allows: (told) => {
      const { said, alba, bruna, cira, start } = told
      const apart = [alba, bruna].map((who) => proposes(told, who, start))
      expect([...said.heads].sort()).toEqual([...apart].sort())
      const id = said.says(cira, { type: 'merge' })
      expect([said.heads, isVoid(told, id)]).toEqual([[id], false])
      // A paused phone, too, says what it knows.
      said.suspends(alba, cira)
      expect(isVoid(told, said.says(cira, { type: 'merge' }))).toBe(false)
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, elva } = told
      said.revokes(elva, [alba, bruna, cira])
      expect(isVoid(told, said.says(elva, { type: 'merge' }))).toBe(true)
    },
    undone: (told) => {
      const { said, alba, bruna, cira, elva } = told
      // It does nothing that could be undone: with it, without it and after it fell everything else is the same.
      const before = soIs(told)
      const on = said.heads
      const id = said.says(elva, { type: 'merge' }, on)
      expect(soIs(told)).toEqual(before)
      said.says(elva, { type: 'withdraw', target: id })
      expect([soIs(told), isVoid(told, id)]).toEqual([before, false])
      said.revokes(elva, [alba, bruna, cira], on)
      expect(isVoid(told, id)).toBe(true)
      const cut = soIs(told)
      expect(spellState(said.without(id))).toMatchObject({ members: cut.members, devices: cut.devices })
    },
  },
  propose: {
    allows: (told) => {
      const id = proposes(told, told.cira)
      expect(proposalOf(told, id)).toMatchObject({ status: 'open', approvals: [told.cira.member], needed: 3 })
      // Whoever is paused may still propose to put somebody out.
      told.said.suspends(told.alba, told.cira)
      const { enacted } = told.said.removes(told.elva, [told.cira, told.bruna, told.dina])
      expect(isVoid(told, enacted)).toBe(false)
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina } = told
      // Only its own person proposes a further phone; a paused one proposes nothing that adds; one that is out, nothing.
      const phone = said.another(alba)
      const stolen = said.says(bruna, { type: 'propose', proposal: said.entrant('addDevice', phone) })
      expect(isVoid(told, stolen)).toBe(true)
      said.suspends(alba, cira)
      expect(isVoid(told, proposes(told, cira))).toBe(true)
      said.revokes(dina, [alba, bruna, cira])
      expect(isVoid(told, proposes(told, dina))).toBe(true)
      expect(said.state().policy.admit).toBe(2)
    },
    undone: (told) => {
      const { said, alba, bruna, cira } = told
      const first = proposes(told, alba)
      for (const who of [bruna, cira]) approves(told, who, first)
      said.says(alba, { type: 'withdraw', target: first })
      expect(proposalOf(told, first)?.status).toBe('withdrawn')
      said.says(bruna, { type: 'enact', proposal: first })
      expect(said.state().policy.admit).toBe(2)
      said.decides([alba, bruna, cira], POLICY)
      expect(said.state().policy.admit).toBe(4)
    },
  },
  approve: {
    allows: (told) => {
      const id = proposes(told, told.alba)
      approves(told, told.bruna, id)
      expect(proposalOf(told, id)?.approvals).toEqual([told.alba.member, told.bruna.member].sort())
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, start } = told
      const id = proposes(told, alba)
      const unheard = approves(told, bruna, id, start)
      const ofNothing = approves(told, bruna, said.words[0]!.id)
      expect([unheard, ofNothing].map((one) => isVoid(told, one))).toEqual([true, true])
      // With two phones, and said twice, it is one voice.
      const phone = said.another(cira)
      said.decides([cira, alba], said.entrant('addDevice', phone))
      for (const who of [cira, cira, phone]) approves(told, who, id)
      expect(proposalOf(told, id)?.approvals).toEqual([alba.member, cira.member].sort())
    },
    undone: (told) => {
      const { said, alba, bruna, cira } = told
      const id = proposes(told, alba)
      approves(told, bruna, id)
      const vote = approves(told, cira, id)
      const enough = said.heads
      said.says(cira, { type: 'withdraw', target: vote })
      expect(proposalOf(told, id)?.approvals).not.toContain(cira.member)
      expect(isVoid(told, said.says(alba, { type: 'enact', proposal: id }))).toBe(true)
      approves(told, cira, id)
      expect(proposalOf(told, id)?.approvals).toContain(cira.member)
      // Who carried it out before it was taken back did so with enough.
      expect(isVoid(told, said.says(alba, { type: 'enact', proposal: id }, enough))).toBe(false)
    },
  },
  withdraw: {
    allows: (told) => {
      const suspension = told.said.suspends(told.alba, told.elva)
      expect(isVoid(told, told.said.says(told.alba, { type: 'withdraw', target: suspension }))).toBe(false)
      expect(standing(told, told.elva)).toBe('active')
    },
    refuses: (told) => {
      const { said, alba, bruna, elva } = told
      const suspension = said.suspends(alba, elva)
      // Not what somebody else said, not what it does not know of, and nothing that cannot be taken back.
      expect(isVoid(told, said.says(bruna, { type: 'withdraw', target: suspension }))).toBe(true)
      const early = said.says(alba, { type: 'withdraw', target: suspension }, told.start)
      expect([isVoid(told, early), standing(told, elva)]).toEqual([true, 'suspended'])
      const epoch = rotates(told, alba)
      said.says(alba, { type: 'withdraw', target: epoch as string as EntryId })
      expect(said.state().epochs.get(epoch)?.void).toBe(false)
    },
    undone: (told) => {
      const { said, alba, elva } = told
      const suspension = said.suspends(alba, elva)
      const taken = said.says(alba, { type: 'withdraw', target: suspension })
      // It is not taken back in turn: whoever changes their mind says the thing anew.
      said.says(alba, { type: 'withdraw', target: taken })
      expect(standing(told, elva)).toBe('active')
      const again = said.suspends(alba, elva)
      expect(standing(told, elva)).toBe('suspended')
      said.says(alba, { type: 'withdraw', target: again })
      expect(standing(told, elva)).toBe('active')
    },
  },
  enact: {
    allows: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const id = proposes(told, alba)
      for (const who of [bruna, cira]) approves(told, who, id)
      // Whoever finds the votes there carries it out.
      expect(isVoid(told, said.says(dina, { type: 'enact', proposal: id }))).toBe(false)
      expect([said.state().policy.admit, proposalOf(told, id)?.status]).toEqual([4, 'enacted'])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const id = proposes(told, alba)
      const one = approves(told, bruna, id)
      const other = approves(told, cira, id, [id])
      // Votes it did not know of do not count, nor those of anybody outside.
      const unknowing = said.says(dina, { type: 'enact', proposal: id }, [one])
      const outside = approves(told, said.stranger(), id, [one])
      const counting = said.says(dina, { type: 'enact', proposal: id }, [outside])
      expect([unknowing, counting].map((act) => isVoid(told, act))).toEqual([true, true])
      expect(said.state().policy.admit).toBe(2)
      expect(isVoid(told, said.says(dina, { type: 'enact', proposal: id }, [one, other]))).toBe(false)
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const id = proposes(told, alba)
      for (const who of [bruna, cira]) approves(told, who, id)
      const before = said.heads
      const act = said.says(dina, { type: 'enact', proposal: id }, before)
      const suspension = said.suspends(elva, dina, before)
      expect([isVoid(told, act), said.state().policy.admit]).toEqual([true, 2])
      said.says(elva, { type: 'withdraw', target: suspension })
      expect([isVoid(told, act), said.state().policy.admit]).toEqual([false, 4])
      // Carried out once more it is as it was.
      const after = soIs(told)
      said.says(bruna, { type: 'enact', proposal: id })
      expect(soIs(told)).toEqual(after)
    },
  },
  grant: {
    allows: (told) => {
      const epoch = rotates(told, told.alba)
      const act: Act = { type: 'grant', epochs: [epoch], device: told.bruna.own.id, box: new Uint8Array() }
      const id = told.said.says(told.alba, act)
      expect(told.said.state().grants).toMatchObject([{ id, device: told.bruna.own.id, epochs: [epoch] }])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, elva } = told
      const old = rotates(told, alba)
      const hands = (device: Told['alba'], on?: readonly EntryId[]) =>
        isVoid(
          told,
          said.says(
            bruna,
            { type: 'grant', epochs: [old], device: device.own.id, box: new Uint8Array() },
            on,
          ),
        )
      // To nobody who is paused or unknown, of no key it has not heard of; and no history to newcomers before they are settled.
      expect(hands(said.stranger())).toBe(true)
      expect(hands(cira, told.start)).toBe(true)
      said.suspends(alba, elva)
      expect(hands(elva)).toBe(true)
      const guest = said.stranger()
      said.admits(guest, [alba, bruna])
      expect(hands(guest)).toBe(true)
      said.settles([alba, bruna, cira, told.dina])
      expect(hands(guest)).toBe(false)
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, {
        type: 'grant',
        epochs: [rotates(told, told.alba)],
        device: told.dina.own.id,
        box: new Uint8Array(),
      }),
  },
  mirror: {
    allows: () => {
      const { act, ledger, mirrors, standingOfAlba } = circle()
      const id = mirrors(act)
      expect([standingOfAlba(), ledger.state().void.has(id)]).toEqual(['suspended', false])
    },
    refuses: () => {
      const { council, act, verdicts, ledger, mirrors, standingOfAlba } = circle()
      verdicts.set(act, { type: 'void' })
      const id = mirrors(act)
      expect([standingOfAlba(), ledger.state().void.has(id)]).toEqual(['active', true])
      // Where there is nothing above, nothing can be mirrored.
      expect(council.isVoid(id)).toBe(true)
    },
    undone: () => {
      const { act, over, verdicts, mirrors, standingOfAlba, ledger } = circle()
      mirrors(act)
      verdicts.set(over, { type: 'lifts', acts: [act] })
      mirrors(over)
      expect(standingOfAlba()).toBe('active')
      // The collective puts the phone on pause once more, by another act.
      const again = 'ab'.repeat(32) as EntryId
      verdicts.set(again, { type: 'suspends', devices: [...ledger.state().devices.keys()].slice(0, 1) })
      const [device] = [...ledger.state().devices.keys()]
      mirrors(again)
      expect(ledger.state().devices.get(device!)?.standing).toBe('suspended')
    },
  },
  checkpoint: {
    allows: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const id = said.settles([alba, bruna, cira, dina])
      expect([said.state().finals, statusOf(told, id)]).toEqual([[id], 'final'])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira } = told
      // Three of five are more than half, and not more than two thirds.
      const id = said.settles([alba, bruna, cira])
      expect([said.state().finals, statusOf(told, id)]).toEqual([[], 'open'])
      const outside = said.settles([said.stranger(), said.stranger(), said.stranger(), said.stranger()])
      expect(statusOf(told, outside)).not.toBe('final')
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva, start } = told
      // Nobody takes one back. Another one that contradicts it, signed by enough, and neither counts for whoever holds to none.
      const [here, there] = [proposes(told, alba, start), proposes(told, bruna, start)]
      const one = said.settles([alba, bruna, cira, dina], [here])
      said.says(alba, { type: 'withdraw', target: one })
      expect(said.state().finals).toEqual([one])
      const rival = said.settles([bruna, cira, dina, elva], [there])
      expect([said.state().finals, statusOf(told, one), statusOf(told, rival)]).toEqual([
        [],
        'conflicting',
        'conflicting',
      ])
      // Above both, it is settled again.
      const above = said.settles([alba, bruna, cira, dina])
      expect(said.state().finals.at(-1)).toBe(above)
    },
  },
  cosign: {
    allows: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const id = said.settles([alba, bruna, cira])
      said.says(dina, { type: 'cosign', checkpoint: id })
      expect(said.state().checkpoints.get(id)).toMatchObject({ status: 'final', needed: 4 })
      // Also from a phone that is paused: what it saw, it saw.
      const next = said.settles([alba, bruna, cira])
      said.suspends(alba, dina)
      said.says(dina, { type: 'cosign', checkpoint: next })
      expect(statusOf(told, next)).toBe('final')
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina, start } = told
      const phone = said.another(alba)
      said.decides([alba, bruna], said.entrant('addDevice', phone))
      const id = said.settles([alba, bruna, cira])
      // Twice, with a second phone, or without having heard of it: none of that is a fourth.
      for (const who of [alba, phone]) said.says(who, { type: 'cosign', checkpoint: id })
      said.says(dina, { type: 'cosign', checkpoint: id }, start)
      expect(said.state().checkpoints.get(id)).toMatchObject({ status: 'open' })
      expect(said.state().checkpoints.get(id)!.cosigners).toHaveLength(3)
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      // It stands, whatever its author says or becomes afterwards; and it counts however late it comes.
      const id = said.settles([alba, bruna, cira])
      const late = said.settles([alba, bruna, cira])
      const sign = said.says(dina, { type: 'cosign', checkpoint: id }, [id])
      expect(said.state().finals).toEqual([id])
      said.says(dina, { type: 'withdraw', target: sign })
      said.revokes(dina, [alba, bruna, cira])
      expect(said.state().finals).toEqual([id])
      said.says(elva, { type: 'cosign', checkpoint: late }, [late])
      // What its signers saw is what they signed: that the one below it would be final, they did not know.
      expect(said.state().finals).toEqual([late])
    },
  },
} satisfies Readonly<Record<string, Rule>>
