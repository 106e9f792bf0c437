import { err, ok, type Result } from '../core/result.ts'
import { memberIdFrom, type CollId, type DeviceId, type EntryId, type MemberId } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { createDevice, type OwnDevice } from '../crypto/device.ts'
import { forget } from '../crypto/hash.ts'
import { aboutOf, copyInto, setAbout } from '../domain/document.ts'
import { addPerson, linkPerson, people, peopleOf, unlinkStrangers } from '../domain/people.ts'
import { turnServersOf } from '../domain/relay-points.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../ledger/genesis.ts'
import { createChangingRtc } from '../net/rtc.ts'
import type { Reach, Way } from '../net/types.ts'
import type { StorageFailed } from '../sync/ports.ts'
import { stretchInWorker } from '../crypto/stretch.ts'
import { recogniseScanned } from '../net/scanned.ts'
import { invitationFromLink } from '../wire/invitation.ts'
import type { CircleInvitation, FlowState } from './circle-founding.ts'
import { CIRCLE_PREFIX, type Circle } from './circle.ts'
import type { NotLinked } from './circles.ts'
import { guestFounding, guestFoundingHere } from './founding-guest.ts'
import { hostFounding, type Before, type Founded } from './founding.ts'
import { joinHubs } from '../net/hubs.ts'
import { guestHere } from './joining-here.ts'
import { guestJoining, type Joined } from './joining.ts'
import { LeftLink } from './left-link.ts'
import { goOnReturning, guestReturnFar, guestReturnHere, type Returning } from './return-guest.ts'
import { encodeReturnRow, parseReturnRow, RETURN_KEY } from './return-row.ts'
import { wordsOfReturn } from './return-words.ts'
import { Replica } from './replica.ts'
import { encodeSpaceRow, parseSpaceRow, SPACE_PREFIX, spaceKey, type SpaceRow } from './rows.ts'
import { openCarriedFile } from './carried-file.ts'
import { LiveSpace, type SpaceWorld } from './space.ts'
import { createRoomHubs, type RoomHubs } from './room-hubs.ts'
import { guestNotStarted, hostNotStarted } from './not-started.ts'
import { ReachSetting } from './reach.ts'
import type {
  BadImport,
  BadLink,
  BadScan,
  CarriedFile,
  GuestFlow,
  HostFlow,
  Incoming,
  NoAddress,
  NoRelayPoint,
  RoomHub,
  Space,
  StorageUnavailable,
  Workspace,
} from './types.ts'

/** An open vault: the notebooks and collectives on this device, and the one flow that may be under way. */
export class LiveWorkspace implements Workspace {
  readonly #world: SpaceWorld
  readonly #rooms: RoomHubs
  readonly #reach: ReachSetting
  readonly #spaces = new Cell<readonly LiveSpace[]>([])
  readonly #current = new Cell<LiveSpace | null>(null)
  readonly #flow = new Cell<HostFlow | GuestFlow | null>(null)
  readonly #left: LeftLink
  leftLink: string | null = null
  #isClosing = false
  /** Collectives whose rows are damaged: kept on disk, not opened. */
  damaged = 0

  constructor(world: Omit<SpaceWorld, 'reach'>) {
    const hubs = joinHubs([world.hub])
    this.#reach = new ReachSetting(world.storage)
    this.#world = { ...world, hub: hubs, reach: this.#reach.now }
    this.#rooms = createRoomHubs({ ...world, hubs })
    this.#left = new LeftLink(world)
  }

  get spaces(): Watched<readonly Space[]> {
    return this.#spaces
  }

  get current(): Watched<Space | null> {
    return this.#current
  }

  get hubs(): Watched<readonly RoomHub[]> {
    return this.#rooms.all
  }

  joinHub(code: string): Result<RoomHub, BadScan> {
    return this.#rooms.join(code)
  }

  get flow(): Watched<HostFlow | GuestFlow | null> {
    return this.#flow
  }

  get reach(): Watched<Reach> {
    return this.#reach.now
  }

