import { expect } from 'vitest'
import type { DeviceId } from '../../src/lib/core/ids.ts'
import type { OwnDevice } from '../../src/lib/crypto/device.ts'
import { sign, verify } from '../../src/lib/crypto/sign.ts'
import { createLink } from '../../src/lib/net/link.ts'
import type { OwnedLink } from '../../src/lib/net/types.ts'
import { createLive, type Live } from '../../src/lib/net/live/live.ts'
import { createHandClock } from './hand-clock.ts'
import { createMemoryPipe, settle } from './memory-channel.ts'
import { createPerson, knows, shake } from './people.ts'

/** Somebody with one device and a page open on it. */
export type Someone = {
  /** What the collective calls them. */
  name: string
  readonly own: OwnDevice
  readonly client: number
  live: Live
}

/** People of one collective who know each other’s devices, and who of them is suspended. */
export class Gathering {
  readonly people: Someone[] = []
  readonly suspended = new Set<string>()
  readonly clock = createHandClock()

  add(name: string): Someone {
    const client = 1000 + this.people.length
    const own = createPerson()
    const someone: Someone = { name, own, client, live: this.#page(own, client) }
    this.people.push(someone)
    return someone
  }

  /** The page is loaded again: nothing of what was in memory is left. */
  reload(someone: Someone): void {
    someone.live.stop()
    someone.live = this.#page(someone.own, someone.client)
  }

  close(): void {
    for (const { live } of this.people) live.stop()
  }

  #page(own: OwnDevice, client: number): Live {
    const by = (id: number) => this.people.find((person) => person.client === id)
    return createLive({
      clientId: client,
      clock: this.clock,
      sign: (payload) => sign(own.signSk, 'presence', payload),
      verify: (id, payload, sig) => {
        const person = by(id)
        return (
          person !== undefined &&
          !this.suspended.has(person.name) &&
          verify(person.own.device.signPk, 'presence', payload, sig)
        )
      },
      person: (id) => {
        const person = by(id)
        return person ? { name: person.name, member: `member ${person.name}` } : null
      },
    })
  }
}

/** A real link between two devices over a pipe in memory: one end for each. `first` makes the offers. */
export const linkOf = async (
  first: OwnDevice,
  second: OwnDevice,
): Promise<{ readonly first: OwnedLink; readonly second: OwnedLink }> => {
  const clock = createHandClock()
  const pipe = createMemoryPipe()
  const ends = new Map<DeviceId, OwnedLink>()
  for (const [own, other, channel] of [
    [first, second, pipe.a],
    [second, first, pipe.b],
  ] as const)
    shake(channel, { own, judge: knows(other) }, clock, (met) => {
      if (met.ok) ends.set(own.id, createLink(channel, met.value, clock))
    })
  await settle()
  const made = { first: ends.get(first.id)!, second: ends.get(second.id)! }
  expect(made.first.link.introduction.initiator).toBe(true)
  expect(made.second.link.introduction.initiator).toBe(false)
  return made
}

/** Two people meet: each attaches their end. */
export const meet = async (first: Someone, second: Someone) => {
  const link = await linkOf(first.own, second.own)
  const leave = {
    first: first.live.attach(link.first.link, second.client),
    second: second.live.attach(link.second.link, first.client),
  }
  await quiet()
  return { link, leave }
}

/** Until all is said: y-webrtc takes many turns for a hello, and simple-peer lets a timer run out before each offer. */
export const quiet = async (): Promise<void> => {
  for (let i = 0; i < 12; i++) {
    await new Promise((resume) => setTimeout(resume, 0))
    await settle()
    await settle()
  }
}

/** Whom of the others somebody sees, and where. */
export const seenBy = (someone: Someone): Readonly<Record<string, unknown>> => {
  const seen: Record<string, unknown> = {}
  for (const [client, state] of someone.live.awareness.getStates())
    if (client !== someone.client)
      seen[(state['user'] as { name: string } | null)?.name ?? String(client)] = state['at']
  return seen
}
