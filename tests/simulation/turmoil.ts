import type { EntryId, EpochId, DeviceId } from '../../src/lib/core/ids.ts'
import { idBytes, memberIdFrom, type CollId, type MemberId } from '../../src/lib/core/ids.ts'
import { createDevice, signBinding, type OwnDevice } from '../../src/lib/crypto/device.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { markCheck } from '../../src/lib/domain/returns.ts'
import { bodyFromAct } from '../../src/lib/ledger/acts.ts'
import { encodeEntry, entryIdOf } from '../../src/lib/ledger/entry.ts'
import type { Act, Entry, MemberState, Proposal } from '../../src/lib/ledger/types.ts'
import { STREAMS } from '../../src/lib/sync/ports.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk, type Disk } from '../world/frail-storage.ts'
import { Dice, wrongBy } from './dice.ts'
import { Inside, OFTEN_INSIDE, type HappeningInside } from './inside.ts'

const DAY_MS = 86_400_000
const NAMES = [
  ...['Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elvira', 'Flor', 'Gala', 'Hilda'],
  ...['Inti', 'Jara', 'Kena', 'Luna'],
]

/** How often each thing happens, in shares. */
const OFTEN = {
  write: 30,
  scribble: 10,
  deliver: 40,
  wait: 12,
  link: 12,
  drop: 4,
  cut: 3,
  suspend: 3,
  withdraw: 2,
  propose: 4,
  approve: 8,
  rotate: 2,
  retire: 1,
  invite: 3,
  arrive: 6,
  settle: 2,
  cosign: 4,
  breakDisk: 3,
  rest: 5,
  restart: 5,
  copy: 1,
  backdate: 2,
} as const
/** And, in a wider life, these: phones that nobody looks at for weeks, peers that say things twice. */
const OFTEN_WIDE = { ...OFTEN, repeat: 4, sleep: 2 } as const
/** And where some found circles, what happens in them. */
const OFTEN_CIRCLED = { ...OFTEN_WIDE, ...OFTEN_INSIDE } as const
/** Where people come together, now and then, to decide what is open and to settle what stands. */
const OFTEN_TOGETHER = { council: 4, agree: 4 } as const
/** Where they are many: each time all is said to all. */
const SELDOM_TOGETHER = { council: 1, agree: 1 } as const
const TOGETHER = { often: OFTEN_TOGETHER, seldom: SELDOM_TOGETHER, never: {} } as const
type Happening = keyof typeof OFTEN_WIDE | keyof typeof OFTEN_TOGETHER

/**
 * What may happen. `wide` adds weeks of sleep, repeated and reordered messages, and every kind of decision; `circled` adds
 * circles to that.
 */
export type Kind = 'usual' | 'wide' | 'circled'

/** How many devices there may be, what may happen to them, and whether people come together in between. */
export type Setting = { readonly room: number; readonly kind: Kind; readonly meets: keyof typeof TOGETHER }

/** Somebody proposed to be let in who has not arrived yet. */
type Arriving = { readonly name: string; readonly own: OwnDevice; readonly member: MemberId }

/** One collective in which things happen by the dice of a seed: who acts, what travels, what breaks. */
export class Turmoil {
  readonly seed: number
  readonly world: World
  readonly dice: Dice
  readonly trace: string[] = []
  /** Devices some act was ever aimed at, or that left: what they wrote may count or not. */
  readonly aimedAt = new Set<DeviceId>()
  /** Devices whose disk somebody copied: two phones now sign as one. */
  readonly copied = new Set<DeviceId>()
  readonly copies = new Set<Person>()
  /** What somebody wrote and saw saved. */
  readonly written: { readonly token: string; readonly device: DeviceId }[] = []
  readonly #arriving: Arriving[] = []
  /** Devices of those who read on after the next agreement, where too few are left with a voice to come to one. */
  readonly waitsForAgreement = new Set<string>()
  readonly #seen = new Set<string>()
  /** How many devices there may be. */
  readonly #room: number
  readonly #isWide: boolean
  readonly #often: Readonly<Record<string, number>>
  /** The circles, where there may be some. */
  readonly inside: Inside | null
  #tokens = 0

