import { expectOk } from '../../src/lib/core/result.ts'
import { createQuickStretch } from '../crypto/quick-stretch.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { GuestFlow, HostFlow, Space } from '../../src/lib/workspace/types.ts'
import { LiveSpace } from '../../src/lib/workspace/space.ts'
import { LiveWorkspace } from '../../src/lib/workspace/workspace.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { settle } from '../net/memory-channel.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'

/** Devices around one hub on one wifi, all in memory, each with a workspace of its own. */
export const neighbourhood = () => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const live = async (ms = 3000) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.pass(50)
      for (let turn = 0; turn < 6; turn++) await settle()
    }
  }
  const arrive = () => {
    const storage = createMemoryStorage()
    const open = () =>
      new LiveWorkspace({
        storage,
        hub: hub.connect(),
        rtc: network.rtc(),
        clock,
        random: systemRandom,
        language: () => 'es',
        stretch: createQuickStretch().stretch,
      })
    return { open, workspace: open() }
  }
  /** Something that waits for the clock, which goes on meanwhile. */
  const during = async <T>(waiting: Promise<T>): Promise<T> => {
    let isDone = false
    const watched = waiting.finally(() => (isDone = true))
    for (let turn = 0; turn < 100 && !isDone; turn++) await live(50)
    return watched
  }
  return { arrive, live, during, clock }
}

type Neighbourhood = ReturnType<typeof neighbourhood>

export const linkOf = (flow: HostFlow): string => {
  const state = flow.state.read()
  if (state.step !== 'inviting') throw new Error(`no link while ${state.step}`)
  return state.link
}

export const done = (flow: HostFlow | GuestFlow): Space => {
  const state = flow.state.read()
  if (state.step !== 'done') throw new Error(`still ${JSON.stringify(state)}`)
  return state.space
}

/** The one guest of a host and the host read the same words, and say so. */
export const sameWords = (host: HostFlow, guest: GuestFlow): void => {
  const [mine, theirs] = [host.state.read(), guest.state.read()]
  if (mine.step !== 'inviting' || theirs.step !== 'words') throw new Error(`${mine.step} and ${theirs.step}`)
  const met = mine.guests.find(({ words }) => words?.join() === theirs.words.join())
  if (!met) throw new Error('no guest has these words')
  host.confirmWords(met.id, true)
  guest.confirmWords(true)
}

/** People of these names, three at least, found a collective by link and words. */
export const founded = async (of: Neighbourhood, ...names: readonly string[]) => {
  const { arrive, live } = of
  const homes = names.map(() => arrive())
  const [first] = homes as [(typeof homes)[number]]
  const notebook = await first.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: names[0]! })
  const host = await first.workspace.proposeFounding(notebook, { title: 'Valle', myName: names[0]! })
  const guests: GuestFlow[] = []
  for (const [i, home] of homes.slice(1).entries())
    guests.push(expectOk(await home.workspace.openLink(linkOf(host), names[i + 1]!)))
  await live()
  for (const guest of guests) sameWords(host, guest)
  await live()
  host.proposeGenesis()
  await live()
  for (const flow of [host, ...guests]) flow.signGenesis()
  await live(8000)
  return homes.map((home, i) => ({ ...home, space: done(i === 0 ? host : guests[i - 1]!) }))
}

/** Two phones beside each other read each other's codes. */
export const scanEachOther = async (of: Neighbourhood, host: HostFlow, guest: GuestFlow): Promise<void> => {
  expectOk(host.encounter!.take(guest.encounter!.code))
  expectOk(guest.encounter!.take(host.encounter!.code))
  await of.live()
}

/** `host` lets in whoever is beside it; the others still have to vouch. */
export const facing = async (
  of: Neighbourhood,
  host: Space,
  guest: LiveWorkspace,
  as: { readonly kind: 'join' | 'device'; readonly name: string },
) => {
  const inviting = expectOk(await of.during(host.inviteHere(as.kind)))
  const joining = expectOk(await of.during(guest.joinHere(as.kind, as.name)))
  await scanEachOther(of, inviting, joining)
  return { inviting, joining }
}

/** `host` lets the holder of `guest` back in as `member`, beside each other; nothing is proposed yet. */
export const facingBack = async (
  of: Neighbourhood,
  host: Space,
  guest: LiveWorkspace,
  as: { readonly member: Space['me']['member']; readonly name: string },
) => {
  const receiving = expectOk(await of.during(host.letBack(as.member, 'here')))
  const returning = expectOk(await of.during(guest.returnHere(as.name)))
  await scanEachOther(of, receiving, returning)
  return { receiving, returning }
}

/** Another phone of one person’s, that somebody vouches for. */
export const secondPhone = async (of: Neighbourhood, person: Space, voucher: Space): Promise<Space> => {
  const { inviting, joining } = await facing(of, person, of.arrive().workspace, {
    kind: 'device',
    name: 'El otro',
  })
  inviting.confirmWords('', true)
  await of.live()
  expectOk(await voucher.approve(voucher.membership.read().decisions[0]!.id))
  await of.live(8000)
  return done(joining)
}

/** What lies below what screens may ask. */
export const replicaOf = (space: Space): LiveSpace['replica'] => {
  if (!(space instanceof LiveSpace)) throw new Error('no living space')
  return space.replica
}
