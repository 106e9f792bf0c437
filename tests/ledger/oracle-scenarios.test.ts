import { expect, test } from 'vitest'
import type { EntryId, EpochId, RecId } from '../../src/lib/core/ids.ts'
import { feedIdOf } from '../../src/lib/ledger/feed-id.ts'
import { scene } from './oracle/both.ts'
import { COLL, INVITES, type Hand } from './oracle/made-up.ts'

// Each scene is judged twice, by the ledger and by the second reader; wherever they differ the test fails.

/** Three founders, three newcomers, and everybody settled. */
const grown = () => {
  const { said, alba, bruna, cira, start } = scene(3)
  const [fina, gala, hera] = [said.stranger(), said.stranger(), said.stranger()]
  for (const guest of [fina, gala, hera]) said.admits(guest, [alba, bruna])
  const before = said.words.length
  const checkpoint = said.settles([alba, bruna, cira])
  const cosigns = said.words.slice(before + 1).map(({ id }) => id)
  return { said, alba, bruna, cira, start, fina, gala, hera, checkpoint, cosigns }
}

test('a stolen phone that suspends all four others silences two of them', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  for (const who of [bruna, cira, dina, elva]) said.suspends(alba, who, start)
  const silenced = said.standings(bruna, cira, dina, elva).filter((one) => one === 'suspended')
  expect(silenced).toHaveLength(2)
})

test('then one tap by somebody still free silences the stolen phone', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  for (const who of [bruna, cira, dina, elva]) said.suspends(alba, who, start)
  const free = [bruna, cira, dina, elva].filter((who) => said.standings(who)[0] === 'active')
  expect(free).toHaveLength(2)
  said.suspends(free[0]!, alba)
  expect(said.standings(alba)).toEqual(['suspended'])
  expect([bruna, cira, dina, elva].filter((who) => said.standings(who)[0] === 'active')).toEqual(free)
})

test('the suspended keep their vote: a majority revokes the stolen phone and annuls what it said', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const suspensions = [bruna, cira, dina, elva].map((who) => said.suspends(alba, who, start))
  said.revokes(alba, [bruna, cira, dina], suspensions, suspensions)
  expect(said.standings(alba, bruna, cira, dina, elva)).toEqual([
    'revoked',
    'active',
    'active',
    'active',
    'active',
  ])
})

test('two of five revoke nobody', () => {
  const { said, alba, bruna, cira, start } = scene(5)
  said.revokes(alba, [bruna, cira], start)
  expect(said.standings(alba)).toEqual(['suspended'])
})

test('a revoked phone that dates an admission back lets no ghost in, though it would have without the revocation', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const ghost = said.stranger()
  const { proposed } = said.revokes(alba, [bruna, cira, dina], start)
  said.admits(ghost, [alba, elva], start)
  expect(said.isMember(ghost)).toBe(false)
  expect(said.without(proposed).members.has(ghost.member)).toBe(true)
})

test('whatever the ghost says is void', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const ghost = said.stranger()
  said.revokes(alba, [bruna, cira, dina], start)
  const { enacted } = said.admits(ghost, [alba, elva], start)
  const suspension = said.suspends(ghost, bruna, [enacted])
  expect(said.state().void.has(enacted)).toBe(true)
  expect(said.standings(ghost)).toEqual(['unknown'])
  expect(said.state().suspensions.has(suspension)).toBe(true) // a nuisance that a majority lifts
  said.lifts(bruna, [cira, dina, elva])
  expect(said.standings(bruna)).toEqual(['active'])
})

test('two who suspend each other are both silent, and the others say who speaks again', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const suspensions = [said.suspends(alba, bruna, start), said.suspends(bruna, alba, start)]
  expect(said.standings(alba, bruna)).toEqual(['suspended', 'suspended'])
  said.lifts(bruna, [cira, dina, elva], suspensions)
  expect(said.standings(alba, bruna)).toEqual(['suspended', 'active'])
})

