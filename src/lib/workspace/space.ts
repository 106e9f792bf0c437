import type * as Y from 'yjs'
import type { Clock, Random } from '../core/clock.ts'
import { idBytes, type CollId, type DeviceId, type EntryId, type MemberId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, derived, type Watched } from '../core/watched.ts'
import { hash } from '../crypto/hash.ts'
import { sign, verify } from '../crypto/sign.ts'
import { stretchInWorker, type Stretch } from '../crypto/stretch.ts'
import { nameDevice } from '../domain/device-names.ts'
import { addPerson, movePerson, peopleOf } from '../domain/people.ts'
import { turnServersOf } from '../domain/relay-points.ts'
import { markCheck, type CheckedHow } from '../domain/returns.ts'
import { SHOWN_MAX, type Piece } from '../domain/rescue.ts'
import { freeText } from '../domain/text.ts'
import { isAboutWhoStays } from '../ledger/proposals.ts'
import type { DeviceState, Proposal, SpaceKind, SuspendReason } from '../ledger/types.ts'
import { createLive, type Live } from '../net/live/live.ts'
import { passOnPresence } from '../net/live/pass-on.ts'
import { createMesh } from '../net/mesh.ts'
import { createChangingRtc, type ChangingRtc } from '../net/rtc.ts'
import type { Hub, Judge, Mesh, MetLink, Reach, Rtc, Way } from '../net/types.ts'
import type { WordLanguage } from '../net/words.ts'
import type { Standing, Storage } from '../sync/ports.ts'
import { recogniseScanned } from '../net/scanned.ts'
import { keeperInvitationFromText } from '../wire/keeper.ts'
import { Acknowledged } from './acknowledged.ts'
import { bringLateBack, closedPieces, followLatePieces, latePieces, type LatePiece } from './aside.ts'
import { createBundles } from './bundle-door.ts'
import { createAgreed } from './checkpoint-door.ts'
import { createEncounter } from './encounter.ts'
import { createExchange } from './exchange-door.ts'
import { hostHere } from './joining-here.ts'
import { hostJoining } from './joining.ts'
import { membershipFrom } from './membership.ts'
import { asideUpTo } from './aside.ts'
import { vouchersIn } from './decisions.ts'
import { mayEndWith } from './pauses-said.ts'
import { RULES } from '../ledger/rules.ts'
import { followMissing } from './missing.ts'
import { proposeKeeper } from './keepers.ts'
import { hostNotStarted } from './not-started.ts'
import type { Replica } from './replica.ts'
import { encodeHeard, encodeMet, heardKey, metKey, parseHeard, parseMet } from './rows.ts'
import { rehearse } from './rehearsal.ts'
import { CHECKS_NEEDED, mayCarryOut, validChecks } from './return-checks.ts'
import { ReturnDesk } from './return-desk.ts'
import { hostReturnFar, hostReturnHere, type HostReturn } from './return-host.ts'
import { wordsOfReturn } from './return-words.ts'
import { openInner, type SpaceInner } from './space-inner.ts'
import { standingOf } from './standing.ts'
import { Syncing } from './syncing.ts'
import type {
  Agreed,
  AsideItem,
  BadKeeperText,
  Bundles,
  Encounter,
  Exchange,
  HostFlow,
  KeeperFlow,
  Kept,
  Latest,
  Membership,
  NeedsCheck,
  NoAddress,
  NoRelayPoint,
  NotAllowed,
  Presence,
  Rehearsal,
  Space,
  Status,
  TooFew,
  Wish,
} from './types.ts'

/** What a space needs of the world around it. */
export type SpaceWorld = {
  readonly storage: Storage
  readonly hub: Hub
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly language: () => WordLanguage
  /** Nothing outlives this page: the browser has no locks. */
  readonly guest?: boolean
  /** How this device goes out. Left out: directly. */
  readonly reach?: Watched<Reach>
  /** Makes guessing dear where words are read without a talk. Left out: in a worker. */
  readonly stretch?: Stretch
}

/** Nobody heard for this long: the pill says since when. Milliseconds. */
const STALE_MS = 3 * 24 * 3_600_000

type Reached = {
  readonly link: MetLink
  readonly sync: ReturnType<Syncing['attach']>
  unlive: (() => void) | null
}

