import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import type { LedgerState } from '../../src/lib/ledger/types.ts'
import { fromNothing } from './from-nothing.ts'
import { Quarrel } from './quarrel.ts'

/** All a state says, in one spelling. */
const spelled = (state: LedgerState): string =>
  JSON.stringify({
    hash: hexFromBytes(state.hash),
    void: [...state.void].sort(),
    suspensions: [...state.suspensions.values()]
      .map(({ id, device, seconded }) => [id, device, seconded])
      .sort(),
    epochs: [...state.epochs.values()]
      .map((epoch) => [epoch.id, epoch.void, epoch.depth, epoch.recipients])
      .sort(),
    members: [...state.members.values()],
    policy: state.policy,
    finals: state.finals,
    minRules: state.minRules,
    checkpoints: [...state.checkpoints.values()].map(({ id, cosigners, needed, status }) => [
      id,
      cosigners,
      needed,
      status,
    ]),
    doubleSigners: state.doubleSigners,
    invites: [...state.invites].map(([id, { used }]) => [id, used]).sort(),
    proposals: [...state.proposals.values()]
      .map((one) => [one.id, one.status, one.approvals, one.needed])
      .sort(),
    revokedBy: [...state.devices.values()].map(({ id, revokedBy }) => [id, revokedBy]),
  })

const RUNS = process.env.SLOW ? 300 : 12
const quarrels = fc
  .record({
    seed: fc.nat(),
    founders: fc.integer({ min: 2, max: 6 }),
    turns: fc.integer({ min: 20, max: 60 }),
  })
  .map((of) => new Quarrel(of))
const holds = (check: (quarrel: Quarrel) => void) =>
  fc.assert(fc.property(quarrels, check), { numRuns: RUNS })
const WHILE = { timeout: process.env.SLOW ? 600_000 : 60_000 }

test('a new act on top of what is settled says the same as everything read from nothing', WHILE, () => {
  let enacted = 0
  holds(({ council: { ledger } }) => {
    const state = ledger.state()
    expect(spelled(state)).toBe(spelled(fromNothing(ledger, ledger.heads())))
    enacted += [...state.proposals.values()].filter(({ status }) => status === 'enacted').length
  })
  expect(enacted).toBeGreaterThan(0) // else the quarrels would be about nothing
})

test('whoever hears it late, doubled, in any order and any portions ends with the same', WHILE, () => {
  holds(({ council, dice }) => {
    const expected = spelled(council.ledger.state())
    const wires = [...council.wires, ...council.wires.slice(0, 7)]
    for (let i = wires.length - 1; i > 0; i--) {
      const j = dice(i + 1)
      ;[wires[i], wires[j]] = [wires[j]!, wires[i]!]
    }
    const other = council.replay([])
    while (wires.length > 0) {
      other.add(wires.splice(0, 1 + dice(8)))
      if (dice(2)) other.state() // whether somebody looks meanwhile makes no difference
    }
    expect(spelled(other.state())).toBe(expected)
  })
})

test(
  'a pin taken, changed and let go again leaves no trace, and leads to one state on all who hold to it',
  WHILE,
  () => {
    let moved = 0
    holds((quarrel) => {
      const { council, dice } = quarrel
      const { ledger } = council
      const before = spelled(ledger.state())
      const checkpoints = [...ledger.state().checkpoints.keys()]
      if (checkpoints.length === 0) return
      const pin = checkpoints[dice(checkpoints.length)]!
      ledger.setPin(pin)
      const pinned = spelled(ledger.state())
      if (pinned !== before) moved++
      expect(pinned).toBe(spelled(fromNothing(ledger, ledger.heads())))
      const other = expectOk(createLedger(council.genesis, pin))
      for (const wire of council.wires) {
        other.add([wire])
        if (dice(4) === 0) other.state()
      }
      expect(spelled(other.state())).toBe(pinned)
      ledger.setPin(null)
      expect(spelled(ledger.state())).toBe(before)
    })
    expect(moved).toBeGreaterThan(0)
  },
)

test(
  'the state a checkpoint speaks of is the same whatever else is known, and whatever is pinned',
  WHILE,
  () => {
    holds(({ council, dice }) => {
      const { ledger } = council
      for (const { id } of [...ledger.state().checkpoints.values()].slice(0, 5)) {
        const { parents } = ledger.entry(id)!.entry
        const said = spelled(ledger.checkpointState(parents))
        const below = council.replay([])
        below.add(ledger.topological(parents).map(({ wire }) => wire))
        expect(spelled(below.state())).toBe(said)
        below.add(council.wires.filter(() => dice(2)))
        expect(spelled(below.checkpointState(parents))).toBe(said)
      }
    })
  },
)

test(
  'what a final checkpoint holds stands however much is said afterwards that does not know of it',
  WHILE,
  () => {
    let looked = 0
    holds(({ council }) => {
      const { ledger } = council
      const final = ledger.state().finals[0]
      if (!final) return
      const { parents } = ledger.entry(final)!.entry
      const [then, now] = [ledger.checkpointState(parents), ledger.state()]
      for (const { id } of ledger.topological(parents)) {
        if (then.void.has(id) || now.suspensions.size + then.suspensions.size > 0) continue
        looked++
        expect(now.void.has(id)).toBe(false)
      }
    })
    expect(looked).toBeGreaterThan(0)
  },
)

test('what was known at any one act can be asked later, and has not changed', WHILE, () => {
  holds((quarrel) => {
    const { ledger } = quarrel.council
    const then = quarrel.anyEntry()
    expect(spelled(ledger.stateOf([then]))).toBe(spelled(fromNothing(ledger, [then])))
  })
})

test('who was revoked at any act never stands again, whatever was said later or elsewhere', WHILE, () => {
  let revoked = 0
  holds((quarrel) => {
    const { ledger } = quarrel.council
    const [then, now] = [ledger.stateOf([quarrel.anyEntry()]), ledger.state()]
    for (const { id, standing } of then.devices.values()) {
      if (standing !== 'revoked') continue
      revoked++
      // Or not there at all, where its admission has fallen too.
      expect(['revoked', undefined]).toContain(now.devices.get(id)?.standing)
    }
  })
  expect(revoked).toBeGreaterThan(0)
})