test('a suspended phone does not lift its own suspension', () => {
  const { said, alba, bruna, start } = scene(5)
  said.lifts(alba, [alba], [said.suspends(bruna, alba, start)])
  expect(said.standings(alba)).toEqual(['suspended'])
})

test('two of three founders date an admission back: while nothing is final it counts', () => {
  const { said, alba, bruna, start, checkpoint } = grown()
  const ghost = said.stranger()
  said.admits(ghost, [alba, bruna], start)
  expect(said.without(checkpoint).members.has(ghost.member)).toBe(true)
})

test('it falls once both their phones are revoked by those who did not know of it', () => {
  const { said, alba, bruna, cira, fina, gala, hera, start, cosigns } = grown()
  const ghost = said.stranger()
  const first = said.revokes(alba, [cira, fina, gala, hera], cosigns)
  said.revokes(bruna, [cira, fina, gala, hera], [first.enacted])
  said.admits(ghost, [alba, bruna], start)
  expect(said.standings(alba, bruna)).toEqual(['revoked', 'revoked'])
  expect(said.isMember(ghost)).toBe(false)
})

test('a majority of the past is none once more people are settled: two of three back then are two of six', () => {
  const { said, alba, bruna, start, checkpoint } = grown()
  const { enacted } = said.decides([alba, bruna], { action: 'policy', policy: { admit: 4 } }, start)
  expect(said.without(checkpoint).policy.admit).toBe(4)
  expect(said.state().policy.admit).toBe(2)
  expect(said.state().void.has(enacted)).toBe(true)
})

test('two majorities that remove each other’s speaker both prevail, and nobody wins by speaking first', () => {
  const { said, alba, bruna, cira, elva, start } = scene(5)
  said.removes(elva, [alba, bruna, cira], start)
  said.removes(alba, [elva, bruna, cira], start)
  expect([said.isMember(alba), said.isMember(elva), said.voters()]).toEqual([false, false, 3])
})

test('a stolen phone alone brings in no second phone, with a vouch it does', () => {
  const { said, alba, bruna, start } = scene(5)
  const second = said.another(alba)
  said.decides([alba], said.entrant('addDevice', second), start)
  expect(said.standings(second)).toEqual(['unknown'])
  said.decides([alba, bruna], said.entrant('addDevice', second), start)
  expect(said.standings(second)).toEqual(['active'])
})

test('a suspension that the second phone did not know of keeps it silent until it is lifted', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const second = said.another(alba)
  said.decides([alba, bruna], said.entrant('addDevice', second), start)
  said.suspends(cira, alba, start)
  expect(said.standings(second)).toEqual(['suspended'])
  said.lifts(alba, [bruna, dina, elva])
  said.lifts(second, [bruna, dina, elva])
  expect(said.standings(alba, second)).toEqual(['active', 'active'])
})

test('one founder of three admits no ghosts, however far back', () => {
  const { said, alba, start, checkpoint } = grown()
  const ghosts = Array.from({ length: 5 }, () => said.stranger())
  for (const ghost of ghosts) said.admits(ghost, [alba], start)
  const { members } = said.without(checkpoint)
  expect(ghosts.filter(({ member }) => members.has(member))).toEqual([])
})

test('the ghosts of two founders vote on nothing, so that they put nobody out', () => {
  const { said, alba, bruna, cira, start } = scene(3)
  const ghosts = Array.from({ length: 5 }, () => said.stranger())
  let on = start
  for (const ghost of ghosts) on = [said.admits(ghost, [alba, bruna], on).enacted]
  said.revokes(cira, ghosts, said.heads)
  expect([ghosts.filter((ghost) => said.isMember(ghost)).length, said.voters()]).toEqual([5, 3])
  expect(said.standings(cira)).toEqual(['suspended'])
})

test('a rival checkpoint by one or two of three founders is nothing; by all three neither counts, except for who pinned one', () => {
  for (const [signers, open, pinned] of [
    [1, 1, 1],
    [2, 1, 1],
    [3, 0, 1],
  ] as const) {
    const { said, alba, bruna, cira, start, checkpoint } = grown()
    said.settles([alba, bruna, cira].slice(0, signers), start)
    expect(said.state().finals).toHaveLength(open)
    expect(said.state(checkpoint).finals).toHaveLength(pinned)
    expect(said.voters(checkpoint)).toBe(6)
  }
})

