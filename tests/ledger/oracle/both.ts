import { expect } from 'vitest'
import type { EntryId } from '../../../src/lib/core/ids.ts'
import type { DeviceStanding, LedgerState } from '../../../src/lib/ledger/types.ts'
import { Evaluated, spellState, spellOracle } from './compare.ts'
import { MadeUp, type Decided, type Hand } from './made-up.ts'
import { Oracle, type Word } from './oracle.ts'

/** What both readers say of some entries. Fails where they differ. */
export const bothSay = (words: readonly Word[], pin: EntryId | null = null): LedgerState => {
  const state = new Evaluated().hears(words).state(pin)
  expect(spellState(state)).toEqual(spellOracle(new Oracle(words), pin))
  return state
}

/** A scene: people, what they say, and what both readers make of it. */
export class Scene extends MadeUp {
  readonly start: readonly EntryId[]

  constructor(founders: number) {
    super(founders, founders)
    this.start = this.heads
  }

  state(pin: EntryId | null = null): LedgerState {
    return bothSay(this.words, pin)
  }

  /** What it would be had these, and whatever builds on them, never been said. */
  without(...ids: readonly EntryId[]): LedgerState {
    return bothSay(this.words.filter(({ id }) => !ids.some((one) => one === id || this.below(id).has(one))))
  }

  standings(...who: readonly Hand[]): readonly (DeviceStanding | 'unknown')[] {
    const { devices } = this.state()
    return who.map(({ own }) => devices.get(own.id)?.standing ?? 'unknown')
  }

  isMember({ member }: Hand): boolean {
    return this.state().members.has(member)
  }

  voters(pin: EntryId | null = null): number {
    return [...this.state(pin).members.values()].filter(({ votes }) => votes).length
  }

  admits(guest: Hand, by: readonly Hand[], on?: readonly EntryId[]): Decided {
    return this.decides(by, this.entrant('admit', guest), on)
  }

  removes(target: Hand, by: readonly Hand[], on?: readonly EntryId[]): Decided {
    return this.decides(by, { action: 'removeMember', member: target.member, annul: [] }, on)
  }

  revokes(
    target: Hand,
    by: readonly Hand[],
    on?: readonly EntryId[],
    annul: readonly EntryId[] = [],
  ): Decided {
    const proposal = {
      action: 'revokeDevice',
      device: target.own.id,
      frontier: [],
      annul: [...annul].sort(),
    } as const
    return this.decides(by, proposal, on)
  }

  lifts(target: Hand, by: readonly Hand[], on?: readonly EntryId[]): Decided {
    return this.decides(by, { action: 'lift', device: target.own.id }, on)
  }
}

/** Founders by name, as far as there are so many. */
export const scene = (founders: number) => {
  const said = new Scene(founders)
  const [alba, bruna, cira, dina, elva] = said.founders as [Hand, Hand, Hand, Hand, Hand]
  return { said, alba, bruna, cira, dina, elva, start: said.start }
}
