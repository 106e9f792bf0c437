import type * as Y from 'yjs'
import type { Clock } from '../../src/lib/core/clock.ts'
import type { DeviceId, MemberId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import { idBytes, memberIdFrom, type CollId, type EntryId } from '../../src/lib/core/ids.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { TABLES, type Standing, type Storage } from '../../src/lib/sync/ports.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { standingOf } from '../../src/lib/workspace/standing.ts'
import { Syncing } from '../../src/lib/workspace/syncing.ts'
import type { MemoryLink } from './network.ts'
import { Network } from './network.ts'
import { seededRandom, TestClock } from './time.ts'

/** One person with one device, as far as tests of the truth below the screens need them. */
export class Person {
  readonly name: string
  replica: Replica
  syncing: Syncing
  storage: Storage
  readonly world: World
  readonly judged = new Map<MemoryLink, ReturnType<Syncing['attach']>>()

  constructor(name: string, replica: Replica, storage: Storage, world: World) {
    this.name = name
    this.replica = replica
    this.storage = storage
    this.world = world
    this.syncing = new Syncing(replica, this.clock)
    this.watch()
  }

  get clock(): Clock {
    return this.world.clockOf(this.name)
  }

  get device(): DeviceId {
    return this.replica.own.id
  }

  get member(): MemberId {
    return this.replica.row.member
  }

  get doc(): Y.Doc {
    return this.replica.documents.doc.read()
  }

  /** Writes into a shared text, and lets the batch close. */
  async writes(text: string, where = 'notes'): Promise<void> {
    this.doc.getText(where).insert(this.doc.getText(where).length, text)
    await this.replica.flush()
  }

  reads(where = 'notes'): string {
    return this.doc.getText(where).toString()
  }

  standingOf(device: DeviceId): Standing | null {
    const known = this.replica.state.devices.get(device)
    if (!known) return 'stranger'
    return standingOf(known, (feed) => this.replica.feeds.nextSeq(feed))
  }

  /** As the mesh does: after every change of the ledger, each link is judged anew. */
  watch(): void {
    const judge = () => {
      for (const attached of [...this.judged.values()]) attached.judge()
    }
    // Of who retired, what they left may be all here now.
    this.replica.on({ ledgerMoved: judge, holdingsMoved: judge })
  }

  attach(link: MemoryLink): void {
    if (!this.standingOf(link.peer)) return link.close()
    this.judged.set(link, this.syncing.attach(link))
    link.closed(() => this.judged.delete(link))
  }

  /** The same phone twice: another device begins from a copy of its disk. */
  async copied(): Promise<Person> {
    const storage = await copyOf(this.storage)
    const { clock } = this
    const { random } = this.world
    const replica = expectOk(await Replica.restore({ row: this.replica.row, storage, clock, random }))
    const twin = new Person(`${this.name}, copied`, replica, storage, this.world)
    this.world.people.push(twin)
    return twin
  }

  /** Closes the device and opens it again from what is on its disk; `with`: on a disk that takes writes again. */
  async restarts(how?: { readonly with: 'a disk that works' }): Promise<void> {
    if (how) this.storage = await copyOf(this.storage)
    for (const link of [...this.judged.keys()]) link.close()
    this.syncing.stop()
    this.replica = expectOk(
      await Replica.restore({
        row: this.replica.row,
        storage: this.storage,
        clock: this.clock,
        random: this.world.random,
      }),
    )
    this.syncing = new Syncing(this.replica, this.clock)
    this.watch()
  }
}

export class World {
  readonly clock = new TestClock()
  readonly network = new Network()
  readonly random
  readonly people: Person[] = []
  /** A disk of another kind for somebody; `null`: the usual one. */
  storageOf: (name: string) => Storage | null = () => null
  /** A clock of their own for somebody whose device is wrong about the time. */
  clockOf: (name: string) => Clock = () => this.clock

  constructor(seed = 1) {
    this.random = seededRandom(seed)
  }

  /** A collective of these people, founded together, everybody linked with everybody and quiet. */
  async found(...names: string[]): Promise<Person[]> {
    const devices = names.map(() => createDevice(this.random))
    const members = names.map(() => memberIdFrom(this.random.bytes(16))!)
    const draft = createGenesis({
      author: devices[0]!.id,
      founders: devices.map(({ device }, i) => ({ member: members[i]!, device })),
      nonce: this.random.bytes(16),
      policy: { admit: 2 },
    })
    const genesis = expectOk(
      assembleGenesis(
        draft,
        devices.map((own) => signGenesis(own, draft)),
      ),
    )
    const coll = genesis.id as CollId
    const people: Person[] = []
    for (const [i, name] of names.entries())
      people.push(
        await this.enter(name, { coll, own: devices[i]!, member: members[i]!, newcomer: false }, [
          genesis.wire,
        ]),
      )
    people[0]!.replica.rotate()
    this.connectAll()
    await this.settle()
    return people
  }

  async enter(
    name: string,
    as: { coll: CollId; own: OwnDevice; member: MemberId; newcomer: boolean; pin?: EntryId | null },
    entries: readonly Uint8Array[],
  ): Promise<Person> {
    const storage = this.storageOf(name) ?? createMemoryStorage()
    const row = { ...as, myName: name, movedTo: null }
    const replica = expectOk(
      await Replica.begin({ row, entries, storage, clock: this.clockOf(name), random: this.random }),
    )
    const person = new Person(name, replica, storage, this)
    this.people.push(person)
    return person
  }

  /** `newcomer` is proposed by the first of `members`, approved by the others as far as needed, enacted, and linked. */
  async admit(name: string, ...members: Person[]): Promise<Person> {
    const [host, ...others] = members as [Person, ...Person[]]
    const own = createDevice(this.random)
    const member = memberIdFrom(this.random.bytes(16))!
    const { coll } = host.replica
    const keys = createSignPair()
    const invite = host.replica.act({ type: 'invite', invitePk: keys.publicKey, uses: 1 })
    const th = this.random.bytes(32)
    const proposal = host.replica.act({
      type: 'propose',
      proposal: {
        action: 'admit',
        member,
        device: own.device,
        deviceId: own.id,
        binding: signBinding(own, coll, member),
        proof: {
          invite,
          th,
          sig: sign(keys.secretKey, 'invite', [idBytes(coll), idBytes(invite), idBytes(own.id), th]),
        },
        verified: 'words',
      },
    })
    await this.settle()
    let last = host
    for (const other of others) {
      other.replica.act({ type: 'approve', proposal, seen: [] })
      last = other
    }
    last.replica.act({ type: 'enact', proposal })
    last.replica.rotate()
    await this.settle()
    const entries = host.replica.ledger.since([]).map(({ wire }) => wire)
    const { pin } = host.replica.ledger
    const person = await this.enter(name, { coll, own, member, newcomer: true, pin }, entries)
    this.connectAll()
    await this.settle()
    return person
  }

  link(a: Person, b: Person): void {
    const [left, right] = this.network.connect(a.device, b.device)
    a.attach(left)
    b.attach(right)
  }

  linked(a: Person, b: Person): boolean {
    return [...a.judged.keys()].some(({ peer }) => peer === b.device)
  }

  connectAll(people: readonly Person[] = this.people): void {
    for (const [i, a] of people.entries())
      for (const b of people.slice(i + 1)) if (!this.linked(a, b)) this.link(a, b)
  }

  /** Cuts every link of one person: no network. */
  cut(person: Person): void {
    for (const link of [...person.judged.keys()]) link.close()
  }

  /** Delivers everything and lets short waits run out, until it is quiet. */
  async settle(): Promise<void> {
    for (let round = 0; round < 4; round++) {
      for (const { replica } of this.people) await replica.flush()
      await this.network.settle()
      this.clock.pass(1500)
      for (const { replica } of this.people) await replica.settled()
      await this.network.settle()
    }
  }
}

/** The same rows on a new disk. */
const copyOf = async (storage: Storage): Promise<Storage> => {
  const copy = createMemoryStorage()
  for (const table of TABLES) {
    const { rows } = expectOk(await storage.all(table))
    await copy.commit(rows.map(([key, value]) => ({ table, key, value })))
  }
  return copy
}
