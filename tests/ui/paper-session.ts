import { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { bytesFromHex } from '../../src/lib/core/bytes.ts'
import type { DeviceId, EntryId, MemberId } from '../../src/lib/core/ids.ts'
import { err, ok, type Result } from '../../src/lib/core/result.ts'
import { Cell } from '../../src/lib/core/watched.ts'
import { createDocument, setAbout } from '../../src/lib/domain/document.ts'
import { turnServersOf } from '../../src/lib/domain/relay-points.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import type { Printed } from '../../src/lib/domain/printed.ts'
import { spokenCode } from '../../src/lib/net/spoken-lines.ts'
import type { Code } from '../../src/lib/wire/code.ts'
import type {
  Agreed,
  AgreedState,
  AsideItem,
  BadCopy,
  BadKeeperText,
  BadImport,
  BadLink,
  BadScan,
  Bundles,
  CannotCosign,
  CarriedFile,
  Encounter,
  EncounterState,
  Exchange,
  FlowKind,
  GuestFlow,
  GuestState,
  HostFlow,
  HostState,
  KeeperFlow,
  KeeperFlowState,
  Kept,
  Imported,
  Incoming,
  Latest,
  LockRules,
  Membership,
  NoAddress,
  NotAllowed,
  OpenCopy,
  Passing,
  Phase,
  Presence,
  Profile,
  Rehearsal,
  RoomHub,
  Session,
  Space,
  Status,
  WaysBack,
  Workspace,
  Wish,
} from '../../src/lib/workspace/types.ts'
import type { SpaceKind } from '../../src/lib/ledger/types.ts'

/**
 * A session on paper: what screens may see, as cells a test sets, and what they asked for, as a list a test reads.
 * Nothing is encrypted, sent or kept.
 */

/** Ids, from any word. */
export const memberId = (word: string): MemberId => hexOf(word, 32) as MemberId
export const deviceId = (word: string): DeviceId => hexOf(word, 64) as DeviceId
export const entryId = (word: string): EntryId => hexOf(word, 64) as EntryId

const hexOf = (word: string, length: number): string =>
  [...new TextEncoder().encode(word)]
    .map((byte) => byte.toString(16))
    .join('')
    .padEnd(length, '0')
    .slice(0, length)

export const markOf = (word: string): Uint8Array => {
  let state = [...word].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7)
  return Uint8Array.from({ length: 32 }, () => (state = (state * 48_271) % 2_147_483_647) % 256)
}

type Member = Membership['members'][number]
type Device = Member['devices'][number]
type Decision = Membership['decisions'][number]

export const paperDevice = (word: string, about: Partial<Device> = {}): Device => ({
  id: deviceId(word),
  mark: markOf(word),
  standing: 'active',
  thisOne: false,
  linked: false,
  heard: null,
  suspensions: [],
  brought: [],
  copied: false,
  knownBy: 0,
  said: [],
  aside: 0,
  ...about,
})

export const paperMember = (word: string, about: Partial<Member> = {}): Member => ({
  id: memberId(word),
  founder: true,
  votes: true,
  dormant: false,
  me: false,
  trust: about.me ? 'me' : 'unverified',
  devices: [paperDevice(`${word} phone`)],
  ...about,
})

export const paperDecision = (word: string, about: Partial<Decision> = {}): Decision => ({
  id: entryId(word),
  action: 'admit',
  subject: memberId(word),
  subjectDevice: deviceId(`${word} phone`),
  name: word,
  approvals: [],
  needed: 2,
  mine: false,
  mayApprove: true,
  checks: [],
  mayTrust: true,
  change: null,
  ...about,
})

export class PaperHostFlow implements HostFlow {
  readonly role = 'host'
  readonly kind: FlowKind
  readonly state: Cell<HostState>
  readonly asked: string[] = []
  encounter?: Encounter

  constructor(kind: FlowKind, link = '#/unirme?c=AAECAwQFBgcICQoLDA0ODw') {
    this.kind = kind
    this.state = new Cell<HostState>({ step: 'inviting', link, guests: [] })
  }