/** A notebook, pair or collective, alive: its replica, the links to others, who is here, and what screens ask. */
export class LiveSpace implements Space {
  readonly id: string
  readonly mark: Uint8Array
  readonly me: { readonly member: MemberId; readonly device: DeviceId }
  readonly kind: Watched<SpaceKind>
  readonly readOnly: Watched<boolean>
  readonly movedOn: Watched<boolean>
  readonly outdated: Watched<boolean>
  readonly lost: Watched<number>
  readonly awaitsOthers: Watched<boolean>
  readonly doc: Watched<Y.Doc>
  readonly closed: Watched<Y.Doc>
  readonly membership: Watched<Membership>
  readonly status: Watched<Status>
  readonly kept: Watched<Kept>
  readonly setAside: Watched<readonly AsideItem[]>
  readonly presence: Presence
  readonly agreed: Agreed
  readonly latest: Watched<readonly Latest[]>
  readonly waiting: Watched<number>
  readonly missing: Space['missing']
  readonly pouring: Space['pouring']
  readonly exchange: Exchange
  readonly bundles: Bundles
  readonly replica: Replica
  readonly #world: SpaceWorld
  readonly #rtc: ChangingRtc
  readonly #syncing: Syncing
  readonly #acknowledged: Acknowledged
  /** Goes up when what is remembered of others' holdings was read from the disk. */
  readonly #recalled = new Cell(0)
  readonly #live: Live
  readonly #desk: ReturnDesk
  readonly #mesh: Mesh | null
  readonly #reached = new Map<string, Reached>()
  readonly #links = new Cell<readonly MetLink[]>([])
  readonly #movedTo: Cell<CollId | null>
  readonly #heard = new Map<DeviceId, number>()
  readonly #met = new Cell<ReadonlySet<DeviceId>>(new Set())
  readonly #stops: (() => void)[] = []
  readonly #people = new Cell<readonly { member: MemberId; name: string; place: string | null }[]>([])
  readonly #latePieces = followLatePieces()
  readonly #inner = new Cell<SpaceInner | null>(null)
  readonly #innerOpening: Promise<void>
  #lastContact: number | null = null

