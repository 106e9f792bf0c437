import type * as Y from 'yjs'
import type { DeviceId, EntryId, EpochId, MemberId } from '../core/ids.ts'
import type { Result } from '../core/result.ts'
import type { Watched } from '../core/watched.ts'
import type { BadBackup } from '../crypto/backup.ts'
import type { Printed } from '../domain/printed.ts'
import type { CardHolds } from '../net/connection.ts'
import type { ScannedKind } from '../net/scanned.ts'
import type { SpokenCode } from '../net/spoken-lines.ts'
import type { ProfileName } from '../store/profiles.ts'
import type { TryLimit } from '../store/tries.ts'
import type { DeviceStanding, SpaceKind, SuspendReason } from '../ledger/types.ts'
import type { Awareness } from 'y-protocols/awareness'
import type { Voice } from '../domain/caution-rounds.ts'
import type { CheckedHow } from '../domain/returns.ts'

/** What the screens may ask of this device. Implemented by session.ts; nothing above this folder knows how. */
export interface Session {
  readonly phase: Watched<Phase>
  /** First use: makes a vault. `PassphraseTooShort`: fewer than 8 characters, or than 6 where all are digits. */
  createVault(passphrase: string): Promise<Result<void, PassphraseTooShort | StorageUnavailable>>
  unlock(
    passphrase: string,
  ): Promise<Result<void, WrongPassphrase | TryLater | VaultDamaged | StorageUnavailable>>
  /** Whether this is the phrase of the open vault: asked once more before what a thief of an open phone would do first. */
  confirm(
    passphrase: string,
  ): Promise<Result<void, WrongPassphrase | TryLater | VaultDamaged | StorageUnavailable>>
  /** Takes the vault over from another tab of this browser, which locks itself. */
  takeOver(): void
  /** Zeroes keys, ends workers, reloads the page. */
  lock(): void
  /** In a hurry: as `lock`, and the page that is left says nothing. Erases nothing. */
  exit(): void
  /** When the open vault locks by itself. */
  readonly rules: Watched<LockRules>
  setRules(rules: LockRules): Promise<Result<void, StorageUnavailable>>
  /** After how many wrong tries in a row this vault erases itself; `null`, unless somebody chose it: never. */
  readonly tryLimit: Watched<TryLimit | null>
  setTryLimit(limit: TryLimit | null): Promise<Result<void, StorageUnavailable>>
  /** The vaults of this browser. Each has its own phrase, and none knows of what is in another. */
  profiles(): Promise<readonly Profile[]>
  /** Stands before another vault of this browser. Only while none is open here. */
  enterProfile(name: ProfileName): Promise<void>
  /** Begins one more, apart from all others; four at most. */
  startProfile(): Promise<void>
  /**
   * Leaves of this vault nothing but a printed text, under a phrase of its own, and goes away. Everything else in it ends as with
   * `erase`: the key slot first. `SamePhrase`: it is the phrase of now.
   */
  goLight(
    passphrase: string,
    printed: Printed,
  ): Promise<Result<void, PassphraseTooShort | SamePhrase | StorageUnavailable>>
  /** What is prepared for the day this phone is gone. */
  readonly waysBack: Watched<WaysBack>
  /** Nobody is reminded again to prepare a way back. */
  silenceReminder(): Promise<void>
  /** A file with everything this phone needs to begin again elsewhere, under a phrase of its own. Only while a vault is open. */
  makeCopy(
    passphrase: string,
  ): Promise<
    Result<
      { readonly bytes: Uint8Array },
      PassphraseTooShort | StorageUnavailable | { readonly type: 'TooLarge' }
    >
  >
  /** Whether this is a copy at all, before its phrase is asked for. */
  lookAtCopy(file: SlicedFile): Promise<Result<void, BadCopy>>
  /** Opens a copy completely and says what is in it; changes nothing. */
  openCopy(file: CarriedFile, passphrase: string): Promise<Result<OpenCopy, BadCopy>>
  /** Destroys the key slot of this vault first, then everything else in it; other vaults of this browser stay. */
  erase(then: 'go away' | 'begin anew'): Promise<void>
}

export type WaysBack = {
  /** The day of the last copy, milliseconds since 1970; `null`: none was made here. */
  readonly copied: number | null
  /** It is a week since the notebook was begun, no copy was made, and nobody said not to be reminded. */
  readonly isDue: boolean
}

/** A copy that was opened and found whole. */
export interface OpenCopy {
  readonly content: BackupContent
  /**
   * Begins again from it on this phone, under a new phrase: all of it is written at once, or nothing. `AlreadyHere`: this
   * place holds a notebook, and nothing is written over it. `NothingKeptHere`: this browser keeps nothing.
   */
  restore(
    passphrase: string,
  ): Promise<
    Result<
      void,
      PassphraseTooShort | StorageUnavailable | { readonly type: 'AlreadyHere' | 'NothingKeptHere' }
    >
  >
}