  confirmWords(guest: string, same: boolean): void {
    this.asked.push(`words ${guest} ${same ? 'same' : 'differ'}`)
  }
  notYet(until: number): void {
    this.asked.push(`not until ${until}`)
    this.state.set({ step: 'ended', why: 'not yet' })
  }
  proposeGenesis(): void {
    this.asked.push('genesis')
  }
  signGenesis(): void {
    this.asked.push('sign')
    const state = this.state.read()
    if (state.step === 'genesis') this.state.set({ ...state, signed: true })
  }
  cancel(): void {
    this.asked.push('cancel')
    this.state.set({ step: 'ended', why: 'cancelled' })
  }
}

export class PaperGuestFlow implements GuestFlow {
  readonly role = 'guest'
  readonly kind: FlowKind
  readonly state = new Cell<GuestState>({ step: 'meeting' })
  readonly asked: string[] = []
  encounter?: Encounter

  constructor(kind: FlowKind) {
    this.kind = kind
  }

  confirmWords(same: boolean): void {
    this.asked.push(`words ${same ? 'same' : 'differ'}`)
    this.state.set(same ? { step: 'waiting', host: 'Ceiba' } : { step: 'ended', why: 'words differ' })
  }
  signGenesis(): void {
    this.asked.push('sign')
    const state = this.state.read()
    if (state.step === 'genesis') this.state.set({ ...state, signed: true })
  }
  cancel(): void {
    this.asked.push('cancel')
    this.state.set({ step: 'ended', why: 'cancelled' })
  }
}

/** A code with all that is read aloud of one, from any word. */
export const codeInWords = (word: string): Code => ({
  kind: 'meet',
  commitment: bytesFromHex(hexOf(word, 64)),
  card: {
    fingerprint: bytesFromHex(hexOf(`${word}!`, 64)),
    ufrag: 'abcd',
    pwd: 'abcdefghijklmnopqrstuvwx',
    candidates: [{ kind: 'ipv4', address: Uint8Array.of(192, 168, 0, 7), port: 50_000 }],
  },
})

export class PaperEncounter implements Encounter {
  readonly code: string
  readonly state = new Cell<EncounterState>({ step: 'showing' })
  readonly taken: string[] = []
  readonly holds: Encounter['holds']
  readonly spoken = spokenCode(codeInWords('of this phone'))
  isStopped = false

  constructor(code: string, holds: Encounter['holds'] = 'address') {
    this.code = code
    this.holds = holds
  }

  /** The code of a phone that shows no address begins with HIDDEN here. */
  take(text: string): Result<void, BadScan> {
    if (!/^[A-Z0-9]+$/.test(text)) return err({ type: 'BadCode' })
    if (this.holds === 'nothing' && text.startsWith('HIDDEN')) return err({ type: 'NeitherHasAddress' })
    this.taken.push(text)
    this.state.set({ step: 'connecting' })
    return ok(undefined)
  }
  stop(): void {
    this.isStopped = true
  }
}

/** What was settled, on paper. */
export class PaperAgreed implements Agreed {
  readonly state: Cell<AgreedState>
  readonly asked: string[] = []
  refuses: CannotCosign | null = null

  constructor(about: Partial<AgreedState> = {}) {
    this.state = new Cell<AgreedState>({
      final: null,
      open: [],
      conflicts: [],
      mayPropose: true,
      handed: null,
      ...about,
    })
  }

  propose = () => this.#asks('propose')
  cosign = (id: EntryId) => this.#asks(`cosign ${id}`)
  returnTo = (id: EntryId) => this.#asks(`return to ${id}`) as Promise<Result<void, never>>

  #asks(what: string): Promise<Result<void, CannotCosign>> {
    this.asked.push(what)
    return Promise.resolve(this.refuses ? err(this.refuses) : ok(undefined))
  }
}

export const paperPassing = (word: string, about: Partial<Passing> = {}): Passing => ({
  device: deviceId(`${word} phone`),
  member: memberId(word),
  step: 'same',
  since: Date.now(),
  sent: { changes: 0, bytes: 0 },
  received: { changes: 0, bytes: 0 },
  toSend: 0,
  toReceive: 0,
  done: 0,
  total: 0,
  ...about,
})

export const paperKeeper = (word: string): Membership['keepers'][number] => ({
  id: deviceId(`${word} phone`),
  mark: markOf(`${word} phone`),
  standing: 'active',
  linked: true,
  heard: null,
  isFull: false,
  pauses: [],
})

/** What passes between phones, on paper. */
export class PaperExchange implements Exchange {
  readonly state = new Cell<readonly Passing[]>([])
  readonly paused = new Cell(false)