  constructor(replica: Replica, world: SpaceWorld) {
    this.replica = replica
    this.#world = world
    this.id = replica.coll
    this.me = { member: replica.row.member, device: replica.own.id }
    this.mark = hash('weave', idBytes(replica.coll))
    this.#movedTo = new Cell(replica.row.movedTo)
    this.doc = replica.documents.doc
    this.closed = replica.documents.closed
    this.#rtc = createChangingRtc(world.rtc, () => this.#way())
    this.#syncing = new Syncing(replica, world.clock, {
      mayLack: (neighbour, of) => this.#mesh?.mayLack(neighbour, of) ?? false,
    })
    this.#acknowledged = new Acknowledged({
      replica,
      syncing: this.#syncing,
      storage: world.storage,
      clock: world.clock,
      moved: () => this.#recalled.set(this.#recalled.read() + 1),
    })
    this.#live = this.#createLive()
    this.#desk = new ReturnDesk({
      ...world,
      rtc: this.#rtc,
      replica,
      progress: (proposal) => this.#progress(proposal),
    })
    this.#mesh = this.#createMesh()
    this.kind = derived([replica.changed], () => replica.state.kind)
    this.outdated = derived([replica.changed], () => replica.outdated)
    this.lost = derived([replica.changed], () => replica.lost)
    this.movedOn = derived([this.#movedTo], () => this.#movedTo.read() !== null)
    this.awaitsOthers = derived([replica.changed], () => replica.awaitsOthers)
    this.readOnly = derived(
      [this.movedOn, replica.changed],
      () =>
        this.movedOn.read() ||
        replica.outdated ||
        replica.awaitsOthers ||
        ['revoked', 'retired'].includes(replica.standing()),
    )
    this.membership = memo([replica.changed, this.#links, this.#syncing.moved, this.#people, this.#met], () =>
      this.#membership(),
    )
    this.status = derived(
      [
        replica.changed,
        replica.saving,
        replica.documents.waiting,
        this.#links,
        this.#syncing.paused,
        this.#syncing.moved,
        this.#recalled,
        world.hub.state,
      ],
      () => this.#status(),
    )
    this.kept = derived([replica.saving, replica.documents.waiting], () => this.#keptNow())
    this.setAside = memo([replica.changed, replica.documents.late], () => this.#aside())
    this.agreed = createAgreed({
      replica,
      language: world.language,
      mayAct: () => this.#mayAct(),
      kept: () => this.#kept(),
    })
    this.latest = memo([replica.changed, this.#syncing.moved, this.#recalled], () =>
      this.#acknowledged.latest(),
    )
    this.waiting = derived([replica.changed, this.#syncing.moved, this.#recalled], () => this.#waiting())
    const { members, stop } = followMissing({ replica, clock: world.clock })
    this.#stops.push(stop)
    const named = (ids: readonly MemberId[]) => ids.map((member) => ({ member, name: this.#nameOf(member) }))
    this.missing = derived([members], () => named(members.read()))
    this.pouring = memo([replica.measured, replica.changed], () => {
      const devices = replica.measured.read().map((id) => replica.state.devices.get(id))
      const its = devices.flatMap((one) => (one?.standing === 'active' && one.member ? [one.member] : []))
      return named([...new Set(its)])
    })
    this.exchange = createExchange(replica, this.#syncing)
    this.bundles = createBundles({ replica, ...world, shelf: async () => (await this.opened())?.shelf })
    this.presence = {
      awareness: this.#live.awareness,
      people: this.#people,
      say: ({ name, place, visible }) =>
        this.#live.awareness.setLocalState(
          visible
            ? { ...this.#live.awareness.getLocalState(), user: { name, member: this.me.member }, place }
            : null,
        ),
    }
    const onPresence = () => this.#seePeople()
    this.#live.awareness.on('change', onPresence)
    this.#stops.push(() => this.#live.awareness.off('change', onPresence))
    this.#stops.push(replica.changed.watch(() => this.#ledgerSeen()))
    if (world.reach) this.#stops.push(world.reach.watch(() => this.#goOutAnew()))
    this.#innerOpening = this.#openInner()
    void this.#recallHeard()
    void this.#recallMet()
    void this.#desk.restore()
    this.#ledgerSeen()
  }

  /** Phones that were beside this one, or whose holder read words with this one’s. Kept on this device alone. */
  remember(devices: readonly DeviceId[]): void {
    if (devices.every((device) => this.#met.read().has(device))) return
    this.#met.set(new Set([...this.#met.read(), ...devices]))
    void this.#world.storage.commit([
      { table: 'meta', key: metKey(this.replica.coll), value: encodeMet(this.#met.read()) },
    ])
  }

  /** Files, and the circles this device is in here; `null` until they have been read, and in a notebook. */
  get inner(): Watched<SpaceInner | null> {
    return this.#inner
  }

  /** The same, once they have been read. */
  async opened(): Promise<SpaceInner | null> {
    await this.#innerOpening
    return this.#inner.read()
  }

  /** Marks a notebook whose content has moved into a collective. */
  moved(to: CollId): void {
    this.#movedTo.set(to)
  }

  invite(): Promise<HostFlow> {
    if (this.#isCutOff()) return Promise.resolve(hostNotStarted('join', 'only relayed'))
    const { hub, clock, random } = this.#world
    const rtc = this.#rtc
    const world = { hub, rtc, clock, random, language: this.#world.language(), myName: this.myName() }
    return Promise.resolve(
      hostJoining(world, this.replica, this, (name, { member, device }) => {
        addPerson(this.doc.read(), { name, member, participation: 'own device' })
        this.remember([device])
      }),
    )
  }

  async inviteHere(
    kind: 'join' | 'device',
  ): Promise<Result<HostFlow, NotAllowed | NoAddress | NoRelayPoint>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    if (this.#isCutOff()) return err({ type: 'NoRelayPoint' })
    const { clock, random } = this.#world
    return hostHere(
      { rtc: this.#rtc, clock, random, myName: this.myName() },
      {
        kind,
        replica: this.replica,
        space: this,
        introduce: (name, { member, device }) => {
          this.remember([device])
          if (kind === 'device') nameDevice(this.doc.read(), device, name)
          else addPerson(this.doc.read(), { name, member, participation: 'own device' })
        },
      },
    )
  }

  async letBack(
    member: MemberId,
    how: 'here' | 'far',
  ): Promise<Result<HostFlow, NotAllowed | TooFew | NoAddress | NoRelayPoint>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    if (this.replica.state.kind !== 'collective') return err({ type: 'TooFew' })
    if (member === this.me.member) return err({ type: 'NotYours' })
    if (!this.replica.state.members.has(member)) return err({ type: 'NotFound' })
    if (this.#isCutOff()) return err({ type: 'NoRelayPoint' })
    const { hub, clock, random, language } = this.#world
    const world = { hub, rtc: this.#rtc, clock, random, language: language(), myName: this.myName() }
    const back: HostReturn = {
      replica: this.replica,
      space: this,
      desk: this.#desk,
      member,
      person: this.#nameOf(member),
      checked: (proposal, by) => {
        this.remember([by.device])
        this.#checked(proposal, { how: by.how, language: world.language })
      },
      enact: (proposal) => this.#enact(proposal),
    }
    return how === 'here' ? hostReturnHere(world, back) : ok(hostReturnFar(world, back))
  }

  async returnWords(proposal: EntryId): Promise<readonly string[] | null> {
    const known = this.replica.state.proposals.get(proposal)?.proposal
    if (known?.action !== 'recover') return null
    const { member, deviceId: device } = known
    const language = this.#languageOf(proposal)
    const { coll } = this.replica
    const stretch = this.#world.stretch ?? stretchInWorker
    // A machine that has no memory for it shows none, rather than words that were cheaper.
    return wordsOfReturn(stretch, { coll, member, device, language }).catch(() => null)
  }

  rehearse(): Rehearsal {
    const { clock, language } = this.#world
    return rehearse(
      { state: this.replica.state, membership: this.membership.read() },
      { now: clock.now(), language: language() },
    )
  }

  encounter(): Promise<Result<Encounter, NoAddress | NoRelayPoint>> {
    if (this.#isCutOff()) return Promise.resolve(err({ type: 'NoRelayPoint' }))
    const { clock, random } = this.#world
    return createEncounter({
      rtc: this.#rtc,
      clock,
      random,
      own: this.replica.own,
      coll: this.replica.coll,
      judge: (peer) => this.#judge(peer),
      memberOf: (device) => this.replica.state.devices.get(device)?.member ?? null,
      met: (owned) => {
        this.remember([owned.link.peer])
        if (this.#mesh) this.#mesh.adopt(owned)
        else owned.link.close()
      },
    })
  }

  addKeeper(text: string): Result<KeeperFlow, NotAllowed | BadKeeperText> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    const invitation = keeperInvitationFromText(text)
    const kind = recogniseScanned(text)
    if (!invitation) return err(kind ? { type: 'CodeOfAnotherKind', kind } : { type: 'BadKeeperText' })
    const { hub, rtc, clock, random, language } = this.#world
    return ok(
      proposeKeeper({
        hub,
        rtc,
        clock,
        random,
        replica: this.replica,
        invitation,
        language: language(),
        mayAct: () => this.#mayAct() === null,
        enact: (proposal) => this.#enact(proposal),
      }),
    )
  }

  async propose(wish: Wish): Promise<Result<void, NotAllowed>> {
    const refused = this.#mayDecide(wish.action)
    if (refused) return err(refused)
    if (!this.#isPossible(wish)) return err({ type: 'NotFound' })
    const proposal = this.replica.propose(wish)
    this.#enact(proposal)
    return this.#kept()
  }

  /** Whether the ledger takes it as things stand. */
  #isPossible(wish: Wish): boolean {
    const { state } = this.replica
    const { members, devices } = state
    switch (wish.action) {
      case 'removeMember':
        return members.has(wish.member) && mayEndWith(state, members.get(wish.member)!.devices, wish.annul)
      case 'revokeDevice':
        return devices.has(wish.device) && mayEndWith(state, [wish.device], wish.annul)
      case 'lift':
        return devices.has(wish.device)
      case 'amendFrontier':
        return this.replica.asideOf(wish.device).length > 0
      case 'dormant':
        return wish.members.length > 0 && wish.members.every((id) => members.has(id))
      case 'policy': {
        const { least, most } = vouchersIn(state)
        return Number.isInteger(wish.admit) && wish.admit >= least && wish.admit <= most
      }
    }
  }

  async approve(proposal: EntryId, check?: CheckedHow): Promise<Result<void, NotAllowed | NeedsCheck>> {
    const known = this.replica.state.proposals.get(proposal)
    const refused = this.#mayDecide(known?.proposal.action ?? null)
    if (refused) return err(refused)
    if (!known) return err({ type: 'NotFound' })
    // Nobody agrees to rules their own app does not know: it could not even say that it did.
    if (known.proposal.action === 'minRules' && known.proposal.rules > RULES)
      return err({ type: 'RulesAreAhead' })
    if (known.proposal.action === 'recover') {
      const by = validChecks(this.replica.state, this.doc.read(), proposal)
      if (!check && by.length < CHECKS_NEEDED) return err({ type: 'NeedsCheck' })
      if (check) this.#checked(proposal, { how: check, language: this.#languageOf(proposal) })
    }
    this.replica.approve(proposal)
    this.#enact(proposal)
    return this.#kept()
  }

  async withdraw(target: EntryId): Promise<Result<void, NotAllowed>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    const author =
      this.replica.state.suspensions.get(target)?.author ?? this.replica.state.proposals.get(target)?.author
    const approved = this.replica.state.proposals.get(target)?.approvals.includes(this.me.member)
    const member = author ? this.replica.state.devices.get(author)?.member : null
    if (member !== this.me.member && !approved) return err({ type: 'NotYours' })
    this.replica.act({ type: 'withdraw', target })
    if (this.replica.state.kind !== 'notebook') this.replica.rotate()
    return this.#kept()
  }

  async suspend(device: DeviceId, reason: SuspendReason): Promise<Result<void, NotAllowed>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    if (!this.replica.state.devices.has(device)) return err({ type: 'NotFound' })
    this.replica.suspend(device, reason)
    return this.#kept()
  }

  async leave(): Promise<Result<void, NotAllowed>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    const mine = this.membership.read().members.find(({ me }) => me)
    const isLast = !mine?.devices.some(
      ({ thisOne, standing }) => !thisOne && standing !== 'revoked' && standing !== 'retired',
    )
    const person = peopleOf(this.doc.read(), [this.me.member]).find(({ member }) => member === this.me.member)
    // The name fades in what all read; written first, because afterwards this phone says nothing any more.
    if (isLast && person?.id) movePerson(this.doc.read(), person.id, 'left')
    await this.replica.flush()
    this.replica.retire()
    return this.#kept()
  }

  lastEdits(device: DeviceId): readonly AsideItem[] {
    return this.#itemsFrom(latePieces(this.doc.read(), this.replica.lastOf(device)))
  }

  async bringBack(item: string): Promise<Result<void, NotAllowed>> {
    const refused = this.#mayAct()
    if (refused) return err(refused)
    const late = { setAside: this.replica.setAside(), late: this.replica.documents.late.read() }
    if (!bringLateBack(this.doc.read(), late, item)) return err({ type: 'NotFound' })
    await this.replica.flush()
    return this.#kept()
  }

  flush(): Promise<void> {
    return this.replica.flush()
  }

  /** The page woke. */
  wake(): void {
    this.#mesh?.wake()
  }

  /** The network may be another one now. */
  networkChanged(): void {
    this.#mesh?.networkChanged()
  }

  /** What this member is called in the document, else what they gave at the door. */
  myName(): string {
    const me = peopleOf(this.doc.read(), [this.me.member]).find(({ member }) => member === this.me.member)
    return me?.name ?? this.replica.row.myName
  }

  async close(): Promise<void> {
    await this.#innerOpening
    await this.#inner.read()?.close()
    await this.replica.flush()
    for (const stop of this.#stops) stop()
    this.#desk.close()
    this.#mesh?.stop()
    this.#live.stop()
    this.#syncing.stop()
    await this.#acknowledged.close()
    this.replica.close()
  }

  // ── links ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #createMesh(): Mesh | null {
    const { hub, clock, random } = this.#world
    // A notebook has nobody to look for.
    if (this.replica.state.kind === 'notebook') return null
    const mesh = createMesh({
      coll: this.replica.coll,
      own: this.replica.own,
      hub,
      rtc: this.#rtc,
      clock,
      random,
      judge: (peer) => this.#judge(peer),
    })
    this.#stops.push(
      mesh.links.watch(() => this.#relink(mesh.links.read())),
      passOnPresence({
        mesh,
        clock,
        awareness: this.#live.awareness,
        deviceOf: (client) =>
          [...this.replica.state.feeds.values()].find(({ yClient }) => yClient === client)?.device ?? null,
      }),
    )
    return mesh
  }

  /** Read at every connection: the collective may have chosen other relay points meanwhile. */
  #way(): Way {
    return { turn: turnServersOf(this.doc.read()), reach: this.#world.reach?.read() ?? 'direct' }
  }

  /** Nobody can be met: this device goes out through relay points alone, and this space has none. */
  #isCutOff(): boolean {
    const { turn, reach } = this.#way()
    return reach === 'relayed' && turn.length === 0
  }

  /** What was made openly ends, also what is being made: its card may be on its way to somebody already. */
  #goOutAnew(): void {
    if (this.#way().reach === 'relayed') {
      for (const link of this.#links.read()) link.close()
      this.#rtc.closeAll()
    }
    this.wake()
  }

  async #openInner(): Promise<void> {
    if (this.replica.state.kind === 'notebook') return
    const { storage, clock, random } = this.#world
    const inner = await openInner({
      replica: this.replica,
      syncing: this.#syncing,
      storage,
      clock,
      random,
      myName: () => this.myName(),
    })
    if (!inner) return
    this.#inner.set(inner)
    for (const { link } of this.#reached.values()) inner.attach(link)
  }

  #judge(peer: DeviceId): ReturnType<Judge> {
    const known = this.replica.state.devices.get(peer)
    const standing = this.#standingIn(known)
    return known && standing ? { device: known.device, standing } : null
  }

  #relink(links: readonly MetLink[]): void {
    for (const [id, reached] of [...this.#reached])
      if (!links.some((link) => link.id === id)) {
        reached.sync.detach()
        reached.unlive?.()
        this.#reached.delete(id)
      }
    for (const link of links) if (!this.#reached.has(link.id)) this.#reach(link)
    this.#links.set(links)
    // A keeper reads nothing: nobody waits for what is being typed.
    this.replica.documents.company = links.some(({ peer }) => this.#standingOf(peer) !== 'sealed')
  }

  #reach(link: MetLink): void {
    const sync = this.#syncing.attach(link)
    const reached: Reached = { link, sync, unlive: null }
    this.#reached.set(link.id, reached)
    this.#inner.read()?.attach(link)
    this.#enliven(reached)
    this.#hear(link.peer)
  }

  /** Presence goes only to devices in good standing, and only once both are known by their feeds. */
  #enliven(reached: Reached): void {
    const { peer } = reached.link
    if (this.#standingOf(peer) !== 'full') {
      reached.unlive?.()
      reached.unlive = null
      return
    }
    const client = this.#clientOf(peer)
    if (client !== null && !reached.unlive) reached.unlive = this.#live.attach(reached.link, client)
  }

  #standingOf(device: DeviceId): Standing {
    return this.#standingIn(this.replica.state.devices.get(device)) ?? 'stranger'
  }

  #standingIn(known: DeviceState | undefined): Standing | null {
    return known ? standingOf(known, (feed) => this.replica.feeds.nextSeq(feed)) : null
  }

  #clientOf(device: DeviceId): number | null {
    for (const feed of this.replica.state.feeds.values()) if (feed.device === device) return feed.yClient
    return null
  }

  /** After every change of the ledger: narrow, close, look for newcomers, enact what has its votes. */
  #ledgerSeen(): void {
    const { state } = this.replica
    for (const reached of this.#reached.values()) {
      reached.sync.judge()
      this.#enliven(reached)
    }
    this.#mesh?.rejudge()
    this.#live.awareness.reconsider()
    this.#mesh?.setPeers(
      [...state.devices.values()]
        .filter((device) => device.id !== this.me.device && this.#standingIn(device) !== null)
        .map(({ id, device }) => ({ id, device })),
    )
  }

  /** Whoever gives the vote that was missing carries the decision out, and rotates in the same breath. */
  #enact(proposal: EntryId): void {
    if (!mayCarryOut(this.replica.state, this.doc.read(), proposal)) return
    this.replica.act({ type: 'enact', proposal })
    // Of a paused phone this counts, and a key does not: others make it.
    if (this.replica.mayAct()) this.replica.rotate()
  }

  #checked(proposal: EntryId, by: { readonly how: CheckedHow; readonly language: WordLanguage }): void {
    markCheck(this.doc.read(), proposal, { member: this.me.member, ...by })
  }

  /** All read from the list of whoever met the phone. */
  #languageOf(proposal: EntryId): WordLanguage {
    const [first] = validChecks(this.replica.state, this.doc.read(), proposal)
    return first?.language ?? this.#world.language()
  }

  #progress(proposal: EntryId): { readonly checked: number; readonly missing: readonly string[] } {
    const decision = this.membership.read().decisions.find(({ id }) => id === proposal)
    const missing = this.membership
      .read()
      .members.filter(
        ({ id, votes, devices }) =>
          votes &&
          id !== decision?.subject &&
          !decision?.approvals.includes(id) &&
          devices.some(({ standing }) => standing === 'active'),
      )
      .map(({ id }) => this.#nameOf(id))
    return { checked: decision?.checks.length ?? 0, missing }
  }

  // ── what screens see ─────────────────────────────────────────────────────────────────────────────────────────────

  #membership(): Membership {
    const linked = new Set(this.#links.read().map(({ peer }) => peer))
    return membershipFrom(this.replica.state, this.me, this.doc.read(), {
      linked,
      heard: this.#heard,
      met: this.#met.read(),
      knows: (device, act) => this.#syncing.knows(device, act),
      isSettled: (act) => this.replica.state.finals.some((final) => this.replica.ledger.isBelow(act, final)),
      isBelow: (act, other) => this.replica.ledger.isBelow(act, other),
      holds: (epoch) => this.replica.keyring.has(epoch),
      aside: (device, upTo) => asideUpTo(this.replica.asideOf(device), upTo),
      isHere: ({ feed, seq }) => this.replica.feeds.nextSeq(feed) > seq,
      full: (device) => this.#syncing.isFull(device),
      forked: new Set([
        ...this.replica.feeds.forks().flatMap(({ feed }) => this.replica.state.feeds.get(feed)?.device ?? []),
        ...(this.replica.isCopied ? [this.me.device] : []),
      ]),
    })
  }

  #status(): Status {
    const standing = this.replica.standing()
    if (standing === 'suspended') return { type: 'out', how: 'paused' }
    if (standing === 'revoked' || standing === 'retired')
      return { type: 'out', how: this.#hasLeft() ? 'left' : 'ended' }
    if (this.#syncing.paused.read()) return { type: 'paused' }
    const progress = this.#syncing.progress()
    if (progress && progress.total > 20) return { type: 'exchanging', ...progress }
    const waiting = this.membership.read().decisions.filter(({ mayApprove }) => mayApprove).length
    if (waiting > 0) return { type: 'attention', decisions: waiting }
    const near = this.#links.read().filter(({ peer }) => this.#standingOf(peer) === 'full')
    const members = new Set(near.map(({ peer }) => this.replica.state.devices.get(peer)?.member ?? peer))
    if (this.#syncing.caughtUp() > 0)
      return { type: 'upToDate', people: members.size, at: this.#world.clock.now() }
    const trying = this.#mesh?.trying.read() ?? 0
    if (this.#mesh && (trying > 0 || this.#world.hub.state.read() === 'searching')) {
      const since = this.#lastContact
      if (since !== null && this.#world.clock.now() - since > STALE_MS) return { type: 'stale', since }
      return { type: 'connecting', tries: trying }
    }
    return { type: 'local', waiting: this.#waiting() }
  }

  /** No phone of this one’s person belongs any more. */
  #hasLeft(): boolean {
    return this.membership
      .read()
      .members.every(
        ({ me, devices }) =>
          !me || devices.every(({ standing }) => standing !== 'active' && standing !== 'suspended'),
      )
  }

  /** In a notebook there is nobody it could wait for. */
  #waiting(): number {
    if (this.replica.state.kind === 'notebook') return 0
    return this.#acknowledged.waiting() + (this.replica.documents.waiting.read() > 0 ? 1 : 0)
  }

  #keptNow(): Kept {
    if (this.#world.guest) return 'memory only'
    const saving = this.replica.saving.read()
    if (saving === 'failed') return 'failing'
    return saving === 'saving' || this.replica.documents.waiting.read() > 0 ? 'on its way' : 'on disk'
  }

  #aside(): readonly AsideItem[] {
    const { documents } = this.replica
    const pieces = [
      ...this.#latePieces(this.doc.read(), this.replica.setAside()),
      ...closedPieces(this.doc.read(), documents.late.read()),
    ]
    return this.#itemsFrom(pieces.sort((one, other) => Number(one.brought) - Number(other.brought)))
  }

  #itemsFrom(pieces: readonly LatePiece[]): readonly AsideItem[] {
    return pieces.map(({ id, device, piece, brought, closed }) => ({
      id,
      device,
      member: this.replica.state.devices.get(device)?.member ?? null,
      text: freeText(textOf(piece)).slice(0, SHOWN_MAX),
      where: closed
        ? { type: 'closed', title: '' }
        : { type: piece.type, title: piece.type === 'other' ? '' : piece.title },
      brought,
    }))
  }

  #createLive(): Live {
    const { own } = this.replica
    const deviceOf = (client: number) => {
      for (const feed of this.replica.state.feeds.values())
        if (feed.yClient === client) return this.replica.state.devices.get(feed.device)
      return undefined
    }
    const mine = this.#clientOf(own.id)
    return createLive({
      clientId: mine ?? 0,
      clock: this.#world.clock,
      person: (client) => {
        const member = deviceOf(client)?.member
        return member ? { member, name: this.#nameOf(member) } : null
      },
      sign: (payload) => sign(own.signSk, 'presence', [idBytes(this.replica.coll), payload]),
      verify: (client, payload, sig) => {
        const device = deviceOf(client)
        return (
          device?.standing === 'active' &&
          verify(device.device.signPk, 'presence', [idBytes(this.replica.coll), payload], sig)
        )
      },
    })
  }

  #nameOf(member: MemberId): string {
    return peopleOf(this.doc.read(), [member]).find((person) => person.member === member)?.name ?? ''
  }

  #seePeople(): void {
    const here = new Map<MemberId, { member: MemberId; name: string; place: string | null }>()
    const named = new Map(
      peopleOf(this.doc.read(), [...this.replica.state.members.keys()]).map(({ member, name }) => [
        member,
        name,
      ]),
    )
    for (const [client, state] of this.#live.awareness.getStates()) {
      if (client === this.#live.awareness.clientID) continue
      for (const feed of this.replica.state.feeds.values()) {
        const member = feed.yClient === client ? this.replica.state.devices.get(feed.device)?.member : null
        const place: unknown = state['place']
        if (member)
          here.set(member, {
            member,
            name: named.get(member) ?? '',
            place: typeof place === 'string' ? place : null,
          })
      }
    }
    this.#people.set([...here.values()])
  }

  #hear(device: DeviceId): void {
    const now = this.#world.clock.now()
    this.#lastContact = now
    this.#heard.set(device, now - (now % 60_000))
    void this.#world.storage.commit([
      { table: 'meta', key: heardKey(this.replica.coll), value: encodeHeard(this.#heard) },
    ])
  }

  async #recallHeard(): Promise<void> {
    const row = await this.#world.storage.get('meta', heardKey(this.replica.coll))
    if (!row.ok || !row.value) return
    for (const [device, at] of parseHeard(row.value))
      if (!this.#heard.has(device as DeviceId)) this.#heard.set(device as DeviceId, at)
    this.#lastContact ??= Math.max(0, ...this.#heard.values()) || null
  }

  /** A pause takes no voice from anybody in who stays: else whoever pauses first would have the last word. */
  #mayDecide(action: Proposal['action'] | null): NotAllowed | null {
    const refused = this.#mayAct()
    return refused?.type === 'SuspendedHere' && action && isAboutWhoStays(action) ? null : refused
  }

  async #recallMet(): Promise<void> {
    const row = await this.#world.storage.get('meta', metKey(this.replica.coll))
    if (row.ok && row.value) this.#met.set(new Set([...this.#met.read(), ...parseMet(row.value)]))
  }

  #mayAct(): NotAllowed | null {
    if (this.#movedTo.read()) return { type: 'ReadOnly' }
    if (this.replica.outdated) return { type: 'RulesAreAhead' }
    if (this.replica.awaitsOthers) return { type: 'AwaitsOthers' }
    const standing = this.replica.standing()
    if (standing === 'suspended') return { type: 'SuspendedHere' }
    return standing === 'active' ? null : { type: 'NotAMember' }
  }

  async #kept(): Promise<Result<void, NotAllowed>> {
    await this.replica.settled()
    return this.replica.saving.read() === 'failed' ? err({ type: 'StorageFailed' }) : ok(undefined)
  }
}

const textOf = (piece: Piece): string =>
  piece.type === 'threat' ? Object.values(piece.fields).join('\n') : piece.text

/** A derived value computed once a change, not once a reader. */
const memo = <T>(sources: readonly Watched<unknown>[], read: () => T): Watched<T> => {
  let stale = true
  let value: T
  const watchers = new Set<() => void>()
  for (const source of sources)
    source.watch(() => {
      stale = true
      for (const watcher of [...watchers]) watcher()
    })
  return {
    read: () => {
      if (stale) {
        stale = false
        value = read()
      }
      return value
    },
    watch: (onChange) => {
      watchers.add(onChange)
      return () => void watchers.delete(onChange)
    },
  }
}