export type BackupContent = {
  /** The minute it was made, milliseconds since 1970. */
  readonly at: number
  readonly spaces: readonly {
    readonly kind: SpaceKind
    readonly title: string
    readonly myName: string
    readonly people: number
    readonly circles: number
    /** When the copy was made, this phone was paused there or no longer part. */
    readonly isOut: boolean
  }[]
}

/** Why a copy is not opened. Nothing has changed. */
export type BadCopy = BadBackup | StorageUnavailable | { readonly type: 'FileUnreadable' }

export type LockRules = {
  /** Untouched for so long. */
  readonly afterMinutes: 1 | 5 | 15 | 30 | 60
  /** The page goes to the background: lock at once, or let the same time pass. */
  readonly onLeaving: 'lock' | 'wait'
}

export type Profile = {
  readonly name: ProfileName
  /** As in `Phase`. */
  readonly mark: Uint8Array
  /** The one stood before. */
  readonly isHere: boolean
}

export type Phase =
  | { readonly type: 'starting' }
  /**
   * Nothing here yet. `guest`: this browser has no locks (a plain http page), so nothing would be kept. `others`: there are
   * other vaults in it.
   */
  | { readonly type: 'fresh'; readonly guest: boolean; readonly others: boolean }
  /** `mark`: random bytes of this vault for its woven band; says nothing about what is inside. */
  | { readonly type: 'locked'; readonly mark: Uint8Array }
  /** Another tab has this vault open. */
  | { readonly type: 'elsewhere'; readonly mark: Uint8Array }
  | { readonly type: 'open'; readonly workspace: Workspace; readonly guest: boolean }
  /** A text to read, and nothing else: what `goLight` left. */
  | { readonly type: 'light'; readonly printed: Printed }

export type PassphraseTooShort = { readonly type: 'PassphraseTooShort'; readonly minimum: number }
/** The phrase chosen for something new is the one in use already. */
export type SamePhrase = { readonly type: 'SamePhrase' }
/** `left`: how many more before the vault erases itself, where its owner chose that; at 0 it has. */
export type WrongPassphrase = { readonly type: 'WrongPassphrase'; readonly left?: number }
export type TryLater = { readonly type: 'TryLater'; readonly waitMs: number }
export type VaultDamaged = { readonly type: 'VaultDamaged' }
export type StorageUnavailable = { readonly type: 'StorageUnavailable' }

/** An open vault: the notebooks and collectives on this device. */
export interface Workspace {
  readonly spaces: Watched<readonly Space[]>
  /** The space on screen, or `null` before the first one. */
  readonly current: Watched<Space | null>
  choose(space: Space): void
  /** One person lights a notebook. */
  lightNotebook(about: {
    readonly title: string
    readonly purpose: string
    readonly myName: string
  }): Promise<Space>
  /** Starts founding from a notebook, or anew from a collective that can no longer decide; its content is copied in. At most one flow at a time; a second call ends the first. */
  proposeFounding(from: Space, about: { readonly title: string; readonly myName: string }): Promise<HostFlow>
  /** The invitation that was being followed when this vault locked: to be opened again, or let be. It is there once. */
  readonly leftLink: string | null
  /** Opens an invitation link: to found, or to join. */
  openLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>>
  /**
   * Shows a code to somebody who lets this phone in, face to face: as a new person, as a further device of one who is in
   * there already, or to found with them. `myName`: of the person; of a further device, what it is to be called.
   */
  joinHere(
    kind: 'join' | 'device' | 'found',
    myName: string,
  ): Promise<Result<GuestFlow, NoAddress | NoRelayPoint>>
  /** Shows a code to a member beside this phone, who lets its holder back in: they lost the phones they had. `myName`: what they are called. */
  returnHere(myName: string): Promise<Result<GuestFlow, NoAddress | NoRelayPoint>>
  /** The same from afar, by a link a member made for it. */
  returnByLink(link: string, myName: string): Promise<Result<GuestFlow, BadLink>>
  /** Hubs in the room that this device scanned, the newest last. */
  readonly hubs: Watched<readonly RoomHub[]>
  /** Joins the hub whose code was scanned, pasted or typed; twice is once. `BadCode`: it is not the code of a hub. */
  joinHub(code: string): Result<RoomHub, BadScan>
  /** The flow under way, so that a screen can find it again. */
  readonly flow: Watched<HostFlow | GuestFlow | null>
  /**
   * How this device goes out, kept on it alone. `relayed`: only through relay points, so that no other device learns an
   * address of it; where a collective has none, nobody is met.
   */
  readonly reach: Watched<'direct' | 'relayed'>
  /** `NoRelayPoint`: no collective on this device has one, so nobody would be met any more. */
  setReach(reach: 'direct' | 'relayed'): Promise<Result<void, NoRelayPoint | StorageUnavailable>>
  /** Opens a file that was carried here, for whichever collective of this device it is, and says what is in it. Changes nothing. */
  openFile(file: CarriedFile): Promise<Result<Incoming, BadImport>>
}

