import type { Clock, Random } from '../lib/core/clock.ts'
import type { CollId } from '../lib/core/ids.ts'
import { awaitMembers } from '../lib/net/keeper-meeting.ts'
import { createMesh } from '../lib/net/mesh.ts'
import type { Hub, Mesh, MetLink, Rtc } from '../lib/net/types.ts'
import type { Identity } from './identity.ts'
import type { Keeping, KeeperStanding } from './keeping.ts'
import { Links } from './links.ts'

/** What whoever runs a keeper may want to know. It names nobody. */
export type KeeperNews =
  /** Waits to be asked: to be given to one member, who pastes it in the app. */
  | { readonly type: 'invitation'; readonly text: string }
  | { readonly type: 'standing'; readonly standing: KeeperStanding; readonly coll: CollId | null }
  | { readonly type: 'links'; readonly count: number }
  | { readonly type: 'room'; readonly state: 'used up' | 'disk failed' }

const DAY_MS = 24 * 3_600_000

/**
 * An always-on device that keeps what is sealed for a collective. It waits for a member who holds its text; once asked it
 * looks for that member, and once let in for all. What it says of it goes to `tell`. Spec: keeper.md.
 */
export const createKeeper = (of: {
  readonly identity: Identity
  readonly keeping: Keeping
  readonly hub: Hub
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly tell: (news: KeeperNews) => void
}): { stop(): Promise<void> } => {
  const { keeping, clock, tell } = of
  const { own, seed } = of.identity
  const links = new Links(keeping, clock)
  const reached = new Map<MetLink, ReturnType<Links['attach']>>()
  let mesh: Mesh | null = null
  let unwatchMesh = () => {}
  let waiting: ReturnType<typeof awaitMembers> | null = null
  let said: KeeperStanding | null = null

  const relink = () => {
    const now = mesh?.links.read() ?? []
    for (const link of now) {
      const judged = keeping.judge(link.peer)
      if (!judged) link.close()
      else if (!reached.has(link)) reached.set(link, links.attach(link, judged.standing))
    }
    for (const link of reached.keys()) if (!now.includes(link)) reached.delete(link)
  }

  const look = () => {
    const standing = keeping.standing()
    if (keeping.coll && !mesh) {
      mesh = createMesh({ ...of, coll: keeping.coll, own, judge: (peer) => keeping.judge(peer) })
      unwatchMesh = mesh.links.watch(relink)
    }
    mesh?.setPeers(keeping.peers())
    mesh?.rejudge()
    for (const [link, attached] of [...reached]) {
      const judged = keeping.judge(link.peer)
      if (judged) attached.judge(judged.standing)
      else link.close()
    }
    const mayBeAsked = standing === 'idle' || standing === 'waiting'
    if (mayBeAsked && !waiting) {
      waiting = awaitMembers({ ...of, own, seed, accept: (asked) => keeping.accept(asked) })
      tell({ type: 'invitation', text: waiting.text })
    }
    if (!mayBeAsked) {
      waiting?.stop()
      waiting = null
    }
    if (standing !== said) tell({ type: 'standing', standing, coll: keeping.coll })
    said = standing
  }

  // Once a turn, however much comes in with it.
  let isDue = false
  const lookSoon = () => {
    if (isDue) return
    isDue = true
    queueMicrotask(() => {
      isDue = false
      if (!isStopped) look()
    })
  }
  let isStopped = false
  const tidyDaily = (): (() => void) =>
    clock.after(DAY_MS, () => {
      void keeping.tidy()
      callOff = tidyDaily()
    })
  let callOff = tidyDaily()
  void keeping.tidy()
  const stops = [
    keeping.changed.watch(lookSoon),
    links.count.watch(() => tell({ type: 'links', count: links.count.read() })),
    keeping.room.state.watch(() => {
      const state = keeping.room.state.read()
      if (state !== 'room') tell({ type: 'room', state })
    }),
  ]
  look()

  return {
    stop: async () => {
      isStopped = true
      callOff()
      for (const stop of stops) stop()
      waiting?.stop()
      unwatchMesh()
      mesh?.stop()
      links.stop()
      await keeping.settled()
    },
  }
}
