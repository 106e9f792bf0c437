import type { DeviceId, MemberId } from '../../core/ids.ts'
import type { Latest, Passing, Space } from '../../workspace/types.ts'
import { Roster, type Member } from '../collective/roster.svelte.ts'
import { Live } from '../live.svelte.ts'

/** The phones found now, who they belong to, and what is missing before all have the same. */
export class Near {
  readonly #passing: Live<readonly Passing[]>
  readonly #paused: Live<boolean>
  readonly #latest: Live<readonly Latest[]>
  readonly #space: Space
  readonly roster: Roster

  constructor(space: Space) {
    this.#space = space
    this.roster = new Roster(space)
    this.#passing = new Live(space.exchange.state)
    this.#paused = new Live(space.exchange.paused)
    this.#latest = new Live(space.latest)
  }

  get phones(): readonly Passing[] {
    return this.#passing.current
  }

  get isPaused(): boolean {
    return this.#paused.current
  }

  get latest(): readonly Latest[] {
    return this.#latest.current
  }

  /** Everybody who was found has what I have, and I have what they have. */
  get isTogether(): boolean {
    return !this.isPaused && this.phones.length > 0 && this.phones.every(({ step }) => step === 'same')
  }

  /** People of whom a phone was found, without me. */
  get found(): readonly MemberId[] {
    const members = this.phones.flatMap(({ member }) => member ?? [])
    return members.filter((id, i) => id !== this.#space.me.member && members.indexOf(id) === i)
  }

  /** People with a phone in good standing of whom none was found. */
  get missing(): readonly MemberId[] {
    const { found } = this
    return this.roster.membership.members
      .filter(
        ({ id, me, devices }) =>
          !me && !found.includes(id) && devices.some(({ standing }) => standing === 'active'),
      )
      .map(({ id }) => id)
  }

  /** What this phone knows of whose it is; `null`: a keeper, which is nobody’s. */
  trustOf(member: MemberId | null): Member['trust'] | null {
    return this.roster.membership.members.find(({ id }) => id === member)?.trust ?? null
  }

  markOf(device: DeviceId): Uint8Array {
    const { members, keepers } = this.roster.membership
    const all = [...members.flatMap(({ devices }) => devices), ...keepers]
    return all.find(({ id }) => id === device)?.mark ?? new Uint8Array(32)
  }

  pause(): void {
    this.#space.exchange.pause()
  }

  resume(): void {
    this.#space.exchange.resume()
  }
}
