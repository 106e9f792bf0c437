import type { DeviceId, MemberId } from '../../core/ids.ts'
import { createSubscriber } from 'svelte/reactivity'
import { cautionsAt, type Caution } from '../../domain/caution-rounds.ts'
import { deviceNames } from '../../domain/device-names.ts'
import { people, peopleOf, type Participation, type PersonState } from '../../domain/people.ts'
import type { Membership, Space } from '../../workspace/types.ts'
import { Live } from '../live.svelte.ts'

export type Member = Membership['members'][number]
export type Device = Member['devices'][number]

/** Somebody who belongs here: what the shared text says of them, and what the ledger says of their phones. */
export type Somebody = {
  /** Stays the same while names change. */
  readonly key: string
  /** Of the Person in the document; `null` where nobody wrote one. */
  readonly person: string | null
  readonly name: string | null
  readonly participation: Participation
  readonly state: PersonState
  /** `null` for a person without a phone of their own here. */
  readonly member: Member | null
}

/** Who belongs here, kept up to date. */
export class Roster {
  readonly #membership: Live<Membership>
  readonly #doc: Live<ReturnType<Space['doc']['read']>>
  readonly #named = $derived.by(() => new Live(deviceNames(this.#doc.current)))
  readonly #written = $derived.by(() => new Live(people(this.#doc.current)))
  /** Members in the ledger's order, me first; then people without a phone. */
  readonly all: readonly Somebody[] = $derived.by(() => {
    const { members, asked, removed } = this.membership
    // Read whatever happens: this is what makes names follow.
    const written = this.#written.current
    // Somebody who waits for vouchers, or was told “not yet”, is named already, and not here.
    const elsewhere: readonly MemberId[] = [...asked, ...removed]
    const isElsewhere = (id: string | null) =>
      written.some(
        (person) => person.id === id && person.member !== null && elsewhere.includes(person.member),
      )
    const everybody = peopleOf(
      this.#doc.current,
      members.map(({ id }) => id),
    ).filter((person) => person.member !== null || !isElsewhere(person.id))
    return everybody.map((person, i) => ({
      key: person.member ?? person.id ?? String(i),
      person: person.id,
      name: person.name,
      participation: person.participation,
      state: person.state,
      member: members.find(({ id }) => id === person.member) ?? null,
    }))
  })

  /** Who is part no more because the others decided so: named where what they did is told of, and nowhere counted. */
  readonly removed: readonly { readonly id: MemberId; readonly name: string | null }[] = $derived.by(() => {
    const written = this.#written.current
    return this.membership.removed.map((id) => ({
      id,
      name: written.find(({ member }) => member === id)?.name ?? null,
    }))
  })

  readonly #minutes = createSubscriber((update) => {
    const ticking = setInterval(update, 60_000)
    return () => clearInterval(ticking)
  })

  constructor(space: Space) {
    this.#membership = new Live(space.membership)
    this.#doc = new Live(space.doc)
  }

  get membership(): Membership {
    return this.#membership.current
  }

  /** No phone of this one’s person belongs any more: they left, or were put out. */
  get isGone(): boolean {
    return this.membership.members.every(
      ({ me, devices }) =>
        !me || devices.every(({ standing }) => standing !== 'active' && standing !== 'suspended'),
    )
  }

  /** For whom some calm days are asked, or began: of those who belong. It ends by itself, also before one’s eyes. */
  get cautions(): readonly Caution[] {
    this.#minutes()
    const { cautions, members } = this.membership
    return cautionsAt(cautions, Date.now()).filter(({ about }) =>
      members.some(({ id, trust }) => id === about && trust !== 'out'),
    )
  }

  cautionOf(member: MemberId | undefined): Caution | null {
    return this.cautions.find(({ about }) => about === member) ?? null
  }

  /** Whom to talk to: a member, or a person without a phone; `null`: nobody was named, or they are not here any more. */
  careIn({ care }: Caution): string | null {
    return this.all.find(({ key, member }) => key === care && member?.trust !== 'out')?.name ?? null
  }

  nameOf(id: MemberId | null): string | null {
    const named = this.all.find(({ member }) => id !== null && member?.id === id)
    return (named ?? this.removed.find((one) => one.id === id))?.name ?? null
  }

  /** What a phone is called by whoever holds it; `null`: it has no name. */
  calledOf(device: DeviceId): string | null {
    return this.#named.current.get(device) ?? null
  }

  /** How many belong: whoever left is named a while longer, and not counted. */
  get here(): number {
    return this.all.filter(({ member }) => member?.trust !== 'out').length
  }

  /** Everybody whose phones should hear of a pause: all but its holder. */
  othersThan(holder: MemberId): number {
    return this.membership.members.filter(({ id, trust }) => id !== holder && trust !== 'out').length
  }
}