test('who is settled stays, whatever suspensions are dated back', () => {
  const { said, alba, bruna, cira, start } = grown()
  for (const who of [alba, bruna]) said.suspends(cira, who, start)
  expect([said.state().members.size, said.voters()]).toEqual([6, 6])
  expect(said.standings(alba, bruna)).toEqual(['suspended', 'suspended'])
})

test('two of three founders date a revocation back: of six it is none', () => {
  const { said, alba, bruna, cira, start, checkpoint } = grown()
  const { enacted, proposed } = said.revokes(alba, [bruna, cira], start)
  expect(said.without(checkpoint).devices.get(alba.own.id)?.standing).toBe('revoked')
  expect(said.state().void.has(enacted)).toBe(true)
  expect(said.state().devices.get(alba.own.id)).toMatchObject({
    standing: 'suspended',
    suspensions: [proposed],
  })
})

test('whoever suspended her is revoked: she stays suspended, unless that is annulled by name', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const suspension = said.suspends(bruna, alba, start)
  const { enacted } = said.revokes(bruna, [cira, dina, elva], [suspension])
  expect(said.standings(alba, bruna)).toEqual(['suspended', 'revoked'])
  said.revokes(bruna, [cira, dina, elva], [enacted], [suspension])
  expect(said.standings(alba)).toEqual(['active'])
})

test('a checkpoint beside a revocation takes four of five founders, and newcomers do not help', () => {
  const trial = (names: string) => {
    const { said, alba, bruna, cira, dina, elva, start } = scene(5)
    const { enacted } = said.revokes(elva, [alba, bruna, cira], start)
    const [fina, gala] = [said.stranger(), said.stranger()]
    const first = said.admits(fina, [dina, bruna, cira], start)
    const last = said.admits(gala, [dina, bruna, cira], [first.enacted])
    const people = { b: bruna, c: cira, d: dina, e: elva, f: fina, g: gala }
    said.settles(
      [...names].map((name) => people[name as keyof typeof people]),
      [last.enacted],
    )
    return {
      finals: said.state().finals.length,
      elva: said.standings(elva)[0],
      isVoid: said.state().void.has(enacted),
    }
  }
  expect(trial('defg')).toEqual({ finals: 0, elva: 'revoked', isVoid: false })
  expect(trial('bdefg')).toEqual({ finals: 0, elva: 'revoked', isVoid: false })
  // Two who voted for the revocation co-signed that it never was, which honest apps do not; then it needs four of seven.
  expect(trial('bcde')).toEqual({ finals: 1, elva: 'suspended', isVoid: true })
})

test('those who are away are not waited for, yet two of five settle nothing', () => {
  const { said, alba, bruna, cira, dina, elva } = scene(5)
  const away = [cira, dina, elva].map(({ member }) => member)
  said.decides([alba, bruna, cira], { action: 'dormant', members: [...away].sort() }, said.start)
  const settled = said.settles([alba, bruna])
  expect([...said.state().members.values()].filter(({ dormant }) => dormant)).toHaveLength(3)
  expect(said.state().finals).toEqual([])
  said.says(cira, { type: 'cosign', checkpoint: settled }, [settled])
  expect(said.state().finals).toEqual([settled])
})

test('three of five who are not away settle what four would have had to', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  said.settles([alba, bruna, cira], start)
  expect(said.state().finals).toEqual([])
  said.decides([alba, bruna, cira], { action: 'dormant', members: [dina.member, elva.member].sort() }, start)
  said.settles([alba, bruna], said.heads)
  expect(said.state().finals).toEqual([])
  said.settles([alba, bruna, cira])
  expect(said.state().finals).toHaveLength(1)
})