  constructor(seed: number, { room, kind, meets }: Setting) {
    this.seed = seed
    this.#room = room
    this.#isWide = kind !== 'usual'
    const usual = { usual: OFTEN, wide: OFTEN_WIDE, circled: OFTEN_CIRCLED }[kind]
    this.#often = { ...usual, ...TOGETHER[meets] }
    this.dice = new Dice(seed)
    this.world = new World(seed)
    this.inside = kind === 'circled' ? new Inside(this.world, this.dice) : null
    const skews = new Map<string, number>()
    this.world.clockOf = (name) => {
      const known = skews.get(name)
      const skew = known ?? (this.dice.below(7) - 3) * 3_600_000 * this.dice.below(100)
      skews.set(name, skew)
      return wrongBy(this.world.clock, skew)
    }
    this.world.storageOf = () => createDisk()
  }

  /** Founders, and some of them with a second device, and more until there are `atLeast` of them; all in step. */
  async begin(founders: number, atLeast = 0): Promise<void> {
    await this.world.found(...NAMES.slice(0, founders))
    for (const person of this.world.people) await this.inside?.equips(person)
    for (const person of [...this.world.people])
      if (this.world.people.length < this.#room && this.dice.once(2)) this.#proposes(person, 'addDevice')
    await this.world.settle()
    while (this.#arriving.length > 0 && (await this.#arrive()));
    if (this.world.people.length < atLeast) await this.#fills(atLeast)
    this.world.connectAll()
    await this.settle()
    await this.inside?.begin()
  }

  /** People bring in further devices, and everybody says yes. */
  async #fills(atLeast: number): Promise<void> {
    const { people } = this.world
    for (let n = people.length + this.#arriving.length; n < atLeast; n++)
      this.#proposes(this.dice.pick(people)!, 'addDevice')
    await this.settle()
    for (const { replica } of [...people])
      for (const { id, status } of replica.state.proposals.values())
        if (status === 'open') replica.act({ type: 'approve', proposal: id, seen: [] })
    await this.settle()
    while (this.#arriving.length > 0 && (await this.#arrive()));
  }

  /** Everything is delivered, and what it leads to, in circles too. */
  settle(): Promise<void> {
    return this.inside ? this.inside.settle() : this.world.settle()
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      const happening = this.#draws()
      const who = this.dice.pick(this.world.people)!
      this.trace.push(`${step} ${happening} ${who.name}`)
      if (isInside(happening)) await this.inside?.happens(happening, who)
      else await this.#happens(happening, who)
      await new Promise((resume) => setImmediate(resume))
    }
  }

  #draws(): Happening | HappeningInside {
    return this.dice.weighted(this.#often) as Happening | HappeningInside
  }

  /**
   * Disks are replaced, everybody honest meets everybody, and time passes until nothing moves. Where somebody was away until a key
   * was let go of everywhere, the others agree once more: what nobody can open for them any more is in that (checkpoint.md §8).
   */
  async heals(): Promise<void> {
    for (const person of this.world.people)
      if (diskOf(person).dead()) await this.#restarts(person)
      else diskOf(person).dieAfter(Number.POSITIVE_INFINITY)
    for (const copy of this.copies) this.#goes(copy)
    this.inside?.meets()
    await this.#becomesQuiet()
    const late = this.active().filter((person) => this.#isTooLate(person))
    if (late.length === 0) return
    const others = this.active().filter((person) => !late.includes(person) && person.replica.mayAct())
    const proposed = others[0]?.replica.checkpoints.propose()
    await this.settle()
    if (!proposed?.ok) return
    for (const { replica } of others) replica.checkpoints.cosign(proposed.value)
    this.#seen.add('somebody was away too long')
    await this.#becomesQuiet()
    const isFinal = others.some(({ replica }) => replica.state.finals.includes(proposed.value))
    if (!isFinal) for (const { device } of late) this.waitsForAgreement.add(device)
  }

  /** Whether somebody waits for a key that they let go of themselves, or that nobody who belongs has any more. */
  #isTooLate({ replica: { state, ledger, feeds, checkpoints } }: Person): boolean {
    const newest = state.finals.at(-1)
    const isGone = (epoch: EpochId) =>
      (ledger.pin !== null && ledger.isBelow(epoch, ledger.pin)) ||
      this.active().every((one) => !one.replica.keyring.has(epoch))
    return (
      feeds.missingEpochs().some(isGone) ||
      (newest !== undefined && ledger.pin !== newest && !checkpoints.docsOf(newest))
    )
  }

  async #becomesQuiet(): Promise<void> {
    for (let round = 0, before = ''; round < 30; round++) {
      while (this.#arriving.length > 0 && (await this.#arrive()));
      this.world.connectAll(this.honest())
      await this.settle()
      this.world.clock.pass(30_000)
      await this.settle()
      const now = this.#look()
      if (now === before) return
      before = now
    }
    throw new Error('it never became quiet')
  }

  /** What this life saw, in words: a test that runs many asks whether all of it happens. */
  async happened(): Promise<ReadonlySet<string>> {
    const seen = new Set(this.#seen)
    const judge = this.active()[0]
    if (!judge) return seen
    const { state, feeds, keyring, own, packs, row } = judge.replica
    for (const { standing } of state.devices.values()) seen.add(`a device is ${standing}`)
    for (const { status, proposal } of state.proposals.values())
      if (status === 'enacted') seen.add(`${proposal.action} carried out`)
    for (const { status } of state.checkpoints.values()) seen.add(`a checkpoint is ${status}`)
    if (feeds.forks().length > 0) seen.add('a fork is known')
    const epochs = [...state.epochs.values()]
    if (epochs.length > 1) seen.add('a new key')
    if (epochs.some((epoch) => epoch.void)) seen.add('a key that does not count')
    if (epochs.some(({ id, recipients }) => recipients.includes(own.id) && !keyring.has(id)))
      seen.add('an old key is gone')
    const here = (await packs.restore('isCountedOn')).flatMap(({ records }) => records.map(({ pub }) => pub))
    const starts = new Set(here.filter(({ seq }) => seq === 0).map(({ feed }) => feed))
    if (!row.newcomer && here.some(({ feed }) => !starts.has(feed))) seen.add('what was settled is let go of')
    for (const insiders of this.inside?.circles().values() ?? []) {
      seen.add('a circle')
      for (const { replica } of insiders)
        if (replica.ledger.pin) seen.add('a checkpoint of a circle is final')
    }
    return seen
  }

  /** Everybody but copies of phones. */
  honest(): readonly Person[] {
    return this.world.people.filter((person) => !this.copies.has(person))
  }

  /** Those who belong. Whoever was put out is left alone at once, and may not have heard of it: others know better, if only one. */
  active(): readonly Person[] {
    const own = this.honest().filter(({ replica }) => replica.standing() === 'active')
    const standingsOf = (device: DeviceId) =>
      own.map(({ replica }) => replica.state.devices.get(device)?.standing)
    const isGone = ({ device }: Person) => {
      const standings = standingsOf(device)
      const isOut = standings.some((standing) => standing === 'revoked' || standing === 'retired')
      return isOut || standings.filter((standing) => standing !== 'active').length * 2 > own.length
    }
    return own.filter((person) => !isGone(person))
  }

  /** Writes one token and, if it reached the disk, holds everybody to it. */
  async writes(who: Person, token = `<${who.name}-${this.#tokens++}>`): Promise<void> {
    const text = who.doc.getText('notes')
    text.insert(this.dice.once(2) ? 0 : text.length, token)
    await who.replica.flush()
    if (who.replica.saving.read() === 'saved') this.written.push({ token, device: who.device })
  }

  #look(): string {
    const outside = this.honest().map(({ replica, doc }) => [
      replica.ledger.heads(),
      replica.standing(),
      doc.getText('notes').toString(),
    ])
    return JSON.stringify([outside, this.inside?.look()])
  }

  async #happens(what: Happening, who: Person): Promise<void> {
    const { dice, world } = this
    const { replica } = who
    const belongs = replica.standing() === 'active'
    switch (what) {
      case 'write':
        return this.writes(who)
      case 'scribble':
        return this.#scribbles(who)
      case 'deliver':
        // In any order across links and streams; within one stream there is no other than that of the sender.
        for (let i = 0; i < 12; i++) {
          const link = dice.pick(world.network.busy())
          if (this.#isWide && link && dice.once(3)) link.prefer(dice.pick(STREAMS)!)
          link?.deliver(1 + dice.below(3))
        }
        return
      case 'repeat': {
        const link = dice.pick(world.network.all().filter(({ heard }) => heard > 0))
        return link?.repeat(dice.below(link.heard))
      }
      case 'wait':
        return world.clock.pass(100 + dice.below(6000))
      case 'sleep':
        // Nobody looks at their phone for hours, or for more than a month: keys grow old, the past is let go of.
        world.clock.sleep(1 + dice.below(dice.once(2) ? 40 * DAY_MS : 2 * DAY_MS))
        return
      case 'link': {
        const other = dice.pick(world.people)!
        if (other.device !== who.device) world.link(who, other)
        return
      }
      case 'drop':
        return dice.pick([...who.judged.keys()])?.close()
      case 'cut':
        return world.cut(who)
      case 'suspend': {
        const target = dice.pick([...replica.state.devices.keys()])
        // Most of the collective stays in step, or there would be nobody to hold to anything.
        if (!belongs || !target || target === who.device || this.aimedAt.size * 3 > world.people.length)
          return
        this.#aims(target)
        return void replica.suspend(target, 'doubtful')
      }
      case 'withdraw': {
        const { suspensions } = replica.state
        const mine = dice.pick([...suspensions.values()].filter(({ author }) => author === who.device))
        if (belongs && mine) replica.act({ type: 'withdraw', target: mine.id })
        return
      }
      case 'propose':
        return void (belongs && this.#proposesSomething(who))
      case 'approve': {
        const open = [...replica.state.proposals.values()].filter(({ status }) => status === 'open')
        const one = dice.pick(open)
        if (belongs && one)
          replica.act({ type: 'approve', proposal: one.id, seen: this.#heldOf(who, one.proposal) })
        return
      }
      case 'rotate':
        return void (belongs && replica.rotate())
      case 'retire':
        if (!belongs || this.aimedAt.size * 3 > world.people.length) return
        this.#aims(who.device)
        await replica.flush()
        return void replica.act({ type: 'retire', frontier: replica.feeds.frontierOf(who.device) })
      case 'invite':
        if (belongs && world.people.length + this.#arriving.length < this.#room)
          this.#proposes(who, dice.once(2) ? 'admit' : 'addDevice')
        return
      case 'arrive':
        return void (await this.#arrive())
      case 'settle':
        await replica.flush()
        if (belongs && replica.mayAct()) replica.checkpoints.propose()
        return
      case 'cosign': {
        const one = dice.pick([...replica.state.checkpoints.keys()])
        if (belongs && one) replica.checkpoints.cosign(one)
        return
      }
      case 'council': {
        // In one room, as often as not: for a phone that was put on hold, somebody whose phones are all gone, or how all is done.
        if (dice.once(2)) world.connectAll(this.honest())
        await this.settle()
        const onHold = this.#onHold(who)
        if (belongs && onHold)
          replica.act({ type: 'propose', proposal: { action: 'lift', device: onHold.id } })
        else if (belongs && dice.once(2))
          this.#proposesRecovery(who, dice.pick([...replica.state.members.values()]))
        else if (belongs) this.#proposesQuietly(who)
        await this.settle()
        const open = [...replica.state.proposals.values()].filter(({ status }) => status === 'open')
        for (const one of open)
          for (const other of this.active()) if (!dice.once(6)) await this.#saysYes(other, one)
        return this.settle()
      }
      case 'agree': {
        if (dice.once(2)) world.connectAll(this.honest())
        await replica.flush()
        await this.settle()
        const proposed = belongs && replica.mayAct() ? replica.checkpoints.propose() : null
        await this.settle()
        if (proposed?.ok)
          for (const other of this.active())
            if (!dice.once(8)) other.replica.checkpoints.cosign(proposed.value)
        await this.settle()
        // They meet again after weeks, as often as not: what was settled is old by then.
        if (dice.once(2)) world.clock.sleep((7 + dice.below(40)) * DAY_MS)
        return this.settle()
      }
      case 'breakDisk':
        return diskOf(who).dieAfter(dice.below(4))
      case 'rest':
        return replica.keepStart()
      case 'restart':
        return this.#restarts(who)
      case 'copy':
        if (this.copies.has(who) || this.copied.size > 0 || world.people.length >= this.#room) return
        return this.#isCopied(who)
      case 'backdate':
        return this.#backDates(who)
    }
  }

  #scribbles(who: Person): Promise<void> {
    const text = who.doc.getText('scratch')
    const at = this.dice.below(text.length + 1)
    if (this.dice.once(3)) text.delete(at, Math.min(this.dice.below(6), text.length - at))
    else text.insert(at, `${this.dice.below(1000)} `)
    who.doc.getMap('facts').set(`k${this.dice.below(4)}`, `${who.name} ${this.dice.below(100)}`)
    return who.replica.flush()
  }

  #proposesSomething(who: Person): void {
    const { dice } = this
    const state = who.replica.state
    const onHold = this.#onHold(who)
    if (onHold && dice.once(2)) {
      who.replica.act({ type: 'propose', proposal: { action: 'lift', device: onHold.id } })
      return
    }
    if (this.#isWide && dice.once(3)) return this.#proposesQuietly(who)
    const target = dice.pick([...state.devices.values()])
    // Who was put out meanwhile has devices still, and is nobody's member any more.
    const devices = target?.member && state.members.get(target.member)?.devices
    if (!target?.member || !devices || this.aimedAt.size * 3 > this.world.people.length) return
    const proposal: Proposal = dice.once(3)
      ? { action: 'removeMember', member: target.member, annul: [] }
      : {
          action: 'revokeDevice',
          device: target.id,
          frontier: [...who.replica.feeds.frontierOf(target.id)],
          annul: [],
        }
    for (const device of proposal.action === 'removeMember' ? devices : [target.id]) this.#aims(device)
    who.replica.act({ type: 'propose', proposal })
  }

  #onHold(who: Person) {
    const devices = [...who.replica.state.devices.values()]
    return this.dice.pick(devices.filter(({ standing }) => standing === 'suspended'))
  }

  /** What puts nobody out by itself: how many vouch, who is away, how far a phone counts, who keeps, who begins again. */
  #proposesQuietly(who: Person): void {
    const { dice } = this
    const { replica } = who
    const { state } = replica
    const propose = (proposal: Proposal) => void replica.act({ type: 'propose', proposal })
    const shutOut = dice.pick([...state.devices.values()].filter(({ standing }) => standing === 'suspended'))
    const member = dice.pick([...state.members.values()])
    switch (dice.below(6)) {
      case 0:
        return propose({ action: 'policy', policy: { admit: 2 + dice.below(2) } })
      case 1:
        return propose({ action: 'minRules', rules: 1 })
      case 2:
        return member && propose({ action: 'dormant', members: [member.id] })
      case 3: {
        if (!shutOut) return
        const frontier = replica.setAside().filter(({ device }) => device === shutOut.id)
        const raised = dice.pick(frontier)?.position ?? replica.feeds.frontierOf(shutOut.id)[0]
        return raised && propose({ action: 'amendFrontier', device: shutOut.id, frontier: [raised] })
      }
      case 4: {
        const own = createDevice(this.world.random)
        const binding = sign(own.signSk, 'dev', [idBytes(replica.coll), null, idBytes(own.id)])
        return propose({ action: 'keeper', device: own.device, deviceId: own.id, binding })
      }
      case 5:
        return this.#proposesRecovery(who, member)
    }
  }

  /** All phones of one member are gone; a new one takes their place, as far as the others agree. */
  #proposesRecovery(who: Person, member: MemberState | undefined): void {
    const { replica } = who
    const hasRoom = this.world.people.length + this.#arriving.length < this.#room
    if (!member || !hasRoom || this.aimedAt.size * 3 > this.world.people.length) return
    for (const device of member.devices) this.#aims(device)
    const own = createDevice(this.world.random)
    const binding = signBinding(own, replica.coll, member.id)
    const proposal = {
      action: 'recover',
      member: member.id,
      device: own.device,
      deviceId: own.id,
      binding,
    } as const
    replica.act({ type: 'propose', proposal })
    this.aimedAt.add(own.id)
    this.#arriving.push({ name: `${who.name}~${this.world.people.length}`, own, member: member.id })
  }

  /** Marks a device, and the others of its member: a removal or a cascade reaches them too. */
  #aims(device: DeviceId): void {
    this.aimedAt.add(device)
    for (const { replica } of this.world.people) {
      const member = replica.state.devices.get(device)?.member
      const all = member ? (replica.state.members.get(member)?.devices ?? []) : []
      for (const other of all) this.aimedAt.add(other)
    }
  }

  /** Also that they know the new phone of whoever comes back, without which no honest app carries it out. */
  async #saysYes(who: Person, { id, proposal }: { readonly id: EntryId; readonly proposal: Proposal }) {
    const { replica } = who
    if (proposal.action !== 'recover')
      return void replica.act({ type: 'approve', proposal: id, seen: this.#heldOf(who, proposal) })
    const ended = replica.state.members.get(proposal.member)?.devices ?? []
    const seen = ended.flatMap((device) => replica.feeds.frontierOf(device))
    markCheck(who.doc, id, { member: who.member, how: 'beside', language: 'es' })
    await replica.flush()
    replica.act({ type: 'approve', proposal: id, seen })
  }

  #heldOf(who: Person, proposal: Proposal) {
    return proposal.action === 'revokeDevice' ? who.replica.feeds.frontierOf(proposal.device) : []
  }

  #proposes(host: Person, action: 'admit' | 'addDevice'): void {
    const { random } = this.world
    const own = createDevice(random)
    const member = action === 'admit' ? memberIdFrom(random.bytes(16))! : host.member
    host.replica.act({
      type: 'propose',
      proposal: {
        action,
        member,
        device: own.device,
        deviceId: own.id,
        binding: signBinding(own, host.replica.coll, member),
        proof: null,
        verified: 'scan',
      },
    })
    // Who is suspended takes along the devices they brought in.
    if (this.aimedAt.has(host.device)) this.aimedAt.add(own.id)
    this.#arriving.push({
      name: `${host.name}+${this.world.people.length + this.#arriving.length}`,
      own,
      member,
    })
  }