  pause(): void {
    this.paused.set(true)
  }
  resume(): void {
    this.paused.set(false)
  }
}

/** Files made on paper. */
export class PaperBundles implements Bundles {
  readonly last = new Cell<number | null>(null)
  readonly asked: string[] = []
  refuses: NotAllowed | { readonly type: 'TooLarge' } | null = null

  write: Bundles['write'] = async (what) => {
    this.asked.push(what)
    if (this.refuses) return err(this.refuses)
    const kept = () => Promise.resolve(this.last.set(Date.now()))
    return ok({ bytes: new Uint8Array(14_000), kept })
  }
}

/** What a space on paper begins with. `names`: members in order, the first one is me. */
export type PaperSpaceStart = {
  readonly id: string
  readonly kind: SpaceKind
  readonly title: string
  readonly purpose?: string
  readonly names: readonly string[]
}

export class PaperSpace implements Space {
  readonly id: string
  readonly kind: Cell<SpaceKind>
  readonly readOnly = new Cell(false)
  readonly movedOn = new Cell(false)
  readonly outdated = new Cell(false)
  readonly lost = new Cell(0)
  readonly awaitsOthers = new Cell(false)
  readonly mark: Uint8Array
  readonly doc = new Cell<Y.Doc>(createDocument())
  readonly closed = new Cell<Y.Doc>(createDocument())
  readonly me: { readonly member: MemberId; readonly device: DeviceId }
  readonly membership: Cell<Membership>
  readonly status: Cell<Status>
  readonly kept = new Cell<Kept>('on disk')
  readonly setAside = new Cell<readonly AsideItem[]>([])
  readonly presence: Presence
  readonly agreed = new PaperAgreed()
  readonly latest = new Cell<readonly Latest[]>([])
  readonly waiting = new Cell(0)
  readonly missing = new Cell<ReturnType<Space['missing']['read']>>([])
  readonly pouring = new Cell<ReturnType<Space['pouring']['read']>>([])
  readonly exchange = new PaperExchange()
  readonly bundles = new PaperBundles()
  /** The invitations it handed out. */
  readonly invitations: PaperHostFlow[] = []
  readonly asked: string[] = []
  /** The next act is refused with this. */
  refuses: 'ReadOnly' | 'NotAMember' | 'SuspendedHere' | 'NotFound' | 'StorageFailed' | null = null

  constructor(start: PaperSpaceStart) {
    const [mine = 'Ana', ...others] = start.names
    this.id = start.id
    this.kind = new Cell(start.kind)
    this.mark = markOf(start.id)
    this.me = { member: memberId(mine), device: deviceId(`${mine} phone`) }
    const doc = this.doc.read()
    setAbout(doc, { title: start.title, purpose: start.purpose ?? '' })
    for (const name of start.names)
      addPerson(doc, { name, member: memberId(name), participation: 'own device' })
    this.membership = new Cell<Membership>({
      removed: [],
      asked: [],
      members: [
        paperMember(mine, { me: true, devices: [paperDevice(`${mine} phone`, { thisOne: true })] }),
        ...others.map((name) => paperMember(name)),
      ],
      keepers: [],
      decisions: [],
      vouchers: { needed: 2, least: 2, most: Math.max(2, start.names.length) },
      cautions: [],
      complaints: [],
      me: 'active',
    })
    this.status = new Cell<Status>({ type: 'local', waiting: 0 })
    this.presence = {
      awareness: new Awareness(doc),
      people: new Cell<readonly { member: MemberId; name: string; place: string | null }[]>([]),
      say: () => {},
    }
  }

  async invite(): Promise<HostFlow> {
    const flow = new PaperHostFlow('join')
    this.invitations.push(flow)
    return flow
  }

  async letBack(member: MemberId, how: 'here' | 'far') {
    this.asked.push(`let ${member} back ${how}`)
    const flow = new PaperHostFlow('recover')
    this.invitations.push(flow)
    return ok(flow)
  }

  returnWords(): Promise<readonly string[] | null> {
    return Promise.resolve(['agua', 'monte', 'piedra', 'fuego'])
  }

  rehearsal: Rehearsal = { isPossible: true, needed: 2, voices: 3, checks: 2, people: [], words: [] }
  rehearse(): Rehearsal {
    return this.rehearsal
  }

  readonly wishes: Wish[] = []
  readonly edits: AsideItem[] = []