/** A computer in the room that introduces phones to each other, and passes sealed messages where the wifi keeps them apart. */
export interface RoomHub {
  /** The same for the same code. */
  readonly id: string
  readonly state: Watched<'open' | 'searching' | 'closed'>
  /** Stops looking for it, also after the next start. */
  leave(): void
}

/** A file the person chose, not read yet: a `File` of the browser is one. */
export type CarriedFile = { readonly size: number; arrayBuffer(): Promise<ArrayBuffer> }

/** One of which a piece can be read by itself. */
export type SlicedFile = CarriedFile & { slice(from: number, to: number): Omit<CarriedFile, 'size'> }

/** What a file would bring, before anything of it is taken. */
export type Incoming = {
  readonly space: Space
  /** Acts and changes that are not here yet. */
  readonly news: {
    readonly acts: number
    readonly records: number
    /** Keys this phone is to have and lacks. */
    readonly keys: number
    /** Parts of agreements this phone knows of and waits for. */
    readonly parts: number
    /** What is closed here too, and is carried for others. */
    readonly carried: number
  }
  readonly bytes: number
  readonly rulesAreAhead: boolean
  /** Takes it in, by the same rules as over a link. Nothing of what is here is lost. */
  apply(): Promise<Imported>
}

export type Imported = {
  readonly acts: number
  readonly records: number
  /** Closed things that are carried for others from now on. */
  readonly carried: number
  /** Parts that did not hold; the others were taken. */
  readonly refused: number
  /** Something in it stands on what is not here: an earlier file is missing. */
  readonly waits: boolean
}

/** Why a file is not opened. Nothing has changed. */
export type BadImport = {
  readonly type:
    | 'BadFile'
    | 'FileTooLarge'
    | 'FileUnreadable'
    | 'NotForThisPhone'
    | 'BadBundle'
    | 'NewerBundle'
    | 'OtherCollective'
}

/** Not a link of ours, or of another kind than asked for, or damaged in copying. */
export type BadLink =
  { readonly type: 'BadLink' } | { readonly type: 'CodeOfAnotherKind'; readonly kind: ScannedKind }

/**
 * What a meeting of two or more is for: `device` brings in a further device of somebody who belongs already, `recover` the
 * only one of somebody who lost theirs.
 */
export type FlowKind = 'found' | 'join' | 'device' | 'recover'

/** The side that lets in: shares a link and reads words with each guest, or faces one guest and shows a code. */
export interface HostFlow {
  readonly role: 'host'
  readonly kind: FlowKind
  readonly state: Watched<HostState>
  /** Face to face: the code this phone shows, and takes. */
  readonly encounter?: Encounter
  /** Joining: tells the newcomer that it is not yet, and from which day on they can ask again. Milliseconds since 1970. No reason travels. */
  notYet?(until: number): void
  /** Founding: a code for one more founder who is beside this phone. Scanning each other is the verification. */
  showCode?(): Promise<Result<Encounter, NoAddress>>
  /** What the host and this guest see is the same (`true`), or not: then that guest is turned away. */
  confirmWords(guest: string, same: boolean): void
  /** Founding: everybody expected is here and verified. Needs two verified guests. */
  proposeGenesis(): void
  /** Founding: the genesis words were read aloud and are the same for all. */
  signGenesis(): void
  cancel(): void
}

export type HostGuest = {
  readonly id: string
  readonly name: string
  /** Four words to compare by voice; `null` until exchanged. */
  readonly words: readonly string[] | null
  readonly state: 'meeting' | 'words' | 'verified' | 'signed'
}

export type HostState =
  /** Face to face: both codes are read, and this is who it is about; `null` until then. */
  | { readonly step: 'here'; readonly guest: HostGuest | null }
  | { readonly step: 'inviting'; readonly link: string; readonly guests: readonly HostGuest[] }
  /** Founding: all read the genesis words aloud, each signs. */
  | {
      readonly step: 'genesis'
      readonly words: readonly string[]
      readonly guests: readonly HostGuest[]
      readonly signed: boolean
    }
  /** Joining: the newcomer is proposed and waits for vouchers. */
  | {
      readonly step: 'vouching'
      readonly name: string
      readonly have: number
      readonly needed: number
      readonly proposal: EntryId
    }
  | { readonly step: 'done'; readonly space: Space }
  | { readonly step: 'ended'; readonly why: FlowEnd }