test('a second phone that was settled goes on when the one that brought it in is suspended', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const [second, third] = [said.another(alba), said.another(alba)]
  said.decides([alba, bruna], said.entrant('addDevice', second), start)
  said.settles([alba, bruna, cira, dina])
  said.decides([alba, bruna], said.entrant('addDevice', third))
  said.suspends(elva, alba)
  expect(said.standings(alba, second, third)).toEqual(['suspended', 'active', 'suspended'])
})

test('a proposal that its author took back is carried out by nobody who knows', () => {
  const { said, alba, bruna, cira, dina, start } = scene(5)
  const proposal = { action: 'policy', policy: { admit: 4 } } as const
  const proposed = said.says(alba, { type: 'propose', proposal }, start)
  const votes = [bruna, cira, dina].map((who) =>
    said.says(who, { type: 'approve', proposal: proposed, seen: [] }, [proposed]),
  )
  said.says(alba, { type: 'withdraw', target: proposed }, [proposed])
  said.says(bruna, { type: 'enact', proposal: proposed })
  expect(said.state().policy.admit).toBe(2)
  said.says(bruna, { type: 'enact', proposal: proposed }, votes)
  expect(said.state().policy.admit).toBe(4) // whoever did not know carried out what had its votes
})

test('a phone that a thief brings in beside a recovery falls with the stolen one', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const [fresh, stolen] = [said.another(alba), said.another(alba)]
  const proposed = said.says(alba, { type: 'propose', proposal: said.entrant('addDevice', stolen) }, start)
  const vouch = said.says(bruna, { type: 'approve', proposal: proposed, seen: [] }, [proposed])
  said.decides([cira, dina, elva], said.entrant('recover', fresh), [proposed])
  said.says(bruna, { type: 'enact', proposal: proposed }, [vouch])
  expect(said.standings(alba, fresh, stolen)).toEqual(['revoked', 'active', 'unknown'])
})

test('of two, either silences the other’s phone, and neither puts the other out or lets anybody in', () => {
  const { said, alba, bruna, start } = scene(2)
  const guest = said.stranger()
  said.admits(guest, [alba, bruna], start)
  said.removes(bruna, [alba], start)
  expect([said.isMember(guest), said.isMember(bruna)]).toEqual([false, true])
  const second = said.another(bruna)
  said.decides([bruna, alba], said.entrant('addDevice', second))
  said.suspends(alba, bruna)
  expect(said.standings(bruna, second)).toEqual(['suspended', 'suspended'])
  said.settles([alba, bruna])
  expect(said.state().finals).toHaveLength(1)
})

test('alone, nobody admits, suspends or settles', () => {
  const { said, alba, start } = scene(1)
  const guest = said.stranger()
  said.admits(guest, [alba, alba], start)
  said.suspends(alba, alba)
  said.settles([alba])
  expect([said.isMember(guest), said.standings(alba)[0], said.state().finals.length]).toEqual([
    false,
    'active',
    0,
  ])
})

test('from eight who vote on, an admission takes three', () => {
  const { said, alba, bruna, cira, start } = scene(8)
  const [fina, gala] = [said.stranger(), said.stranger()]
  said.admits(fina, [alba, bruna], start)
  said.admits(gala, [alba, bruna, cira], start)
  expect([said.isMember(fina), said.isMember(gala)]).toEqual([false, true])
})

test('with two phones one still co-signs with one, the first that stands', () => {
  const { said, alba, bruna, cira, dina, start } = scene(5)
  const second = said.another(alba)
  const { enacted } = said.decides([alba, bruna], said.entrant('addDevice', second), start)
  said.settles([second, bruna, cira, dina], [enacted])
  expect(said.state().finals).toEqual([])
  said.revokes(alba, [bruna, cira, dina], [enacted])
  said.lifts(second, [bruna, cira, dina])
  said.settles([second, bruna, cira, dina])
  expect(said.state().finals).toHaveLength(1)
})