  async inviteHere(kind: 'join' | 'device') {
    if (!this.hasAddress) return err({ type: 'NoAddress' } as const)
    const flow = new PaperHostFlow(kind)
    flow.encounter = new PaperEncounter('DOOR', this.holds)
    flow.state.set({ step: 'here', guest: null })
    this.invitations.push(flow)
    return ok(flow)
  }
  async propose(wish: Wish) {
    if (!this.refuses) this.wishes.push(wish)
    return this.#act(`propose ${wish.action}`, (now) => now)
  }
  async leave() {
    return this.#act('leave', (now) => ({
      ...now,
      me: 'retired',
      members: devicesIn(now, (device) => (device.thisOne ? { ...device, standing: 'retired' } : device)),
    }))
  }
  lastEdits = () => this.edits

  /** The codes it showed; `null`: no address to show. */
  readonly encounters: PaperEncounter[] = []
  hasAddress = true
  /** What the codes it shows hold. */
  holds: Encounter['holds'] = 'address'

  async encounter(): Promise<Result<Encounter, NoAddress>> {
    if (!this.hasAddress) return err({ type: 'NoAddress' })
    const encounter = new PaperEncounter(`CODE${this.encounters.length}`, this.holds)
    this.encounters.push(encounter)
    return ok(encounter)
  }

  /** The texts of keepers that were pasted, and what became of each. */
  readonly keepersMet: { readonly text: string; readonly state: Cell<KeeperFlowState> }[] = []

  addKeeper(text: string): Result<KeeperFlow, BadKeeperText> {
    if (text.includes(' ')) return err({ type: 'BadKeeperText' })
    const state = new Cell<KeeperFlowState>({ step: 'meeting' })
    this.keepersMet.push({ text, state })
    return ok({ state, cancel: () => {} })
  }

  async approve(proposal: EntryId) {
    return this.#act(`approve ${proposal}`, (now) => ({
      ...now,
      decisions: now.decisions.map((decision) =>
        decision.id === proposal
          ? { ...decision, approvals: [...decision.approvals, this.me.member], mayApprove: false }
          : decision,
      ),
    }))
  }

  async withdraw(target: EntryId) {
    return this.#act(`withdraw ${target}`, (now) => ({
      ...now,
      decisions: now.decisions.map((decision) =>
        decision.id === target
          ? {
              ...decision,
              approvals: decision.approvals.filter((member) => member !== this.me.member),
              mayApprove: true,
            }
          : decision,
      ),
      members: devicesIn(now, (device) => {
        const left = device.suspensions.filter(({ id }) => id !== target)
        return left.length === device.suspensions.length
          ? device
          : { ...device, suspensions: left, standing: left.length > 0 ? 'suspended' : 'active' }
      }),
    }))
  }

  async suspend(device: DeviceId, reason: string) {
    return this.#act(`suspend ${device} ${reason}`, (now) => ({
      ...now,
      keepers: now.keepers.map((keeper) =>
        keeper.id === device
          ? {
              ...keeper,
              standing: 'suspended',
              pauses: [{ id: entryId(`pause of ${device}`), mine: true, by: this.me.member }],
            }
          : keeper,
      ),
      members: devicesIn(now, (known) =>
        known.id === device
          ? {
              ...known,
              standing: 'suspended',
              copied: false,
              knownBy: 1,
              suspensions: [
                ...known.suspensions.map((suspension) => ({ ...suspension, seconded: true })),
                {
                  id: entryId(`suspension ${known.suspensions.length} of ${device}`),
                  mine: true,
                  seconded: known.suspensions.length > 0,
                  by: this.me.member,
                },
              ],
            }
          : known,
      ),
    }))
  }

  async bringBack(item: string) {
    if (this.refuses) return err({ type: this.refuses })
    this.asked.push(`bring back ${item}`)
    this.setAside.set(
      this.setAside.read().map((aside) => (aside.id === item ? { ...aside, brought: true } : aside)),
    )
    return ok(undefined)
  }

  async flush(): Promise<void> {}

  #act(what: string, change: (now: Membership) => Membership) {
    if (this.refuses) return err({ type: this.refuses })
    this.asked.push(what)
    this.membership.set(change(this.membership.read()))
    return ok(undefined)
  }
}

const devicesIn = (now: Membership, change: (device: Device) => Device): readonly Member[] =>
  now.members.map((member) => ({ ...member, devices: member.devices.map(change) }))