/** The side that opened a link. */
export interface GuestFlow {
  readonly role: 'guest'
  readonly kind: FlowKind
  readonly state: Watched<GuestState>
  /** Face to face: the code this phone shows, and takes. */
  readonly encounter?: Encounter
  confirmWords(same: boolean): void
  signGenesis(): void
  cancel(): void
  /** The page goes in the middle of it: ends without saying so where that leaves the link as it was, so that it may be followed again. */
  breakOff?(): void
  /** Coming back: the phone locks, and goes on waiting when it is opened again. Where it is left out, locking cancels. */
  rest?(): void
}

export type GuestState =
  | { readonly step: 'meeting' }
  | { readonly step: 'words'; readonly words: readonly string[]; readonly host: string }
  | { readonly step: 'waiting'; readonly host: string }
  | {
      readonly step: 'genesis'
      readonly words: readonly string[]
      readonly title: string
      readonly names: readonly string[]
      /** What this person’s collective is called that this one takes the place of: it stays to be read. */
      readonly before: string | null
      readonly signed: boolean
    }
  | { readonly step: 'vouching'; readonly have: number; readonly needed: number }
  /**
   * Coming back: how many of the needed agreed and how many made sure of the words; what those are called who did not say yet.
   * `person`: what whoever comes back is called there. `words`: of this phone, to be read to them; `null` for a moment. `needed`
   * is 0 until the host was heard again.
   */
  | {
      readonly step: 'agreeing'
      readonly host: string
      readonly person: string
      readonly words: readonly string[] | null
      readonly have: number
      readonly needed: number
      readonly checked: number
      readonly missing: readonly string[]
    }
  | { readonly step: 'done'; readonly space: Space }
  /** `until`: with `not yet`, the day from which on it can be asked again. Milliseconds since 1970. */
  | { readonly step: 'ended'; readonly why: FlowEnd; readonly until?: number }

/**
 * `not kept`: the disk of this device could not take it. `only relayed`: this device goes out through relay points alone,
 * and for this meeting there is none. `already here`: this phone has that collective, with keys that are out.
 */
export type FlowEnd =
  | 'cancelled'
  | 'words differ'
  | 'turned away'
  | 'not yet'
  | 'link used up'
  | 'no contact'
  | 'not kept'
  | 'only relayed'
  | 'already here'

/** One notebook, pair or collective on this device. */
export interface Space {
  readonly id: string
  readonly kind: Watched<SpaceKind>
  /** Its content moved into another collective: readable, not writable. */
  readonly readOnly: Watched<boolean>
  /** What was written here moved on into a collective founded since: nobody writes here any more. */
  readonly movedOn: Watched<boolean>
  /** The collective follows rules this version of the app does not know: read-only until the app is updated. */
  readonly outdated: Watched<boolean>
  /** Changes written here that cannot be read from this disk any more, and that nobody met since has given back. */
  readonly lost: Watched<number>
  /** This phone began again from a copy, and waits to see somebody before it writes. */
  readonly awaitsOthers: Watched<boolean>
  /** Bytes the woven band is drawn from. */
  readonly mark: Uint8Array
  /** The shared document. A new instance replaces it when something accepted before is taken back: bind again. */
  readonly doc: Watched<Y.Doc>
  /** What was closed when a checkpoint became final, without who wrote it: only read. Replaced like `doc`: bind again. */
  readonly closed: Watched<Y.Doc>
  readonly me: { readonly member: MemberId; readonly device: DeviceId }
  readonly membership: Watched<Membership>
  readonly status: Watched<Status>
  /** Where everything written here is. */
  readonly kept: Watched<Kept>
  readonly setAside: Watched<readonly AsideItem[]>
  /** Verified presence of others, in the shape y-prosemirror's cursor plugin wants; and who is here. */
  readonly presence: Presence
  /** What was settled together, and what waits to be. */
  readonly agreed: Agreed
  /** Who has what was written on this device, as far as known. Empty while nothing was written here. */
  readonly latest: Watched<readonly Latest[]>
  /** Changes written here that no other device is known to have. */
  readonly waiting: Watched<number>
  /** Of whom something is missing for a while, though what comes after it is here: held back, or lost on the way. */
  readonly missing: Watched<readonly { readonly member: MemberId; readonly name: string }[]>
  /** Of whose phones so much comes that it is taken in little by little. Nobody who is paused or out. */
  readonly pouring: Watched<readonly { readonly member: MemberId; readonly name: string }[]>
  /** What passes between this device and those it is linked with now. */
  readonly exchange: Exchange
  /** Files that go from hand to hand. */
  readonly bundles: Bundles
  /** A link for one newcomer, to be sent or shown, and the words to read with them. */
  invite(): Promise<HostFlow>
  /** Shows a code to somebody beside this phone who is to come in: a new person, or a further device of this one’s person. */
  inviteHere(kind: 'join' | 'device'): Promise<Result<HostFlow, NotAllowed | NoAddress | NoRelayPoint>>
  /**
   * Lets a member back in who lost their phones, face to face or by a link: proposes that all their old ones end and the new one
   * comes in. `TooFew`: of two nobody could tell who is who. `NotYours`: of oneself.
   */
  letBack(
    member: MemberId,
    how: 'here' | 'far',
  ): Promise<Result<HostFlow, NotAllowed | TooFew | NoAddress | NoRelayPoint>>
  /** The four words of the phone that is proposed for somebody who comes back; `null`: there is no such proposal. */
  returnWords(proposal: EntryId): Promise<readonly string[] | null>
  /** Coming back, as it would be here and now. Writes and sends nothing. */
  rehearse(): Rehearsal
  /** Shows a code for another member’s phone beside this one. */
  encounter(): Promise<Result<Encounter, NoAddress | NoRelayPoint>>
  /** Meets a keeper by the text it shows and proposes it: the others still have to agree. */
  addKeeper(text: string): Result<KeeperFlow, NotAllowed | BadKeeperText>
  /** Puts to the others what one person cannot do alone. It is the proposer’s own voice for it, too. */
  propose(wish: Wish): Promise<Result<void, NotAllowed>>
  /** `check`: of somebody who comes back, how one made sure oneself. `NeedsCheck`: too few have, so this member has to. */
  approve(proposal: EntryId, check?: CheckedHow): Promise<Result<void, NotAllowed | NeedsCheck>>
  withdraw(target: EntryId): Promise<Result<void, NotAllowed>>
  suspend(device: DeviceId, reason: SuspendReason): Promise<Result<void, NotAllowed>>
  /** This device ends here, by its holder’s own word; with the last one its person has left. Nobody is asked, and no reason is kept. */
  leave(): Promise<Result<void, NotAllowed>>
  /** What a device wrote last that counts, the newest first: to be looked through when it was in other hands. */
  lastEdits(device: DeviceId): readonly AsideItem[]
  /** Brings text of a set-aside change back as one's own edit: appended to a new draft article, or the fields of its threat. */
  bringBack(item: string): Promise<Result<void, NotAllowed>>
  /** Writes what is still in the batch: on blur, lock, or a decision. */
  flush(): Promise<void>
}