  /** The first who was let in, as far as somebody knows, starts with what that somebody has. */
  async #arrive(): Promise<boolean> {
    for (const [i, { name, own, member }] of this.#arriving.entries()) {
      const host = this.honest().find(
        ({ replica }) =>
          replica.standing() === 'active' && replica.state.devices.get(own.id)?.standing === 'active',
      )
      if (!host) continue
      this.#arriving.splice(i, 1)
      const entries = host.replica.ledger.since([]).map(({ wire }) => wire)
      const person = await this.world.enter(
        name,
        { coll: host.replica.coll, own, member, newcomer: true },
        entries,
      )
      await this.inside?.equips(person)
      this.world.link(person, host)
      return true
    }
    return false
  }

  async #restarts(who: Person): Promise<void> {
    if (diskOf(who).dead()) this.#seen.add('a disk died')
    who.storage = diskOf(who).nextStart()
    this.#goes(who)
    await this.inside?.switchesOff(who)
    who.replica.close()
    await who.restarts()
    // The copy of a phone is in other hands: nobody goes into a circle with it.
    if (!this.copies.has(who)) await this.inside?.equips(who)
  }

  #goes(who: Person): void {
    this.world.cut(who)
  }

  async #isCopied(who: Person): Promise<void> {
    await who.replica.flush()
    if (diskOf(who).dead()) return
    const twin = await who.copied()
    twin.storage = createDisk(twin.storage)
    this.copied.add(who.device)
    this.copies.add(twin)
  }

  /** A phone in other hands signs an act that stands where it knew nothing yet of what was decided since. */
  #backDates(who: Person): void {
    if (!this.copies.has(who) && who.replica.standing() !== 'suspended') return
    const { ledger, own, coll } = who.replica
    const all = ledger.topological()
    const parent = this.dice.pick(all)!
    const target = this.dice.pick([...who.replica.state.devices.keys()])!
    if (!ledger.stateAt(parent.id).devices.has(own.id)) return
    const frontier = [...who.replica.feeds.frontierOf(target)]
    this.#aims(target)
    const act: Act = { type: 'suspend', device: target, frontier, reason: 'doubtful', evidence: null }
    const last = all.findLast(
      ({ id, entry }) => entry.author === own.id && (id === parent.id || ledger.isBelow(id, parent.id)),
    )
    who.replica.absorbEntries([signed({ act, own, coll, parents: [parent.id], last: last?.id ?? null })])
  }
}

const isInside = (what: string): what is HappeningInside => what in OFTEN_INSIDE

export const diskOf = (person: Person): Disk => person.storage as Disk

const signed = (of: {
  readonly act: Act
  readonly own: OwnDevice
  readonly coll: CollId
  readonly parents: readonly EntryId[]
  readonly last: EntryId | null
}): Uint8Array => {
  const { act, own, coll, parents, last } = of
  const entry: Entry = {
    v: 1,
    coll,
    type: act.type,
    author: own.id,
    own: last,
    parents,
    body: bodyFromAct(act),
  }
  return encodeEntry(entry, [sign(own.signSk, 'led', idBytes(entryIdOf(entry)))])
}