export class PaperWorkspace implements Workspace {
  leftLink: string | null = null
  readonly spaces: Cell<readonly PaperSpace[]>
  readonly current: Cell<PaperSpace | null>
  readonly flow = new Cell<PaperHostFlow | PaperGuestFlow | null>(null)
  readonly reach = new Cell<'direct' | 'relayed'>('direct')
  readonly asked: string[] = []
  readonly hubs = new Cell<readonly RoomHub[]>([])

  constructor(spaces: readonly PaperSpace[] = []) {
    this.spaces = new Cell(spaces)
    this.current = new Cell(spaces[0] ?? null)
  }

  choose(space: Space): void {
    this.current.set(this.spaces.read().find(({ id }) => id === space.id) ?? null)
  }

  /** The code of a hub begins with HUB here. */
  joinHub(code: string): Result<RoomHub, BadScan> {
    if (!code.startsWith('HUB')) return err({ type: 'BadCode' })
    this.asked.push(`join ${code}`)
    const hub: RoomHub = {
      id: code,
      state: new Cell('searching'),
      leave: () => this.hubs.set(this.hubs.read().filter((other) => other !== hub)),
    }
    this.hubs.set([...this.hubs.read(), hub])
    return ok(hub)
  }

  async setReach(reach: 'direct' | 'relayed') {
    this.asked.push(`go out ${reach}`)
    const hasNone = this.spaces.read().every(({ doc }) => turnServersOf(doc.read()).length === 0)
    if (reach === 'relayed' && hasNone) return err({ type: 'NoRelayPoint' } as const)
    this.reach.set(reach)
    return ok(undefined)
  }

  async lightNotebook(about: { title: string; purpose: string; myName: string }): Promise<Space> {
    this.asked.push(`light ${about.title} as ${about.myName}`)
    const space = new PaperSpace({
      id: about.title,
      kind: 'notebook',
      title: about.title,
      purpose: about.purpose,
      names: [about.myName],
    })
    this.spaces.set([...this.spaces.read(), space])
    this.current.set(space)
    return space
  }

  async proposeFounding(_from: Space, about: { title: string; myName: string }): Promise<HostFlow> {
    this.asked.push(`found ${about.title} as ${about.myName}`)
    const flow = new PaperHostFlow('found')
    this.flow.set(flow)
    return flow
  }

  /** What the next file brings, or why it is not opened. */
  incoming: {
    readonly news: Incoming['news']
    readonly done: Imported
    readonly rulesAreAhead?: boolean
  } | null = null
  refusesFile: BadImport['type'] = 'BadFile'

  async returnHere(): Promise<Result<GuestFlow, NoAddress>> {
    return err({ type: 'NoAddress' })
  }

  async returnByLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>> {
    this.asked.push(`come back by ${link} as ${myName}`)
    const flow = new PaperGuestFlow('recover')
    this.flow.set(flow)
    return ok(flow)
  }

  async openFile(file: CarriedFile) {
    this.asked.push(`open a file of ${file.size} bytes`)
    const { incoming } = this
    const space = this.current.read()
    if (!incoming || !space) return err({ type: this.refusesFile })
    const { news, done, rulesAreAhead = false } = incoming
    const apply = async () => {
      this.asked.push('take it in')
      return done
    }
    return ok({ space, news, bytes: file.size, rulesAreAhead, apply })
  }

  async joinHere(kind: 'join' | 'device' | 'found', myName: string) {
    this.asked.push(`${kind} here as ${myName}`)
    const flow = new PaperGuestFlow(kind)
    flow.encounter = new PaperEncounter('GUEST')
    this.flow.set(flow)
    return ok(flow)
  }

  async openLink(link: string, myName: string) {
    this.asked.push(`open ${link} as ${myName}`)
    if (!/[?&]c=[\w-]{4,}/.test(link)) return err({ type: 'BadLink' })
    const flow = new PaperGuestFlow(link.includes('join') ? 'join' : 'found')
    this.flow.set(flow)
    return ok(flow)
  }
}

/** The phrase that opens the vault on paper. */
export const PHRASE = 'cuatro palabras que nadie imagina'