/**
 * What a majority decides. `lift` ends what was said against a device until now; `removeMember` ends a membership for good;
 * `dormant`: settling does not wait for these; `policy`: vouchers an admission needs; `amendFrontier`: what a retired device wrote
 * counts as far as it is here. `annul`: pauses that whoever is put out had said, which end with it.
 */
export type Wish =
  | { readonly action: 'revokeDevice'; readonly device: DeviceId; readonly annul?: readonly EntryId[] }
  | { readonly action: 'removeMember'; readonly member: MemberId; readonly annul?: readonly EntryId[] }
  | { readonly action: 'lift'; readonly device: DeviceId }
  | { readonly action: 'amendFrontier'; readonly device: DeviceId }
  | { readonly action: 'dormant'; readonly members: readonly MemberId[] }
  | { readonly action: 'policy'; readonly admit: number }

/** Everything that some phones said against one, and that is in force. */
export type Pause = {
  readonly device: DeviceId
  /** `null`: a keeper, which is nobody’s. */
  readonly holder: MemberId | null
  readonly reason: SuspendReason | 'proposed'
  /** Another member has paused the same device too. */
  readonly seconded: boolean
  readonly acts: readonly EntryId[]
}

/** What exactly a decision would change, where its kind alone does not say so. */
export type Change =
  /** `annul`: pauses that would end with it. */
  | { readonly action: 'removeMember' | 'revokeDevice'; readonly annul: readonly Pause[] }
  /** Vouchers an admission needs; `voices`: so many could give one. */
  | { readonly action: 'policy'; readonly from: number; readonly to: number; readonly voices: number }
  | { readonly action: 'dormant'; readonly members: readonly MemberId[] }
  /** `changes`: so many that are here would count. `isHere`: all that would has arrived, and can be read. */
  | { readonly action: 'amendFrontier'; readonly changes: number; readonly isHere: boolean }
  /** `isKnown`: this app could go on writing. */
  | { readonly action: 'minRules'; readonly rules: number; readonly isKnown: boolean }

export type NeedsCheck = { readonly type: 'NeedsCheck' }
export type TooFew = { readonly type: 'TooFew' }

