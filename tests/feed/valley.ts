import * as Y from 'yjs'
import {
  MAIN_DOC,
  memberIdFrom,
  type CollId,
  type DeviceId,
  type EntryId,
  type EpochId,
  type FeedId,
} from '../../src/lib/core/ids.ts'
import { expectOk, ok, type Result } from '../../src/lib/core/result.ts'
import { createDevice, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import type { SecretKey } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { Feeds } from '../../src/lib/feed/feeds.ts'
import { createRecord, openRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal } from '../../src/lib/feed/seal.ts'
import type {
  Accepted,
  Base,
  CannotAppend,
  EpochKeys,
  RecordBody,
  SealedRecord,
  Segment,
} from '../../src/lib/feed/types.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { feedIdOf, yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { createLedger, type Ledger } from '../../src/lib/ledger/graph.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import type { Act, Position } from '../../src/lib/ledger/types.ts'

/** Where people of these tests live: each with a device, a ledger, feeds and a document, and no network but the test. */
export class Valley {
  readonly people: Person[] = []
  readonly epochs = new Map<EpochId, SecretKey>()
  readonly genesis: Uint8Array
  readonly coll: CollId

  private constructor(genesis: Uint8Array) {
    this.genesis = genesis
    this.coll = expectOk(createLedger(genesis)).coll
  }

  /** A collective of these founders, each with a feed, one epoch, and all of them knowing all of it. */
  static found(...names: string[]): Valley {
    const devices = names.map(() => createDevice(systemRandom))
    const draft = createGenesis({
      author: devices[0]!.id,
      founders: devices.map(({ device }) => ({ member: memberIdFrom(systemRandom.bytes(16))!, device })),
      nonce: systemRandom.bytes(16),
      policy: { admit: 2 },
    })
    const genesis = expectOk(
      assembleGenesis(
        draft,
        devices.map((own) => signGenesis(own, draft)),
      ),
    )
    const valley = new Valley(genesis.wire)
    for (const [i, name] of names.entries()) valley.people.push(new Person(name, devices[i]!, valley))
    for (const person of valley.people) person.registerFeed()
    valley.meet()
    valley.people[0]!.rotate()
    valley.meet()
    return valley
  }

  get(name: string): Person {
    return this.people.find((person) => person.name === name)!
  }

  /** Everybody (or these) tells everybody everything: ledger first, then records. */
  meet(...people: Person[]): void {
    const here = people.length > 0 ? people : this.people
    for (const person of here) for (const other of here) person.learn(other)
    for (const person of here) for (const other of here) person.hear(...other.segments)
  }

  /** Admits somebody with a device of their own, by two vouchers. They hold no key and no record yet. */
  admit(name: string, host: Person, voucher: Person): Person {
    const own = createDevice(systemRandom)
    const member = memberIdFrom(systemRandom.bytes(16))!
    const binding = signBinding(own, this.coll, member)
    const proposal = host.act({
      type: 'propose',
      proposal: {
        action: 'admit',
        member,
        device: own.device,
        deviceId: own.id,
        binding,
        proof: null,
        verified: 'scan',
      },
    })
    voucher.learn(host)
    voucher.act({ type: 'approve', proposal, seen: [] })
    voucher.act({ type: 'enact', proposal })
    const person = new Person(name, own, this)
    person.learn(voucher)
    person.registerFeed()
    this.people.push(person)
    for (const other of this.people) other.learn(person)
    return person
  }

  /** A second device of the same member, with one voucher. */
  addDevice(person: Person, voucher: Person): Person {
    const own = createDevice(systemRandom)
    const { member } = person.ledger.state().devices.get(person.device)!
    const binding = signBinding(own, this.coll, member)
    const proposal = person.act({
      type: 'propose',
      proposal: {
        action: 'addDevice',
        member: member!,
        device: own.device,
        deviceId: own.id,
        binding,
        proof: null,
        verified: 'scan',
      },
    })
    voucher.learn(person)
    voucher.act({ type: 'approve', proposal, seen: [] })
    voucher.act({ type: 'enact', proposal })
    voucher.rotate()
    const second = new Person(`${person.name} 2`, own, this)
    second.learn(voucher)
    second.registerFeed()
    this.people.push(second)
    for (const other of this.people) other.learn(second)
    return second
  }

  /** A person who knows nothing yet but whose device is that of `person`: to hear the same in another order. */
  twin(person: Person): Person {
    return new Person(person.name, person.own, this)
  }
}

export class Person implements EpochKeys {
  readonly name: string
  readonly own: OwnDevice
  readonly valley: Valley
  readonly ledger: Ledger
  readonly held = new Map<EpochId, SecretKey>()
  feeds: Feeds
  doc: Y.Doc
  feed: FeedId | null = null
  /** Keys come as soon as an epoch is known whose recipient this device is. */
  getsKeys = true
  /** Every segment taken or written, as a store would keep them. */
  readonly segments: Segment[] = []
  #pending: Uint8Array[] = []

  constructor(name: string, own: OwnDevice, valley: Valley) {
    this.name = name
    this.own = own
    this.valley = valley
    this.ledger = expectOk(createLedger(valley.genesis))
    this.feeds = new Feeds({ ledger: this.ledger, keys: this })
    this.doc = this.#newDoc()
  }

  key(epoch: EpochId): SecretKey | null {
    return this.held.get(epoch) ?? null
  }

  get device(): DeviceId {
    return this.own.id
  }

  // ── ledger ──

  act(act: Act): EntryId {
    const entry = createEntry({ ledger: this.ledger, own: this.own, act })
    this.ledger.add([entry.wire])
    this.#ledgerMoved()
    return entry.id
  }

  registerFeed(): void {
    const incarnation = systemRandom.bytes(16)
    this.feed = feedIdOf(this.valley.coll, this.own.id, incarnation)
    this.act({ type: 'feed', feed: this.feed, incarnation })
    this.doc.clientID = yClientOf(this.feed)
  }

  rotate(): EpochId {
    const { entry, key } = createRotate({ ledger: this.ledger, own: this.own })
    const epoch = entry.id as EpochId
    this.valley.epochs.set(epoch, key)
    this.ledger.add([entry.wire])
    this.#ledgerMoved()
    return epoch
  }

  suspend(device: DeviceId, frontier: readonly Position[] = this.feeds.frontierOf(device)): EntryId {
    return this.act({ type: 'suspend', device, frontier, reason: 'lost', evidence: null })
  }

  learn(other: Person): void {
    this.learnEntries(other.ledger.since([]).map(({ wire }) => wire))
  }

  learnEntries(wires: readonly Uint8Array[]): void {
    if (this.ledger.add(wires).added.length > 0) this.#ledgerMoved()
  }

  receiveKeys(): void {
    this.getsKeys = true
    this.#ledgerMoved()
    this.feeds.keysChanged()
    this.merge()
  }

  #ledgerMoved(): void {
    if (this.getsKeys)
      for (const [id, { recipients }] of this.ledger.state().epochs) {
        const key = this.valley.epochs.get(id)
        if (key && recipients.includes(this.own.id)) this.held.set(id, key)
      }
    this.feeds.ledgerChanged()
    this.merge()
  }

  // ── records ──

  /** Writes something into the document and seals it as one record. */
  writes(change: (doc: Y.Doc) => void): Segment {
    return expectOk(this.triesToWrite(change))
  }

  /** The same, where it may turn out that this device cannot write now: then nothing is left of it. */
  triesToWrite(change: (doc: Y.Doc) => void): Result<Segment, CannotAppend> {
    this.doc.transact(() => change(this.doc))
    const docs = this.#pending.splice(0).map((update) => ({ doc: MAIN_DOC, update }))
    const appended = this.feeds.append({ own: this.own, docs })
    if (!appended.ok) {
      this.#readAnew()
      return appended
    }
    const { record, seal } = appended.value
    const segment = { feed: seal.feed, records: [record], seal }
    this.segments.push(segment)
    this.feeds.take()
    return ok(segment)
  }

  says(text: string): Segment {
    return this.writes((doc) => doc.getText('t').insert(doc.getText('t').length, text))
  }

  hear(...segments: readonly Segment[]): void {
    for (const segment of segments) {
      const offered = expectOk(this.feeds.offer(segment))
      const { fresh, seal } = offered
      if (fresh.length > 0) this.segments.push({ feed: segment.feed, records: fresh, seal })
    }
    this.merge()
  }

  /** Takes the state of the document itself, as a welcome brings it. */
  hearDocument(update: Uint8Array): void {
    Y.applyUpdate(this.doc, update, 'remote')
  }

  merge(): void {
    const change = this.feeds.take()
    if (change.type === 'more') this.#apply(change.records)
    else this.#readAnew()
  }

  /** Opens the same store again: a restart. */
  restarts(base?: Base): void {
    this.feeds = new Feeds({ ledger: this.ledger, keys: this, ...(base ? { base } : {}) })
    for (const { records, seal } of this.segments) this.feeds.restore(records, seal)
    this.#readAnew()
  }

  reads(): string {
    return this.doc.getText('t').toString()
  }

  /** What this person sees, of whom how much of it is, what of it was deleted, and that nothing dangles. */
  sees(): unknown {
    const { sv, ds } = Y.snapshot(this.doc)
    const byClient = <T>(clients: ReadonlyMap<number, T>) => [...clients].sort(([a], [b]) => a - b)
    return {
      vector: byClient(sv),
      deleted: byClient(ds.clients).map(([client, runs]) => [
        client,
        ...runs.map(({ clock, len }) => [clock, len]),
      ]),
      doc: { t: this.doc.getText('t').toString(), m: this.doc.getMap('m').toJSON() },
      accepted: [...this.feeds.accepted()].map(({ position }) => position.rec).sort(),
      aside: this.feeds
        .setAside()
        .map(({ position, why }) => `${position.rec} ${why}`)
        .sort(),
      forks: this.feeds
        .forks()
        .map(({ feed, seq, records }) => `${feed} ${seq} ${records.join()}`)
        .sort(),
      pending: danglingIn(this.doc),
    }
  }

  #apply(records: readonly Accepted[]): void {
    for (const { docs } of records) for (const { update } of docs) Y.applyUpdate(this.doc, update, 'remote')
    // Yjs takes another client id when it is told of its own work, as after a lifted suspension.
    if (this.feed) this.doc.clientID = yClientOf(this.feed)
  }

  #readAnew(): void {
    this.feeds.take()
    this.doc = this.#newDoc()
    this.#apply([...this.feeds.accepted()])
  }

  #newDoc(): Y.Doc {
    const doc = new Y.Doc()
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'remote') this.#pending.push(update)
    })
    return doc
  }
}