export class PaperSession implements Session {
  readonly phase: Cell<Phase>
  readonly asked: string[] = []
  readonly workspace: PaperWorkspace
  readonly rules = new Cell<LockRules>({ afterMinutes: 5, onLeaving: 'wait' })
  readonly tryLimit = new Cell<5 | 10 | 20 | null>(null)
  readonly waysBack = new Cell<WaysBack>({ copied: null, isDue: false })
  /** What looking at a file, and then opening it, will say. */
  looks: Result<void, BadCopy> = ok(undefined)
  opens: Result<OpenCopy, BadCopy> = err({ type: 'BackupDamaged' })
  others: readonly Profile[] = [{ name: 'cuaderno', mark: markOf('vault'), isHere: true }]
  /** How many wrong tries are left, where a limit was set. */
  left: number | null = null
  /** What the next unlocking waits for, in milliseconds; `null` when it may be tried. */
  waits: number | null = null

  constructor(workspace: PaperWorkspace = new PaperWorkspace(), phase: Phase | 'open' = 'open') {
    this.workspace = workspace
    this.phase = new Cell<Phase>(phase === 'open' ? { type: 'open', workspace, guest: false } : phase)
  }

  async createVault(passphrase: string) {
    this.asked.push('create vault')
    if ([...passphrase].length < 8) return err({ type: 'PassphraseTooShort', minimum: 8 })
    const phase = this.phase.read()
    this.phase.set({
      type: 'open',
      workspace: this.workspace,
      guest: phase.type === 'fresh' && phase.guest,
    })
    return ok(undefined)
  }

  async unlock(passphrase: string) {
    this.asked.push('unlock')
    if (this.waits !== null) return err({ type: 'TryLater', waitMs: this.waits })
    if (passphrase !== PHRASE)
      return err(
        this.left === null ? { type: 'WrongPassphrase' } : { type: 'WrongPassphrase', left: this.left },
      )
    this.phase.set({ type: 'open', workspace: this.workspace, guest: false })
    return ok(undefined)
  }

  async confirm(passphrase: string) {
    this.asked.push('confirm')
    if (this.waits !== null) return err({ type: 'TryLater', waitMs: this.waits })
    return passphrase === PHRASE ? ok(undefined) : err({ type: 'WrongPassphrase' })
  }

  async silenceReminder() {
    this.asked.push('silence reminder')
    this.waysBack.set({ ...this.waysBack.read(), isDue: false })
  }

  async makeCopy(passphrase: string) {
    this.asked.push('make copy')
    if ([...passphrase].length < 8) return err({ type: 'PassphraseTooShort', minimum: 8 })
    this.waysBack.set({ copied: Date.now(), isDue: false })
    return ok({ bytes: new Uint8Array(70_000) })
  }

  async lookAtCopy() {
    this.asked.push('look at copy')
    return this.looks
  }

  async openCopy(_file: CarriedFile, passphrase: string): Promise<Result<OpenCopy, BadCopy>> {
    this.asked.push('open copy')
    return passphrase === PHRASE ? this.opens : err({ type: 'WrongBackupPhrase' })
  }

  takeOver(): void {
    this.asked.push('take over')
    this.phase.set({ type: 'locked', mark: markOf('vault') })
  }

  lock(): void {
    this.asked.push('lock')
    this.phase.set({ type: 'locked', mark: markOf('vault') })
  }

  exit(): void {
    this.asked.push('exit')
  }

  async setRules(rules: LockRules) {
    this.asked.push(`lock after ${rules.afterMinutes}, on leaving ${rules.onLeaving}`)
    this.rules.set(rules)
    return ok(undefined)
  }

  async setTryLimit(limit: 5 | 10 | 20 | null) {
    this.asked.push(`erase after ${limit}`)
    this.tryLimit.set(limit)
    return ok(undefined)
  }

  async profiles() {
    return this.others
  }

  async enterProfile(name: Profile['name']) {
    this.asked.push(`enter ${name}`)
  }

  async startProfile() {
    this.asked.push('start a profile')
    this.phase.set({ type: 'fresh', guest: false, others: true })
  }

  async goLight(passphrase: string, printed: Printed) {
    this.asked.push(`go light with ${printed.map(({ title }) => title).join(', ')}`)
    if ([...passphrase].length < 8) return err({ type: 'PassphraseTooShort', minimum: 8 })
    return passphrase === PHRASE ? err({ type: 'SamePhrase' }) : ok(undefined)
  }

  async erase(then: 'go away' | 'begin anew'): Promise<void> {
    this.asked.push(`erase, then ${then}`)
    this.phase.set({ type: 'fresh', guest: false, others: false })
  }
}