test('who came in by an invitation that brought in somebody else too gets no history, until a majority that knows of both says whom it meant', () => {
  const { said, alba, bruna, cira, dina, start } = scene(5)
  const rotate = {
    type: 'rotate',
    prev: [],
    commit: new Uint8Array(32),
    boxRoot: new Uint8Array(32),
  } as const
  const epoch = said.says(alba, rotate, start) as EpochId
  const invite = said.says(alba, { type: 'invite', invitePk: INVITES.publicKey, uses: 1 })
  const [fina, gala] = [said.stranger(), said.stranger()]
  const [hers] = [fina, gala].map((guest) =>
    said.decides([alba, bruna], said.entrant('admit', guest, invite)),
  )
  said.settles([alba, bruna, cira, dina])
  const gives = (guest: Hand) => {
    const grant = { type: 'grant', epochs: [epoch], device: guest.own.id, box: new Uint8Array() } as const
    const id = said.says(alba, grant)
    return said.state().grants.some((one) => one.id === id)
  }
  expect(said.state().invites.get(invite)?.used).toBe(true)
  expect([gives(fina), gives(gala)]).toEqual([false, false])
  const votes = [bruna, cira, dina].map((who) =>
    said.says(who, { type: 'approve', proposal: hers!.proposed, seen: [] }),
  )
  said.says(alba, { type: 'enact', proposal: hers!.proposed }, votes)
  expect([gives(fina), gives(gala)]).toEqual([true, false])
})

test('what was brought in as a keeper and beside it as somebody’s phone counts, once it is, among those whom one member silences', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const both = said.stranger()
  said.decides([alba, bruna, cira], said.entrant('keeper', both), start)
  const admission = said.says(dina, { type: 'propose', proposal: said.entrant('admit', both) }, start)
  const vote = said.says(elva, { type: 'approve', proposal: admission, seen: [] }, [admission])
  for (const target of [both, bruna, cira]) said.suspends(alba, target)
  expect(said.standings(both, bruna, cira)).toEqual(['suspended', 'suspended', 'suspended'])
  expect(said.below(said.heads[0]!).has(vote)).toBe(true)
  said.says(dina, { type: 'enact', proposal: admission })
  expect(said.standings(both, bruna, cira)).toEqual(['suspended', 'suspended', 'active'])
})

test('what such a keeper said is cut with that somebody, once it is theirs, if those who removed them did not know of it', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const phone = said.stranger()
  const both = said.another(phone)
  const { enacted } = said.decides([alba, bruna, cira], said.entrant('keeper', both), start)
  const stored = said.says(both, { type: 'merge' }, [enacted])
  const proposal = said.says(dina, { type: 'propose', proposal: said.entrant('admit', both) }, start)
  const vote = said.says(elva, { type: 'approve', proposal, seen: [] }, [proposal])
  said.admits(phone, [alba, bruna], [vote])
  said.removes(
    phone,
    [bruna, cira, dina],
    said.heads.filter((id) => id !== stored),
  )
  expect(said.state().void.has(stored)).toBe(false)
  said.says(dina, { type: 'merge' })
  said.says(dina, { type: 'enact', proposal })
  expect(said.state().void.has(stored)).toBe(true)
})

/**
 * Elva carries something out, and Alba’s phone speaks by it. Those who put Elva out know of the votes alone, and say that Alba is away;
 * then it is carried out that the phone is hers.
 */
const wakesOnceItIsHers = (
  { said, alba, bruna, cira, dina, elva }: ReturnType<typeof scene>,
  { phone, proposal, vote, cut }: { phone: Hand; proposal: EntryId; vote: EntryId; cut: EntryId },
) => {
  said.says(phone, { type: 'merge' }, [cut])
  const { enacted } = said.revokes(elva, [alba, bruna, cira], [vote])
  said.decides([bruna, cira, dina], { action: 'dormant', members: [alba.member] }, [enacted])
  said.says(bruna, { type: 'merge' })
  const isDormant = () => said.state().members.get(alba.member)?.dormant
  expect(isDormant()).toBe(true)
  said.says(dina, { type: 'enact', proposal })
  expect(isDormant()).toBe(false)
}