export type Rehearsal = {
  /** `false`: of two people, or of one, nobody comes back this way. */
  readonly isPossible: boolean
  /** How many have to agree by the rule of today, of how many voices. */
  readonly needed: number
  readonly voices: number
  /** So many of them make sure by themselves. */
  readonly checks: number
  /** Who could agree if it were about this member: with a voice and a phone that stands. `heard`: as for a device, the latest of theirs. */
  readonly people: readonly {
    readonly member: MemberId
    readonly linked: boolean
    readonly heard: number | null
  }[]
  /** Four words of today to practise with: the same on every phone of the collective, and good for nothing. */
  readonly words: readonly string[]
}

/** A keeper is met and proposed. */
export interface KeeperFlow {
  readonly state: Watched<KeeperFlowState>
  cancel(): void
}

/** `disk failed`: the keeper's own. */
export type KeeperEnding = 'no contact' | 'keeps for others' | 'disk failed' | 'not allowed'

export type KeeperFlowState =
  | { readonly step: 'meeting' }
  /** `words`: of this collective, which the keeper shows too. */
  | { readonly step: 'proposed'; readonly words: readonly string[] }
  | { readonly step: 'ended'; readonly why: KeeperEnding }

/** What was pasted is no text of a keeper, or was damaged in copying, or is for something else. */
export type BadKeeperText =
  { readonly type: 'BadKeeperText' } | { readonly type: 'CodeOfAnotherKind'; readonly kind: ScannedKind }

/** How far another device has what was written here. */
export type Latest = {
  /** `null`: a keeper, which is nobody’s. */
  readonly member: MemberId | null
  readonly device: DeviceId
  /** All of it; or what was written up to this hour (milliseconds since 1970); `null`: nothing is known. */
  readonly upTo: 'all' | number | null
}

/** Offered by `exchange-door.ts`. */
export interface Exchange {
  /** One for each linked device in good standing. */
  readonly state: Watched<readonly Passing[]>
  readonly paused: Watched<boolean>
  /** Nothing written passes until `resume`. Who belongs, and which device is paused, is told all the same. */
  pause(): void
  resume(): void
}

export type Passing = {
  readonly device: DeviceId
  readonly member: MemberId | null
  /** `agreeing`: both still tell each other who belongs. `same`: each said it holds all that the other does. */
  readonly step: 'agreeing' | 'passing' | 'same'
  /** Since when they are linked: the minute, milliseconds since 1970. */
  readonly since: number
  /** Since then. */
  readonly sent: Amount
  readonly received: Amount
  readonly toSend: number
  readonly toReceive: number
  /** Of what passes now. */
  readonly done: number
  readonly total: number
}

/** Changes, and bytes as they went over the link. */
export type Amount = { readonly changes: number; readonly bytes: number }

/** Offered by `bundle-door.ts`. */
export interface Bundles {
  /** The day of the last file somebody said is kept, milliseconds since 1970; `null`: there was none. */
  readonly last: Watched<number | null>
  /** A file that every active device of the collective can open, and nobody else. `news`: since the last one that is kept. */
  write(what: 'everything' | 'news'): Promise<Result<MadeFile, NotAllowed | { readonly type: 'TooLarge' }>>
}

export type MadeFile = {
  readonly bytes: Uint8Array
  /** It is where it was to be, by the word of the person: no program can see that. A next file of news begins after it. */
  kept(): Promise<void>
}

/** Two phones face each other, without a hub: this one shows a code and reads the other’s. */
export interface Encounter {
  /** Upper-case letters and digits, for a QR code or to be copied. */
  readonly code: string
  /** What the code says of where this phone is. `nothing`: only a phone whose code says more can be met. */
  readonly holds: CardHolds
  /** The code in words, and how the other’s are read, for whoever has no camera. */
  readonly spoken: SpokenCode
  readonly state: Watched<EncounterState>
  /** What was scanned, pasted or typed. */
  take(text: string): Result<void, BadScan>
  stop(): void
}

export type EncounterState =
  | { readonly step: 'showing' }
  /** The other’s code was read; they may still have to read this one. */
  | { readonly step: 'connecting' }
  | { readonly step: 'met'; readonly member: MemberId | null }
  /** Nothing came about: show a new code. */
  | { readonly step: 'failed' }

/** What was scanned is no code of ours, one for something else, this phone’s own, of a second phone, or as blind as this one’s. */
export type BadScan =
  | { readonly type: 'BadCode' | 'OwnCode' | 'AlreadyScanned' | 'NeitherHasAddress' }
  | { readonly type: 'CodeOfAnotherKind'; readonly kind: ScannedKind }
/** This browser makes no connections, or no relay point answers where one has to: there is nothing to show. */
export type NoAddress = { readonly type: 'NoAddress' }
/** This device is to go out through relay points alone, and there is none. */
export type NoRelayPoint = { readonly type: 'NoRelayPoint' }

