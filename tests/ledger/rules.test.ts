import { describe, expect, test } from 'vitest'
import type { EntryId, EpochId } from '../../src/lib/core/ids.ts'
import type { Act, Proposal } from '../../src/lib/ledger/types.ts'
import { scene } from './oracle/both.ts'
import type { Hand } from './oracle/made-up.ts'
import {
  at,
  decisionSilencedAndBack,
  feedOf,
  frontierOf,
  isVoid,
  registers,
  rotates,
  silencedAndBack,
  standing,
  type Rule,
} from './rules/rule.ts'
import { SPEECH } from './rules/speech.ts'
import { STRATA } from './rules/strata.ts'
import { VOICES } from './rules/voices.ts'

const ACTS = {
  complain: {
    allows: (told) => {
      const epoch = rotates(told, told.alba)
      const id = told.said.says(told.bruna, { type: 'complain', epoch, reason: 'noBox' })
      expect(told.said.state().complaints).toMatchObject([
        { id, author: told.bruna.own.id, epoch, reason: 'noBox' },
      ])
    },
    refuses: (told) => {
      const { said, bruna, start } = told
      const epoch = rotates(told, told.alba)
      const unheard = said.says(bruna, { type: 'complain', epoch, reason: 'noBox' }, start)
      expect([isVoid(told, unheard), said.state().complaints]).toEqual([true, []])
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, {
        type: 'complain',
        epoch: rotates(told, told.alba),
        reason: 'badBox',
      }),
  },
  amendFrontier: {
    allows: (told) => {
      const { said, alba, bruna, cira } = told
      registers(told, cira)
      said.suspends(alba, cira)
      said.decides([alba, bruna, told.dina], {
        action: 'amendFrontier',
        device: cira.own.id,
        frontier: [at(cira, 4)],
      })
      expect(frontierOf(told, cira)).toEqual([at(cira, 4)])
    },
    refuses: (told) => {
      const { said, alba, bruna, cira } = told
      registers(told, cira)
      said.suspends(alba, cira)
      // Two of five are no majority; and it raises only.
      said.decides([alba, bruna], { action: 'amendFrontier', device: cira.own.id, frontier: [at(cira, 4)] })
      expect(frontierOf(told, cira)).toEqual([])
      said.decides([alba, bruna, told.dina], {
        action: 'amendFrontier',
        device: cira.own.id,
        frontier: [at(cira, 4)],
      })
      said.decides([alba, bruna, told.dina], {
        action: 'amendFrontier',
        device: cira.own.id,
        frontier: [at(cira, 1)],
      })
      expect(frontierOf(told, cira)).toEqual([at(cira, 4)])
    },
    undone: (told) => {
      const { said, cira, elva } = told
      registers(told, elva)
      said.suspends(cira, elva)
      decisionSilencedAndBack(
        told,
        { action: 'amendFrontier', device: elva.own.id, frontier: [at(elva, 2)] },
        () => frontierOf(told, elva).length === 1,
      )
    },
  },
  keeper: {
    allows: (told) => {
      const keeper = told.said.stranger()
      told.said.decides([told.alba, told.bruna, told.cira], told.said.entrant('keeper', keeper))
      const known = told.said.state().devices.get(keeper.own.id)!
      expect([known.kind, known.member, known.standing]).toEqual(['keeper', null, 'active'])
      expect(told.said.state().members.size).toBe(5)
    },
    refuses: (told) => {
      const keeper = told.said.stranger()
      told.said.decides([told.alba, told.bruna], told.said.entrant('keeper', keeper))
      expect(standing(told, keeper)).toBe('unknown')
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina } = told
      const keeper = said.stranger()
      said.decides([alba, bruna, cira], said.entrant('keeper', keeper))
      said.suspends(dina, keeper)
      expect(standing(told, keeper)).toBe('suspended')
      said.lifts(keeper, [alba, bruna, cira])
      expect(standing(told, keeper)).toBe('active')
    },
  },
  minRules: {
    allows: (told) => {
      told.said.decides([told.alba, told.bruna, told.cira], { action: 'minRules', rules: 2 })
      expect(told.said.state().minRules).toBe(2)
    },
    refuses: (told) => {
      told.said.decides([told.alba, told.bruna], { action: 'minRules', rules: 3 })
      expect(told.said.state().minRules).toBe(1)
      // It goes up only.
      told.said.decides([told.alba, told.bruna, told.cira], { action: 'minRules', rules: 3 })
      told.said.decides([told.alba, told.bruna, told.cira], { action: 'minRules', rules: 2 })
      expect(told.said.state().minRules).toBe(3)
    },
    undone: (told) =>
      decisionSilencedAndBack(told, { action: 'minRules', rules: 2 }, () => told.said.state().minRules === 2),
  },
  policy: {
    allows: (told) => {
      told.said.decides([told.alba, told.bruna, told.cira], { action: 'policy', policy: { admit: 4 } })
      expect(told.said.state().policy.admit).toBe(4)
    },
    refuses: (told) => {
      told.said.decides([told.alba, told.bruna], { action: 'policy', policy: { admit: 4 } })
      told.said.decides([told.alba, told.bruna, told.cira], { action: 'policy', policy: { admit: 1 } })
      expect(told.said.state().policy.admit).toBe(2)
    },
    undone: (told) =>
      decisionSilencedAndBack(
        told,
        { action: 'policy', policy: { admit: 3 } },
        () => told.said.state().policy.admit === 3,
      ),
  },
  dormant: {
    allows: (told) => {
      told.said.decides([told.alba, told.bruna, told.cira], {
        action: 'dormant',
        members: [told.elva.member],
      })
      expect(told.said.state().members.get(told.elva.member)?.dormant).toBe(true)
    },
    refuses: (told) => {
      told.said.decides([told.alba, told.bruna], { action: 'dormant', members: [told.elva.member] })
      expect(told.said.state().members.get(told.elva.member)?.dormant).toBe(false)
    },
    undone: (told) => {
      const { said, alba, bruna, cira, elva } = told
      const isDormant = () => said.state().members.get(elva.member)?.dormant
      const puts = () => said.decides([alba, bruna, cira], { action: 'dormant', members: [elva.member] })
      puts()
      said.says(elva, { type: 'merge' })
      expect(isDormant()).toBe(false)
      puts()
      expect(isDormant()).toBe(true)
    },
  },
  retire: {
    allows: (told) => {
      registers(told, told.elva)
      told.said.says(told.elva, { type: 'retire', frontier: [at(told.elva, 3)] })
      expect([standing(told, told.elva), frontierOf(told, told.elva)]).toEqual([
        'retired',
        [at(told.elva, 3)],
      ])
      expect(told.said.voters()).toBe(4)
    },
    refuses: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const retires = (who: Hand, on?: readonly EntryId[]) =>
        said.says(who, { type: 'retire', frontier: [] }, on)
      // A paused phone cannot slip away from what is decided about it.
      said.suspends(alba, elva)
      const paused = retires(elva)
      expect([isVoid(told, paused), standing(told, elva)]).toEqual([true, 'suspended'])
      // Nor one that is out already, nor one that nobody let in.
      said.revokes(dina, [alba, bruna, cira])
      expect(isVoid(told, retires(dina))).toBe(true)
      expect(standing(told, dina)).toBe('revoked')
      expect(isVoid(told, retires(said.stranger()))).toBe(true)
      // It ends the phone that says so, and no other of the same person; nothing that phone says after it counts.
      const second = said.another(cira)
      said.decides([cira, alba], said.entrant('addDevice', second))
      retires(second)
      expect(said.standings(cira, second)).toEqual(['active', 'retired'])
      expect(isVoid(told, rotates(told, second))).toBe(true)
    },
    undone: (told) => {
      // Nothing undoes it, not even its own withdrawal: coming back is a new admission.
      const said = told.said.says(told.elva, { type: 'retire', frontier: [] })
      told.said.says(told.elva, { type: 'withdraw', target: said })
      told.said.lifts(told.elva, [told.alba, told.bruna, told.cira])
      expect(standing(told, told.elva)).toBe('retired')
      const again = told.said.stranger()
      told.said.admits(again, [told.alba, told.bruna])
      expect(standing(told, again)).toBe('active')
    },
  },
  feed: {
    allows: (told) => {
      const entry = registers(told, told.cira)
      expect([...told.said.state().feeds.values()]).toMatchObject([
        { id: feedOf(told.cira), device: told.cira.own.id, entry },
      ])
    },
    refuses: (told) => {
      const stolen = { type: 'feed', feed: feedOf(told.alba), incarnation: new Uint8Array(16) } as const
      expect(isVoid(told, told.said.says(told.cira, stolen))).toBe(true)
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, {
        type: 'feed',
        feed: feedOf(told.cira),
        incarnation: new Uint8Array(16),
      }),
  },
  suspend: {
    allows: (told) => {
      told.said.suspends(told.alba, told.elva)
      expect(standing(told, told.elva)).toBe('suspended')
    },
    refuses: (told) => {
      // One member silences two of five, and no third.
      for (const target of [told.bruna, told.cira, told.dina]) told.said.suspends(told.alba, target)
      expect(
        told.said.standings(told.bruna, told.cira, told.dina).filter((one) => one === 'suspended'),
      ).toHaveLength(2)
    },
    undone: (told) => {
      const { said, alba, bruna, elva } = told
      const suspension = said.suspends(alba, elva)
      said.says(bruna, { type: 'withdraw', target: suspension })
      expect(standing(told, elva)).toBe('suspended')
      said.says(alba, { type: 'withdraw', target: suspension })
      expect(standing(told, elva)).toBe('active')
      said.suspends(alba, elva)
      expect(standing(told, elva)).toBe('suspended')
    },
  },
  revokeDevice: {
    allows: (told) => {
      told.said.revokes(told.elva, [told.alba, told.bruna, told.cira])
      expect(standing(told, told.elva)).toBe('revoked')
    },
    refuses: (told) => {
      // Two of five silence it, and end nothing; its own vote does not help.
      told.said.revokes(told.elva, [told.alba, told.bruna, told.elva])
      expect(standing(told, told.elva)).toBe('suspended')
    },
    undone: (told) => {
      told.said.revokes(told.elva, [told.alba, told.bruna, told.cira])
      told.said.lifts(told.elva, [told.alba, told.bruna, told.cira, told.dina])
      expect(standing(told, told.elva)).toBe('revoked')
      const phone = told.said.another(told.elva)
      told.said.decides([told.alba, told.bruna, told.cira], told.said.entrant('recover', phone))
      expect(told.said.standings(told.elva, phone)).toEqual(['revoked', 'active'])
    },
  },
  removeMember: {
    allows: (told) => {
      told.said.removes(told.elva, [told.alba, told.bruna, told.cira])
      expect([standing(told, told.elva), told.said.isMember(told.elva)]).toEqual(['revoked', false])
    },
    refuses: (told) => {
      told.said.removes(told.elva, [told.alba, told.bruna, told.elva])
      expect([standing(told, told.elva), told.said.isMember(told.elva)]).toEqual(['active', true])
    },
    undone: (told) => {
      told.said.removes(told.elva, [told.alba, told.bruna, told.cira])
      told.said.admits(told.elva, [told.alba, told.bruna])
      expect(told.said.isMember(told.elva)).toBe(false)
      const again = told.said.stranger()
      told.said.admits(again, [told.alba, told.bruna])
      expect(told.said.isMember(again)).toBe(true)
    },
  },
  lift: {
    allows: (told) => {
      told.said.suspends(told.alba, told.elva)
      told.said.lifts(told.elva, [told.bruna, told.cira, told.dina])
      expect(standing(told, told.elva)).toBe('active')
    },
    refuses: (told) => {
      told.said.suspends(told.alba, told.elva)
      told.said.lifts(told.elva, [told.bruna, told.cira, told.elva])
      expect(standing(told, told.elva)).toBe('suspended')
    },
    undone: (told) => {
      told.said.suspends(told.alba, told.elva)
      told.said.lifts(told.elva, [told.bruna, told.cira, told.dina])
      told.said.suspends(told.alba, told.elva)
      expect(standing(told, told.elva)).toBe('suspended')
      told.said.lifts(told.elva, [told.bruna, told.cira, told.dina])
      expect(standing(told, told.elva)).toBe('active')
    },
  },
  admit: {
    allows: (told) => {
      const guest = told.said.stranger()
      told.said.admits(guest, [told.alba, told.bruna])
      expect(told.said.isMember(guest)).toBe(true)
    },
    refuses: (told) => {
      const guest = told.said.stranger()
      told.said.admits(guest, [told.alba])
      expect(told.said.isMember(guest)).toBe(false)
    },
    undone: (told) => {
      const { said, alba, bruna, dina } = told
      const guest = said.stranger()
      const before = said.heads
      said.admits(guest, [alba, bruna], before)
      const suspension = said.suspends(dina, alba, before)
      expect(standing(told, guest)).toBe('suspended')
      said.says(dina, { type: 'withdraw', target: suspension })
      expect(standing(told, guest)).toBe('active')
    },
  },
  addDevice: {
    allows: (told) => {
      const phone = told.said.another(told.alba)
      told.said.decides([told.alba, told.bruna], told.said.entrant('addDevice', phone))
      expect(standing(told, phone)).toBe('active')
    },
    refuses: (told) => {
      const phone = told.said.another(told.alba)
      told.said.decides([told.alba], told.said.entrant('addDevice', phone))
      told.said.decides([told.bruna, told.cira], told.said.entrant('addDevice', phone))
      expect(standing(told, phone)).toBe('unknown')
    },
    undone: (told) => {
      const { said, alba, bruna, dina } = told
      const phone = said.another(alba)
      said.decides([alba, bruna], said.entrant('addDevice', phone))
      const suspension = said.suspends(dina, alba)
      // Whoever is suspended takes along the devices they brought in.
      expect(said.standings(alba, phone)).toEqual(['suspended', 'suspended'])
      said.says(dina, { type: 'withdraw', target: suspension })
      expect(said.standings(alba, phone)).toEqual(['active', 'active'])
    },
  },
  recover: {
    allows: (told) => {
      const phone = told.said.another(told.elva)
      told.said.decides([told.alba, told.bruna, told.cira], told.said.entrant('recover', phone))
      expect(told.said.standings(told.elva, phone)).toEqual(['revoked', 'active'])
    },
    refuses: (told) => {
      const phone = told.said.another(told.elva)
      told.said.decides([told.alba, told.bruna], told.said.entrant('recover', phone))
      expect(told.said.standings(told.elva, phone)).toEqual(['active', 'unknown'])
    },
    undone: (told) => {
      const { said, alba, bruna, cira, dina, elva } = told
      const phone = said.another(elva)
      const before = said.heads
      said.decides([alba, bruna, cira], said.entrant('recover', phone), before)
      const suspension = said.suspends(dina, alba, before)
      // What it ends stays ended; who it brings in waits.
      expect(said.standings(elva, phone)).toEqual(['revoked', 'suspended'])
      said.says(dina, { type: 'withdraw', target: suspension })
      expect(said.standings(elva, phone)).toEqual(['revoked', 'active'])
    },
  },
  rotate: {
    allows: (told) => {
      const epoch = rotates(told, told.alba)
      expect(told.said.state().epochs.get(epoch)).toMatchObject({ void: false })
    },
    refuses: (told) => {
      const unknown = '3'.repeat(64) as EpochId
      const id = told.said.says(told.alba, {
        type: 'rotate',
        prev: [unknown],
        commit: new Uint8Array(32),
        boxRoot: new Uint8Array(32),
      })
      expect(told.said.state().epochs.has(id as string as EpochId)).toBe(false)
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, {
        type: 'rotate',
        prev: [],
        commit: new Uint8Array(32),
        boxRoot: new Uint8Array(32),
      }),
  },
  invite: {
    allows: (told) => {
      const id = told.said.says(told.alba, { type: 'invite', invitePk: new Uint8Array(32), uses: 1 })
      expect(told.said.state().invites.has(id)).toBe(true)
    },
    refuses: () => {
      const pair = scene(2)
      const id = pair.said.says(pair.alba, { type: 'invite', invitePk: new Uint8Array(32), uses: 1 })
      expect(pair.said.state().invites.has(id)).toBe(false)
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, { type: 'invite', invitePk: new Uint8Array(32), uses: 1 }),
  },
  rekey: {
    allows: (told) => {
      const { kemPk } = told.said.stranger().own.device
      told.said.says(told.cira, { type: 'rekey', kemPk })
      expect(told.said.state().devices.get(told.cira.own.id)!.kemPk).toEqual(kemPk)
    },
    refuses: (told) => {
      const { said, cira, start } = told
      // Two at once tell of a copied phone: neither counts.
      for (let i = 0; i < 2; i++)
        said.says(cira, { type: 'rekey', kemPk: said.stranger().own.device.kemPk }, start)
      expect(standing(told, cira)).toBe('suspended')
      expect(said.state().devices.get(cira.own.id)!.kemPk).toEqual(cira.own.device.kemPk)
    },
    undone: (told) =>
      silencedAndBack(told, told.cira, { type: 'rekey', kemPk: told.said.stranger().own.device.kemPk }),
  },
} satisfies Readonly<Record<string, Rule>>

/** Every act and every proposal there is has its rule here; a new one that has none does not compile. */
const ALL = { ...ACTS, ...SPEECH } satisfies Record<Act['type'] | Proposal['action'], Rule>

for (const [name, { allows, refuses, undone }] of Object.entries<Rule>({ ...ALL, ...STRATA, ...VOICES }))
  describe(`the rule of ${name}`, () => {
    test('allows', () => allows(scene(5)))
    test('refuses', () => refuses(scene(5)))
    test('undone, and done again', () => undone(scene(5)))
  })

test('no rule is here twice', () => {
  const names = [ACTS, SPEECH, STRATA, VOICES].flatMap((rules) => Object.keys(rules))
  expect(new Set(names).size).toBe(names.length)
})