test('whoever spoke with a phone that belongs to them only since is awake', () => {
  const told = scene(5)
  const { said, alba, bruna, elva } = told
  const phone = said.another(alba)
  const proposal = said.says(alba, { type: 'propose', proposal: said.entrant('addDevice', phone) })
  const vote = said.says(bruna, { type: 'approve', proposal, seen: [] })
  const cut = said.says(elva, { type: 'enact', proposal })
  wakesOnceItIsHers(told, { phone, proposal, vote, cut })
})

test('so is whoever spoke with what was a keeper, brought in by somebody put out, once it is theirs', () => {
  const told = scene(5)
  const { said, alba, bruna, cira, dina, elva } = told
  const phone = said.another(alba)
  const proposal = said.says(alba, { type: 'propose', proposal: said.entrant('addDevice', phone) })
  said.says(bruna, { type: 'approve', proposal, seen: [] })
  const keeper = said.says(bruna, { type: 'propose', proposal: said.entrant('keeper', phone) })
  said.says(cira, { type: 'approve', proposal: keeper, seen: [] })
  const vote = said.says(dina, { type: 'approve', proposal: keeper, seen: [] })
  const cut = said.says(elva, { type: 'enact', proposal: keeper })
  wakesOnceItIsHers(told, { phone, proposal, vote, cut })
})

test('a device that somebody put out had brought in as a keeper is not new, and comes in as nobody’s phone', () => {
  const { said, alba, bruna, cira, dina, elva, start } = scene(5)
  const phone = said.another(alba)
  const { proposed, enacted } = said.decides([elva, bruna, cira], said.entrant('keeper', phone), start)
  said.revokes(elva, [bruna, cira, dina], [proposed])
  expect([said.state().void.has(enacted), said.standings(phone)]).toEqual([true, ['unknown']])
  for (const action of ['addDevice', 'recover', 'keeper'] as const)
    said.decides([alba, bruna, cira, dina], said.entrant(action, phone))
  said.decides([alba, bruna, cira, dina], said.entrant('admit', { ...said.stranger(), own: phone.own }))
  expect(said.standings(phone)).toEqual(['unknown'])
})

test('how far a revoked phone counts, two of those who voted must hold; a smaller branch goes first, and only its own feeds count', () => {
  const { said, alba, bruna, cira, dina, start } = scene(5)
  const incarnation = new Uint8Array(16)
  const feedOf = ({ own }: Hand) => feedIdOf(COLL, own.id, incarnation)
  const at = (who: Hand, seq: number, rec: string) => ({
    feed: feedOf(who),
    seq,
    rec: rec.repeat(64) as RecId,
  })
  const on = [alba, bruna].map((who) =>
    said.says(who, { type: 'feed', feed: feedOf(who), incarnation }, start),
  )
  const proposal = {
    action: 'revokeDevice',
    device: alba.own.id,
    frontier: [at(alba, 9, '0')],
    annul: [],
  } as const
  const proposed = said.says(bruna, { type: 'propose', proposal }, on)
  const reach = () =>
    said
      .state()
      .devices.get(alba.own.id)!
      .frontier.map(({ seq, rec }) => [seq, rec[0]])
  expect(reach()).toEqual([[9, '0']])
  const seen = [at(alba, 5, '1'), at(bruna, 7, '0')].sort((a, b) => (a.feed < b.feed ? -1 : 1))
  const votes = [
    said.says(cira, { type: 'approve', proposal: proposed, seen }, [proposed]),
    said.says(dina, { type: 'approve', proposal: proposed, seen: [at(alba, 5, '0')] }, [proposed]),
  ]
  said.says(bruna, { type: 'enact', proposal: proposed }, votes)
  expect(said.standings(alba)).toEqual(['revoked'])
  expect(reach()).toEqual([[5, '0']])
  const raise = { action: 'amendFrontier', device: alba.own.id, frontier: [at(alba, 8, '1')] } as const
  said.decides([bruna, cira, dina], raise)
  expect(reach()).toEqual([[8, '1']])
})