export type NotAllowed =
  | { readonly type: 'ReadOnly' }
  /** The collective follows rules this version of the app does not know. */
  | { readonly type: 'RulesAreAhead' }
  /** Begun again from a copy: first it has to see somebody. */
  | { readonly type: 'AwaitsOthers' }
  | { readonly type: 'NotAMember' }
  | { readonly type: 'NotYours' }
  | { readonly type: 'SuspendedHere' }
  | { readonly type: 'NotFound' }
  | { readonly type: 'StorageFailed' }

export type Membership = {
  /** Who was part of it until the others decided otherwise. */
  readonly removed: readonly MemberId[]
  /** Who was proposed and is not in: it waits, or was put off or taken back. */
  readonly asked: readonly MemberId[]
  readonly members: readonly {
    readonly id: MemberId
    readonly founder: boolean
    readonly votes: boolean
    /** Away for long, by a decision of the others: settling does not wait for them. */
    readonly dormant: boolean
    readonly me: boolean
    /** Whether one's phone and one of theirs read each other’s codes, or words were compared. `out`: no phone of theirs belongs any more. */
    readonly trust: 'me' | 'verified' | 'unverified' | 'out'
    readonly devices: readonly {
      readonly id: DeviceId
      readonly mark: Uint8Array
      readonly standing: DeviceStanding
      readonly thisOne: boolean
      readonly linked: boolean
      /** Milliseconds since 1970 when this device last heard from it, or `null`. Kept only on this device. */
      readonly heard: number | null
      readonly suspensions: readonly {
        readonly id: EntryId
        readonly mine: boolean
        readonly seconded: boolean
        readonly by: MemberId | null
        /** It was said of another phone, which had brought this one in, and holds for both. */
        readonly through?: boolean
        /** What was said when it was paused. */
        readonly reason?: SuspendReason | 'proposed'
      }[]
      /** Further phones of the same person that would be paused with it: it brought them in, and nothing final has settled them. */
      readonly brought: readonly DeviceId[]
      /** Two phones sign as this one: somebody copied it, or it was set back to an older state. */
      readonly copied: boolean
      /** For a suspended device: members (of all other than its holder) whose devices already know, as far as seen from here. */
      readonly knownBy: number
      /** Pauses it said and nobody else seconds. */
      readonly said: readonly Pause[]
      /** Of a retired one: changes that are here and do not count. */
      readonly aside: number
    }[]
  }[]
  /** Devices that keep what is sealed for this collective, and are nobody’s. */
  readonly keepers: readonly {
    readonly id: DeviceId
    readonly mark: Uint8Array
    readonly standing: DeviceStanding
    readonly linked: boolean
    /** As for a device. */
    readonly heard: number | null
    /** Linked now, and it said that its room is used up. */
    readonly isFull: boolean
    /** Pauses in force on it. */
    readonly pauses: readonly {
      readonly id: EntryId
      readonly mine: boolean
      readonly by: MemberId | null
    }[]
  }[]
  readonly decisions: readonly {
    readonly id: EntryId
    readonly action:
      | 'admit'
      | 'addDevice'
      | 'removeMember'
      | 'revokeDevice'
      | 'recover'
      | 'lift'
      | 'policy'
      | 'keeper'
      | 'dormant'
      | 'amendFrontier'
      | 'minRules'
      /** Of a kind this app does not know: it cannot say what it would change. */
      | 'other'
    readonly subject: MemberId | null
    readonly subjectDevice: DeviceId | null
    readonly name: string | null
    readonly approvals: readonly MemberId[]
    readonly needed: number
    readonly mine: boolean
    readonly mayApprove: boolean
    /** Of somebody who comes back: who made sure by themselves, and how; and whether one may agree without. */
    readonly checks: readonly { readonly member: MemberId; readonly how: CheckedHow }[]
    readonly mayTrust: boolean
    readonly change: Change | null
  }[]
  /** For an admission: vouchers it needs now, and what a decision may set. */
  readonly vouchers: { readonly needed: number; readonly least: number; readonly most: number }
  /** Who asked that a person rests for some days, or took it back. What follows from it: `cautionsAt`. */
  readonly cautions: readonly Voice[]
  /** Phones that were handed a key that does not open, the newest for each two; until something later is settled together. */
  readonly complaints: readonly {
    readonly id: EntryId
    readonly epoch: EpochId
    /** No key came at all, and nobody has handed it over so far; else one came that does not open. */
    readonly isMissing: boolean
    /** Whose phone says so. */
    readonly by: MemberId | null
    /** Whose phone made the key. */
    readonly maker: MemberId | null
    /** This very phone says so. */
    readonly mine: boolean
  }[]
  /** This very device is suspended or revoked. */
  readonly me: DeviceStanding
}

/**
 * What was made final together, and what waits to be: a checkpoint is proposed, checked by each phone for itself, and
 * co-signed by people. Offered by `checkpoint-door.ts`.
 */
