import { err, ok, type Result } from '../core/result.ts'
import { memberIdFrom, type CollId, type DeviceId, type EntryId, type MemberId } from '../core/ids.ts'
import { Cell, type Watched } from '../core/watched.ts'
import { createDevice, type OwnDevice } from '../crypto/device.ts'
import { forget } from '../crypto/hash.ts'
import { copyInto, setAbout } from '../domain/document.ts'
import { addPerson, linkPerson, people, peopleOf, unlinkStrangers } from '../domain/people.ts'
import { turnServersOf } from '../domain/relay-points.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../ledger/genesis.ts'
import { createChangingRtc } from '../net/rtc.ts'
import type { Reach, Way } from '../net/types.ts'
import type { StorageFailed } from '../sync/ports.ts'
import { recogniseScanned } from '../net/scanned.ts'
import { invitationFromLink } from '../wire/invitation.ts'
import type { CircleInvitation, FlowState } from './circle-founding.ts'
import { CIRCLE_PREFIX, type Circle } from './circle.ts'
import type { NotLinked } from './circles.ts'
import { guestFounding, hostFounding, type Founded } from './founding.ts'
import { joinHubs } from '../net/hubs.ts'
import { guestHere } from './joining-here.ts'
import { guestJoining, type Joined } from './joining.ts'
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
  /** Collectives whose rows are damaged: kept on disk, not opened. */
  damaged = 0

  constructor(world: Omit<SpaceWorld, 'reach'>) {
    const hubs = joinHubs([world.hub])
    this.#reach = new ReachSetting(world.storage)
    this.#world = { ...world, hub: hubs, reach: this.#reach.now }
    this.#rooms = createRoomHubs({ ...world, hubs })
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
        : hostFounding({ ...this.#flowWorld(about.myName, way), title: about.title }, (founded) =>
            this.#founded(
              founded,
              about.myName,
              this.#spaces.read().find(({ id }) => id === from.id) ?? null,
            ),
          )
    this.#flow.set(flow)
    return Promise.resolve(flow)
  }

  openLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>> {
    const invitation = invitationFromLink(link)
    if (!invitation) {
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
          ? guestJoining(world, invitation, (joined) => this.#joined(joined, myName))
          : guestFounding(world, invitation, (founded) => this.#founded(founded, myName, null))
    this.#flow.set(flow)
    return Promise.resolve(ok(flow))
  }

  async joinHere(
    kind: 'join' | 'device',
    myName: string,
  ): Promise<Result<GuestFlow, NoAddress | NoRelayPoint>> {
    this.#flow.read()?.cancel()
    // A newcomer knows no relay point yet, and a code that shows only such has nothing to show.
    if (this.#reach.now.read() === 'relayed') return err({ type: 'NoRelayPoint' })
    const { rtc, clock, random } = this.#flowWorld(myName, () => ({ turn: [], reach: 'direct' }))
    const flow = await guestHere({ rtc, clock, random, myName }, kind, (joined) =>
      this.#joined(joined, kind === 'device' ? joined.host : myName),
    )
    if (flow.ok) this.#flow.set(flow.value)
    return flow
  }

  async openFile(file: CarriedFile): Promise<Result<Incoming, BadImport>> {
    const found = await openCarriedFile(
      file,
      this.#spaces.read().map(({ replica }) => replica),
    )
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

  #innerOf(space: Space) {
    return (
      this.#spaces
        .read()
        .find(({ id }) => id === space.id)
        ?.inner.read() ?? null
    )
  }

  /** The page woke or the network came back. */
  wake(): void {
    this.#rooms.wake()
    this.#world.hub.wake?.()
    for (const space of this.#spaces.read()) space.wake()
  }

  /** Writes what is pending: the page may be put away at any moment. */
  async flush(): Promise<void> {
    await Promise.all(this.#spaces.read().map((space) => space.flush()))
  }

  /** Writes what is pending and lets go of every key. */
  async close(): Promise<void> {
    this.#flow.read()?.cancel()
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

const hasRelayPoint = ({ doc }: Space): boolean => turnServersOf(doc.read()).length > 0