  async setReach(reach: Reach): Promise<Result<void, NoRelayPoint | StorageUnavailable>> {
    if (reach === 'relayed' && !this.#spaces.read().some(hasRelayPoint)) return err({ type: 'NoRelayPoint' })
    const chosen = await this.#reach.choose(reach)
    // Whoever is being met now was met the other way.
    if (chosen.ok && reach === 'relayed') this.#flow.read()?.cancel()
    return chosen
  }

  choose(space: Space): void {
    this.#current.set(this.#spaces.read().find(({ id }) => id === space.id) ?? null)
  }

  /** Opens everything the vault holds. */
  async restore(): Promise<void> {
    await this.#rooms.restore()
    await this.#reach.recall()
    this.leftLink = await this.#left.take()
    const rows = await this.#world.storage.all('meta', SPACE_PREFIX)
    const circles = await this.#world.storage.all('meta', CIRCLE_PREFIX)
    if (!rows.ok || !circles.ok) return
    // A circle is opened by the collective around it.
    const inner = new Set(circles.value.rows.map(([key]) => key.slice(CIRCLE_PREFIX.length)))
    for (const [key, value] of rows.value.rows) {
      if (inner.has(key.slice(SPACE_PREFIX.length))) continue
      const row = parseSpaceRow(value)
      const replica = row ? await Replica.restore({ ...this.#world, row }) : null
      if (replica?.ok) this.#add(new LiveSpace(replica.value, this.#world))
      else this.damaged += 1
    }
    await this.#goOnReturning()
    const living = this.#spaces.read().filter((space) => !space.readOnly.read() || space.awaitsOthers.read())
    this.#current.set(
      living.find((space) => space.kind.read() !== 'notebook') ?? living[0] ?? this.#spaces.read()[0] ?? null,
    )
  }

  async lightNotebook(about: { title: string; purpose: string; myName: string }): Promise<Space> {
    const own = createDevice(this.#world.random)
    const member = memberIdFrom(this.#world.random.bytes(16))!
    const draft = createGenesis({
      author: own.id,
      founders: [{ member, device: own.device }],
      nonce: this.#world.random.bytes(16),
      policy: { admit: 2 },
    })
    const genesis = assembleGenesis(draft, [signGenesis(own, draft)])
    if (!genesis.ok) throw new Error(`our own genesis is ${genesis.error.type}`)
    const coll = genesis.value.id as CollId
    const entered = await this.#enter(
      { coll, own, member, entries: [genesis.value.wire], newcomer: false, pin: null },
      about.myName,
    )
    if (!entered.ok) throw new Error('this device cannot write')
    const space = entered.value
    setAbout(space.doc.read(), { title: about.title, purpose: about.purpose })
    addPerson(space.doc.read(), { name: about.myName, member, participation: 'own device' })
    await space.flush()
    this.#current.set(space)
    return space
  }

  proposeFounding(from: Space, about: { title: string; myName: string }): Promise<HostFlow> {
    this.#flow.read()?.cancel()
    const way = (): Way => ({ turn: turnServersOf(from.doc.read()), reach: this.#reach.now.read() })
    const flow =
      way().reach === 'relayed' && way().turn.length === 0
        ? hostNotStarted('found', 'only relayed')
        : hostFounding(
            {
              ...this.#flowWorld(about.myName, way),
              title: about.title,
              before: from.kind.read() === 'notebook' ? null : (this.#spaceOf(from.id)?.replica.coll ?? null),
            },
            (founded) => this.#founded(founded, about.myName, this.#spaceOf(from.id)),
          )
    this.#flow.set(flow)
    return Promise.resolve(flow)
  }

  openLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>> {
    const invitation = invitationFromLink(link)
    if (!invitation || invitation.kind === 'recover') {
      const kind = recogniseScanned(link)
      return Promise.resolve(err(kind ? { type: 'CodeOfAnotherKind', kind } : { type: 'BadLink' }))
    }
    this.#flow.read()?.cancel()
    // A newcomer knows no relay point yet; one of another collective would tell its server of this meeting.
    const world = this.#flowWorld(myName, () => ({ turn: [], reach: this.#reach.now.read() }))
    const flow =
      this.#reach.now.read() === 'relayed'
        ? guestNotStarted(invitation.kind, 'only relayed')
        : invitation.kind === 'join'
          ? guestJoining(world, invitation, {
              isHere: this.#isHere,
              finish: (joined) => this.#joined(joined, myName),
            })
          : guestFounding({ ...world, mine: () => this.#mine() }, invitation, this.#foundedByOthers(myName))
    this.#flow.set(flow)
    this.#keepUntilOver(link, flow)
    return Promise.resolve(ok(flow))
  }

  /** A lock in the middle must not cost the person their invitation; every other end does. */
  #keepUntilOver(link: string, { state }: GuestFlow): void {
    const look = () => {
      const { step } = state.read()
      // Later on others vouch for the keys of this meeting, or wait to sign: without them it is another meeting.
      if (this.#isClosing || step === 'meeting' || step === 'words' || step === 'waiting') return
      unwatch()
      void this.#left.forget()
    }
    const unwatch = state.watch(look)
    void this.#left.keep(link)
    look()
  }

  async joinHere(
    kind: 'join' | 'device' | 'found',
    myName: string,
  ): Promise<Result<GuestFlow, NoAddress | NoRelayPoint>> {
    this.#flow.read()?.cancel()
    // A newcomer knows no relay point yet, and a code that shows only such has nothing to show.
    if (this.#reach.now.read() === 'relayed') return err({ type: 'NoRelayPoint' })
    const world = this.#flowWorld(myName, () => ({ turn: [], reach: 'direct' }))
    const flow =
      kind === 'found'
        ? await guestFoundingHere({ ...world, mine: () => this.#mine() }, this.#foundedByOthers(myName))
        : await guestHere(world, kind, {
            isHere: this.#isHere,
            finish: (joined) => this.#joined(joined, kind === 'device' ? joined.host : myName),
          })
    if (flow.ok) this.#flow.set(flow.value)
    return flow
  }

  async returnHere(myName: string): Promise<Result<GuestFlow, NoAddress | NoRelayPoint>> {
    this.#flow.read()?.cancel()
    // As for a newcomer: this phone knows no relay point of theirs yet.
    if (this.#reach.now.read() === 'relayed') return err({ type: 'NoRelayPoint' })
    const flow = await guestReturnHere(this.#flowWorld(myName, DIRECTLY), this.#returning())
    if (flow.ok) this.#flow.set(flow.value)
    return flow
  }

  returnByLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>> {
    const invitation = invitationFromLink(link)
    if (invitation?.kind !== 'recover') {
      const kind = recogniseScanned(link)
      return Promise.resolve(err(kind ? { type: 'CodeOfAnotherKind', kind } : { type: 'BadLink' }))
    }
    this.#flow.read()?.cancel()
    const world = this.#flowWorld(myName, () => ({ turn: [], reach: this.#reach.now.read() }))
    const flow =
      this.#reach.now.read() === 'relayed'
        ? guestNotStarted('recover', 'only relayed')
        : guestReturnFar(world, invitation, this.#returning())
    this.#flow.set(flow)
    return Promise.resolve(ok(flow))
  }

  async openFile(file: CarriedFile): Promise<Result<Incoming, BadImport>> {
    const targets = await Promise.all(
      this.#spaces.read().map(async (space) => ({ replica: space.replica, ...(await space.opened()) })),
    )
    const found = await openCarriedFile(file, targets)
    const space = found.ok && this.#spaces.read().find(({ id }) => id === found.value.coll)
    if (!found.ok) return found
    return space ? ok({ ...found.value, space }) : err({ type: 'OtherCollective' })
  }

  /** The circles of a collective that this device is in, listed under it alone. */
  circlesOf(space: Space): readonly Circle[] {
    return this.#innerOf(space)?.circles.all.read() ?? []
  }

  /** Others of the collective ask this device into a circle. */
  circleInvitations(space: Space): readonly CircleInvitation[] {
    return this.#innerOf(space)?.circles.invitations.read() ?? []
  }

  /** Asks devices of the collective, all linked now, to found a circle: with this one, three or more members. */
  foundCircle(
    space: Space,
    of: { readonly title: string; readonly devices: readonly DeviceId[] },
  ): Result<{ readonly state: Watched<FlowState> }, NotLinked> {
    return this.#innerOf(space)?.circles.found(of) ?? err({ type: 'NotLinked' })
  }

  #spaceOf(id: string): LiveSpace | null {
    return this.#spaces.read().find((space) => space.id === id) ?? null
  }

  /** Collectives and pairs this person takes part in: one of them may be founded anew. */
  #mine(): readonly Before[] {
    return this.#spaces
      .read()
      .filter(({ kind, readOnly }) => kind.read() !== 'notebook' && !readOnly.read())
      .map(({ replica, doc }) => ({ coll: replica.coll, title: aboutOf(doc.read()).title }))
  }

  #innerOf(space: Space) {
    return (
      this.#spaces
        .read()
        .find(({ id }) => id === space.id)
        ?.inner.read() ?? null
    )
  }

  /** The page woke. */
  wake(): void {
    this.#world.hub.wake?.() // those in the room are among them
    for (const space of this.#spaces.read()) space.wake()
  }

  /** The network may be another one now. */
  networkChanged(): void {
    this.#world.hub.wake?.()
    for (const space of this.#spaces.read()) space.networkChanged()
  }

  /** Writes what is pending: the page may be put away at any moment. */
  async flush(): Promise<void> {
    await Promise.all(this.#spaces.read().map((space) => space.flush()))
  }

  /** Writes what is pending and lets go of every key. */
  async close(): Promise<void> {
    this.#isClosing = true
    this.#restFlow()
    await Promise.all(this.#spaces.read().map((space) => space.close()))
    this.#world.hub.close()
    this.#world.storage.close()
  }

  /** Overwrites the secrets of every device here. Only after `close`, when nothing is signed or written any more. */
  forgetKeys(): void {
    for (const { replica, inner } of this.#spaces.read())
      for (const { own } of [
        replica,
        ...(inner.read()?.circles.all.read() ?? []).map((circle) => circle.replica),
      ])
        forget(own.signSk, own.kemSk, own.rvSk)
  }

  #flowWorld(myName: string, way: () => Way) {
    const { hub, rtc, clock, random, language } = this.#world
    return { hub, rtc: createChangingRtc(rtc, way), clock, random, language: language(), myName }
  }

  #restFlow(): void {
    const flow = this.#flow.read()
    if (flow?.role === 'guest' && flow.rest) flow.rest()
    else if (flow?.role === 'guest' && flow.breakOff) flow.breakOff()
    else flow?.cancel()
  }

  /** Somebody was coming back when this phone was locked. */
  async #goOnReturning(): Promise<void> {
    const kept = await this.#world.storage.get('meta', RETURN_KEY)
    const row = kept.ok && kept.value ? parseReturnRow(kept.value) : null
    if (!row) return
    const world = this.#flowWorld(row.as.myName, () => ({ turn: [], reach: this.#reach.now.read() }))
    this.#flow.set(goOnReturning(world, row, this.#returning()))
  }

  readonly #isHere = (coll: CollId): boolean => this.#spaces.read().some(({ id }) => id === coll)

  #returning(): Returning {
    const { storage, stretch } = this.#world
    return {
      isHere: this.#isHere,
      keep: async (row) =>
        (await storage.commit([{ table: 'meta', key: RETURN_KEY, value: encodeReturnRow(row) }])).ok,
      forget: () => void storage.commit([{ table: 'meta', key: RETURN_KEY, value: null }]),
      wordsOf: ({ as, language }) =>
        wordsOfReturn(stretch ?? stretchInWorker, {
          coll: as.coll,
          member: as.member,
          device: as.own.id,
          language,
        }),
      finish: (joined, person) => this.#joined(joined, person),
    }
  }

  #add(space: LiveSpace): LiveSpace {
    this.#spaces.set([...this.#spaces.read(), space])
    return space
  }

  async #enter(
    as: {
      coll: CollId
      own: OwnDevice
      member: MemberId
      entries: readonly Uint8Array[]
      newcomer: boolean
      pin: EntryId | null
      met?: readonly DeviceId[]
    },
    myName: string,
  ): Promise<Result<LiveSpace, StorageFailed | { readonly type: 'BadLedger' }>> {
    const row: SpaceRow = {
      coll: as.coll,
      own: as.own,
      member: as.member,
      myName,
      movedTo: null,
      newcomer: as.newcomer,
      pin: as.pin,
    }
    const replica = await Replica.begin({ ...this.#world, row, entries: as.entries })
    if (!replica.ok) return replica
    const space = this.#add(new LiveSpace(replica.value, this.#world))
    space.remember(as.met ?? [])
    return ok(space)
  }

  /** All have signed: what the proposer had, alone or in another collective, moves in; everybody writes down their own name. */
  async #founded(founded: Founded, myName: string, notebook: LiveSpace | null): Promise<Space | null> {
    const entered = await this.#enter({ ...founded, newcomer: false, pin: null }, myName)
    if (!entered.ok) return null
    const space = entered.value
    const doc = space.doc.read()
    if (notebook) {
      // The proposer brings the first key, so that nobody waits for it.
      space.replica.rotate()
      copyInto(notebook.doc.read(), doc)
      setAbout(doc, { title: founded.title })
      this.#renamePeople(space, notebook, founded.member)
      unlinkStrangers(doc, { members: [founded.member], names: founded.others })
      await this.#retireNotebook(notebook, founded.coll)
    }
    if (!peopleOf(doc, [founded.member]).some(({ member, name }) => member === founded.member && name))
      addPerson(doc, { name: myName, member: founded.member, participation: 'own device' })
    await space.flush()
    this.#current.set(space)
    // The meeting ends by settling its beginning: until that is final, a majority of these phones could open it again.
    if (notebook) await space.agreed.propose()
    return space
  }

  /** As one who was asked: where it takes the place of what this person was in, that stays to be read. */
  #foundedByOthers(myName: string) {
    return async (founded: Founded, before: CollId | null): Promise<Space | null> => {
      const space = await this.#founded(founded, myName, null)
      const old = space && before ? this.#spaceOf(before) : null
      if (old) await this.#retireNotebook(old, founded.coll)
      return space
    }
  }

  /** The proposer's Person named their member in the notebook; in the collective it names the member they are there. */
  #renamePeople(space: LiveSpace, notebook: LiveSpace, member: MemberId): void {
    for (const person of people(space.doc.read()).read())
      if (person.member === notebook.me.member) linkPerson(space.doc.read(), person.id, member)
  }

  async #retireNotebook(notebook: LiveSpace, movedTo: CollId): Promise<void> {
    await notebook.flush()
    const row = { ...notebook.replica.row, movedTo }
    await this.#world.storage.commit([{ table: 'meta', key: spaceKey(row.coll), value: encodeSpaceRow(row) }])
    notebook.moved(movedTo)
  }

  async #joined(joined: Joined, myName: string): Promise<Space | 'not kept' | 'turned away'> {
    const entered = await this.#enter({ ...joined, newcomer: true }, myName)
    if (!entered.ok) return entered.error.type === 'BadLedger' ? 'turned away' : 'not kept'
    this.#current.set(entered.value)
    return entered.value
  }
}

const DIRECTLY = (): Way => ({ turn: [], reach: 'direct' })

const hasRelayPoint = ({ doc }: Space): boolean => turnServersOf(doc.read()).length > 0