export const danglingIn = (doc: Y.Doc): boolean =>
  doc.store.pendingStructs !== null || doc.store.pendingDs !== null

/**
 * What a device writes that does not use our code to write it: any body, any place, sealed and signed with its real
 * keys. The attacks are made of this.
 */
export const forge = (
  person: Person,
  at: {
    readonly seq: number
    readonly prev: SealedRecord | null
    readonly epoch?: EpochId
    readonly key?: SecretKey
  },
  body: Partial<RecordBody>,
): Segment => {
  const feed = person.feed!
  const epoch = at.epoch ?? [...person.held.keys()].at(-1)!
  const record = expectOk(
    createRecord({
      key: at.key ?? person.held.get(epoch)!,
      coll: person.valley.coll,
      feed,
      seq: at.seq,
      prev: at.prev?.id ?? null,
      epoch,
      body: { lheads: at.seq === 0 ? person.ledger.heads() : null, deps: [], docs: [], ...body },
    }),
  )
  return sealed(person, [record])
}

/** What a record says, to somebody who holds its key. */
export const bodyOf = (person: Person, record: SealedRecord): RecordBody =>
  expectOk(openRecord({ key: person.held.get(record.pub.epoch)!, coll: person.valley.coll, record }))

export const sealed = (person: Person, records: readonly SealedRecord[]): Segment => {
  const last = records.at(-1)!
  const head = { feed: last.pub.feed, seq: last.pub.seq, rec: last.id }
  return { feed: head.feed, records, seal: createFeedSeal(person.own.signSk, head) }
}

/** One segment of several contiguous ones of one feed, vouched for by the last seal alone. */
export const joined = (...segments: readonly Segment[]): Segment => ({
  feed: segments[0]!.feed,
  records: segments.flatMap(({ records }) => records),
  seal: segments.at(-1)!.seal,
})

/** The update that a change makes in a document of a client of one's choice, which may have merged others before. */
export const updateBy = (
  client: number,
  change: (doc: Y.Doc) => void,
  ...before: readonly Uint8Array[]
): Uint8Array => {
  const doc = new Y.Doc()
  for (const update of before) Y.applyUpdate(doc, update)
  doc.clientID = client
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  doc.transact(() => change(doc))
  return Y.mergeUpdates(updates)
}

export const mainDoc = (update: Uint8Array): RecordBody['docs'] => [{ doc: MAIN_DOC, update }]