export interface Agreed {
  readonly state: Watched<AgreedState>
  /** Proposes everything as it stands on this phone. */
  propose(): Promise<Result<void, NotAllowed | CannotCosign>>
  cosign(checkpoint: EntryId): Promise<Result<void, NotAllowed | CannotCosign>>
  /** Writes again, as own edits, what stood at a final checkpoint. */
  returnTo(checkpoint: EntryId): Promise<Result<void, NotAllowed>>
}

export type AgreedState = {
  /** The newest that this phone checked and holds to, or was given by whoever let it in; `null`: nothing is final. */
  readonly final: {
    readonly id: EntryId
    readonly signedBy: readonly MemberId[]
    /** Four words of it, to compare by voice. */
    readonly words: readonly string[]
    /** What stood then is here, so that one can return to it. */
    readonly mayReturn: boolean
  } | null
  readonly open: readonly {
    readonly id: EntryId
    readonly by: MemberId | null
    readonly signedBy: readonly MemberId[]
    readonly needed: number
    /** What this phone found when it worked it out by itself; `newer`: the app on it is too old to say. */
    readonly check: 'same' | 'working' | 'missing' | 'differs' | 'newer'
    /** Why this phone does not sign it, whatever it found; `null`: nothing is in the way, or it has. */
    readonly mayNot: CannotCosign | null
    /** Whose voice counts from then on. */
    readonly newVoices: readonly MemberId[]
    /** Who is counted in `needed`, has not signed, and is no longer part: proposed anew it counts without them. */
    readonly gone: readonly MemberId[]
  }[]
  /** Enough signed, and yet it stands against the final one: nothing follows from it. Who signed both. */
  readonly conflicts: readonly { readonly id: EntryId; readonly signedBoth: readonly MemberId[] }[]
  readonly mayPropose: boolean
  /** What this phone began from was handed over by one member, and what another’s word on it was; `null`: it is settled, or its own. */
  readonly handed: {
    readonly by: MemberId | null
    readonly check: 'alone' | 'same' | 'differs'
    readonly against: MemberId | null
  } | null
}

/** Why this phone does not put its name under a checkpoint. */
export type CannotCosign =
  /** It says something else than what this phone worked out. */
  | { readonly type: 'CheckpointDiffers' }
  /** Something it names has not arrived here. */
  | { readonly type: 'CheckpointIncomplete' }
  /** A decision this member voted for is missing from it, or another was signed that does not lie below it. */
  | { readonly type: 'SignedOtherwise' }
  /** This member signs with another phone. */
  | { readonly type: 'OtherPhoneSigns' }

/**
 * `on its way`: to the disk of this device, in a moment. `failing`: the disk takes nothing, it is tried again, and what was
 * written since is gone when the page closes. `memory only`: as with everything a guest writes.
 */
export type Kept = 'on disk' | 'on its way' | 'failing' | 'memory only'

/** How what we share is going. With `Kept`, what the status pill says. */
export type Status =
  /** `waiting`: changes that no other device is known to have. */
  | { readonly type: 'local'; readonly waiting: number }
  /** The person stopped the exchange. */
  | { readonly type: 'paused' }
  | { readonly type: 'connecting'; readonly tries: number }
  | { readonly type: 'exchanging'; readonly done: number; readonly total: number }
  | { readonly type: 'upToDate'; readonly people: number; readonly at: number }
  | { readonly type: 'stale'; readonly since: number }
  | { readonly type: 'attention'; readonly decisions: number }
  /** This phone takes part no more. `paused`: for now; `ended`: it was retired; `left`: its person is not part any more. */
  | { readonly type: 'out'; readonly how: 'paused' | 'ended' | 'left' }

export type AsideItem = {
  readonly id: string
  readonly device: DeviceId
  readonly member: MemberId | null
  /** Plain text of what the change would have added, for reading: up to 2 000 characters. */
  readonly text: string
  /** `closed`: it was written into something that was closed meanwhile. */
  readonly where: { readonly type: 'article' | 'threat' | 'other' | 'closed'; readonly title: string }
  /** Somebody says it was brought back, here or elsewhere. What the phone wrote after that is an item of its own. */
  readonly brought: boolean
}

/** Who is here and where. What is signed by a device whose standing is active and came over its own link; nothing else. */
export interface Presence {
  /** For y-prosemirror's cursor plugin: own state is written here, others' states are verified before they are seen. */
  readonly awareness: Awareness
  readonly people: Watched<
    readonly { readonly member: MemberId; readonly name: string; readonly place: string | null }[]
  >
  /** What others see of me. `visible: false`: writing without being watched. */
  say(about: { readonly name: string; readonly place: string | null; readonly visible: boolean }): void
}
