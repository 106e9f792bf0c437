import { expect } from 'vitest'
import type { EpochId, RecId } from '../../../src/lib/core/ids.ts'
import { feedIdOf } from '../../../src/lib/ledger/feed-id.ts'
import type { Act, Proposal } from '../../../src/lib/ledger/types.ts'
import type { scene } from '../oracle/both.ts'
import { COLL, type Hand } from '../oracle/made-up.ts'

export type Told = ReturnType<typeof scene>

/**
 * One rule: what it lets happen, what it refuses, and what becomes of it when something else undoes it, and when that is
 * undone in turn. Whatever is asked is asked of both readers, the ledger's and the one of the specification.
 */
export type Rule = {
  readonly allows: (told: Told) => void
  readonly refuses: (told: Told) => void
  readonly undone: (told: Told) => void
}

export const rotates = ({ said }: Told, who: Hand) =>
  said.says(who, {
    type: 'rotate',
    prev: [],
    commit: new Uint8Array(32),
    boxRoot: new Uint8Array(32),
  }) as EpochId
export const standing = ({ said }: Told, who: Hand) => said.standings(who)[0]
export const isVoid = ({ said }: Told, id: string) => said.state().void.has(id as never)
export const feedOf = (who: Hand) => feedIdOf(COLL, who.own.id, new Uint8Array(16))
export const registers = ({ said }: Told, who: Hand) =>
  said.says(who, { type: 'feed', feed: feedOf(who), incarnation: new Uint8Array(16) })
export const at = (who: Hand, seq: number) => ({ feed: feedOf(who), seq, rec: '1'.repeat(64) as RecId })
export const frontierOf = ({ said }: Told, who: Hand) => said.state().devices.get(who.own.id)!.frontier

/** Suspends somebody and takes it back: what both do to an act said without knowing of it. */
export const silencedAndBack = (told: Told, who: Hand, act: Act) => {
  const { said, bruna } = told
  const before = said.heads
  const id = said.says(who, act, before)
  expect(isVoid(told, id)).toBe(false)
  const suspension = said.suspends(bruna, who, before)
  expect(isVoid(told, id)).toBe(true)
  said.says(bruna, { type: 'withdraw', target: suspension })
  expect(isVoid(told, id)).toBe(false)
}

/** The same of a decision that `who` carried out. */
export const decisionSilencedAndBack = (told: Told, proposal: Proposal, shows: () => boolean) => {
  const { said, alba, bruna, cira, dina } = told
  const before = said.heads
  const { enacted } = said.decides([alba, bruna, cira], proposal, before)
  expect(shows()).toBe(true)
  const suspension = said.suspends(dina, alba, before)
  expect([shows(), isVoid(told, enacted)]).toEqual([false, true])
  said.says(dina, { type: 'withdraw', target: suspension })
  expect([shows(), isVoid(told, enacted)]).toEqual([true, false])
}
