import type { EntryId } from '../core/ids.ts'
import { hostMeeting } from '../net/meet.ts'
import type { HostMeeting, MeetingOptions, MetLink } from '../net/types.ts'
import type { Storage } from '../sync/ports.ts'
import type { FlowMessage } from '../wire/flow.ts'
import { hostCommitment, meetingContext } from './founding.ts'
import type { Replica } from './replica.ts'
import { deskKey, deskPrefix, proposalOfDeskKey } from './return-row.ts'
import { talk } from './words-exchange.ts'

/** The last words must reach the other side before the link goes. ms. */
const GOODBYE_MS = 3000
/** More names than this are not told. */
const MOST_NAMES = 100

type DeskOf = Omit<MeetingOptions, 'own' | 'seed' | 'context'> & {
  readonly replica: Replica
  readonly storage: Storage
  /** Who made sure of it so far, and what those are called who could still agree. */
  readonly progress: (proposal: EntryId) => {
    readonly checked: number
    readonly missing: readonly string[]
  }
}

type Open = {
  readonly stop: () => void
  readonly attach: (link: MetLink) => void
  readonly say: (message: FlowMessage) => void
}

/**
 * Where a member waits for the phone it proposed: tells it how far the others are, and hands over the ledger when it is
 * decided. Outlives links, screens and locks, because a majority takes its time. Spec: wire.md §10.
 */
export class ReturnDesk {
  readonly #of: DeskOf
  readonly #open = new Map<EntryId, Open>()
  #closed = false

  constructor(of: DeskOf) {
    this.#of = of
  }

  /** Goes on with what was proposed before this phone was locked. */
  async restore(): Promise<void> {
    const { storage, replica } = this.#of
    const rows = await storage.all('meta', deskPrefix(replica.coll))
    for (const [key, seed] of rows.ok ? rows.value.rows : []) {
      const proposal = proposalOfDeskKey(key)
      if (proposal && seed.length === 16 && !this.#closed) this.#sit(proposal, seed, null)
    }
  }

  /** Waits for the phone of this proposal from now on, over this link and, when that is gone, wherever both find a hub. */
  async begin(proposal: EntryId, seed: Uint8Array, link: MetLink): Promise<void> {
    this.#sit(proposal, seed, link)
    const { storage, replica } = this.#of
    await storage.commit([{ table: 'meta', key: deskKey(replica.coll, proposal), value: seed }])
  }

  /** Tells the phone why it ends, if it can be reached, and waits no more. */
  end(proposal: EntryId, message: FlowMessage): void {
    this.#open.get(proposal)?.say(message)
    this.#leave(proposal)
  }

  close(): void {
    this.#closed = true
    for (const { stop } of this.#open.values()) stop()
    this.#open.clear()
  }

  #sit(proposal: EntryId, seed: Uint8Array, first: MetLink | null): void {
    const { replica } = this.#of
    const entry = replica.ledger.entry(proposal)?.act
    const device =
      entry?.type === 'propose' && entry.proposal.action === 'recover' ? entry.proposal.deviceId : null
    if (this.#open.has(proposal) || !device) return
    const context = meetingContext(hostCommitment('recover', replica.own.id), seed)
    const links = new Map<MetLink, { readonly say: (message: FlowMessage) => void; last: string }>()
    let meeting: HostMeeting | null = null

    const news = (): FlowMessage => {
      const known = replica.state.proposals.get(proposal)
      if (known?.status === 'open') {
        const { checked, missing } = this.#of.progress(proposal)
        const have = known.approvals.length
        return {
          type: 'agreeing',
          have,
          needed: known.needed,
          checked,
          missing: missing.slice(0, MOST_NAMES),
        }
      }
      // The old phones end even where the new one does not come in.
      if (known?.status !== 'enacted' || replica.state.devices.get(device)?.standing !== 'active')
        return { type: 'bye', why: known?.status === 'withdrawn' ? 'cancelled' : 'turned away' }
      return { type: 'ledger', entries: replica.ledger.since([]).map(({ wire }) => wire) }
    }
    /** What was said last is not said again: something changes here with every letter. */
    const tell = () => {
      if (links.size === 0) return
      const message = news()
      const said = message.type === 'agreeing' ? JSON.stringify(message) : message.type
      for (const heard of links.values()) {
        if (heard.last === said) continue
        heard.last = said
        heard.say(message)
      }
    }
    const attach = (link: MetLink) => {
      if (link.peer !== device || links.has(link)) return
      const { say } = talk(link, (message) => {
        // Whoever comes back went away again: nobody else goes on in their name.
        if (message.type === 'bye') this.#withdraw(proposal)
      })
      links.set(link, { say, last: '' })
      link.closed(() => links.delete(link))
      tell()
    }
    const look = () => {
      tell()
      if (!this.#isOver(proposal)) return
      unwatch()
      this.#leave(proposal)
    }
    const unwatch = replica.changed.watch(() => look())
    this.#open.set(proposal, {
      attach,
      say: (message) => {
        for (const { say } of links.values()) say(message)
      },
      stop: () => {
        unwatch()
        unmeet()
        const going = [...links.keys()]
        void Promise.all(going.map((link) => link.drained())).then(() =>
          this.#of.clock.after(GOODBYE_MS, () => {
            for (const link of going) link.close()
            meeting?.stop()
          }),
        )
      },
    })
    meeting = hostMeeting({ ...this.#of, own: replica.own, seed, context })
    const unmeet = meeting.guests.watch(() => meeting.guests.read().forEach(attach))
    if (first) attach(first)
    look()
  }

  /** It has come in and writes already, or it was taken back: nobody waits here any more. */
  #isOver(proposal: EntryId): boolean {
    const { state, ledger } = this.#of.replica
    const entry = ledger.entry(proposal)?.act
    const status = state.proposals.get(proposal)?.status
    if (status === 'open' || entry?.type !== 'propose' || entry.proposal.action !== 'recover') return false
    const { deviceId } = entry.proposal
    const isIn = state.devices.get(deviceId)?.standing === 'active'
    return !isIn || [...state.feeds.values()].some(({ device }) => device === deviceId)
  }

  #withdraw(proposal: EntryId): void {
    const { replica } = this.#of
    if (replica.mayAct() && replica.state.proposals.get(proposal)?.status === 'open')
      replica.act({ type: 'withdraw', target: proposal })
  }

  #leave(proposal: EntryId): void {
    const { storage, replica } = this.#of
    this.#open.get(proposal)?.stop()
    this.#open.delete(proposal)
    void storage.commit([{ table: 'meta', key: deskKey(replica.coll, proposal), value: null }])
  }
}
