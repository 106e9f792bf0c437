import type { BadRelayPoint } from '../domain/relay-points.ts'
import type {
  BadCopy,
  BadKeeperText,
  BadImport,
  BadLink,
  BadScan,
  CannotCosign,
  FlowEnd,
  NoAddress,
  NoRelayPoint,
  NeedsCheck,
  NotAllowed,
  PassphraseTooShort,
  StorageUnavailable,
  TooFew,
  TryLater,
  VaultDamaged,
  WrongPassphrase,
} from '../workspace/types.ts'
import type { Key } from './catalogue.ts'

type Problem =
  | BadCopy
  | AboutCopies
  | BadKeeperText
  | BadImport
  | BadLink
  | BadScan
  | NoAddress
  | BadRelayPoint
  | NoRelayPoint
  | CannotCosign
  | NotAllowed
  | NeedsCheck
  | TooFew
  | PassphraseTooShort
  | StorageUnavailable
  | TryLater
  | VaultDamaged
  | WrongPassphrase
  /** More than one file may carry. */
  | { readonly type: 'TooLarge' }
  /** Our own bug, or a broken machine: what was saved stays. */
  | { readonly type: 'Unexpected' }

/** Their words stand with those of the screens they belong to. */
const ABOUT_COPIES = [
  'NotABackup',
  'CarriedNotBackup',
  'NewerBackup',
  'BackupDamaged',
  'WrongBackupPhrase',
  'AlreadyHere',
  'NothingKeptHere',
  'AwaitsOthers',
] as const
type AboutCopies = { readonly type: (typeof ABOUT_COPIES)[number] }
const isAboutCopies = (problem: Problem): problem is AboutCopies =>
  (ABOUT_COPIES as readonly string[]).includes(problem.type)

/** Where the words of an error are. The type of an error is its place: one without words does not compile. */
export const problemKey = (problem: Problem): Key =>
  // What was scanned by mistake is called by its name.
  problem.type === 'CodeOfAnotherKind'
    ? `another.${problem.kind}`
    : problem.type === 'NeedsCheck' || problem.type === 'TooFew'
      ? `comeBack.${problem.type}`
      : isAboutCopies(problem)
        ? `backup.${problem.type}`
        : `problem.${problem.type}`

/** Where the words are that say why a meeting ended. */
export const endKey = {
  cancelled: 'ended.cancelled',
  'words differ': 'ended.wordsDiffer',
  'turned away': 'ended.turnedAway',
  'not yet': 'ended.notYet',
  'link used up': 'ended.linkUsedUp',
  'no contact': 'ended.noContact',
  'not kept': 'ended.notKept',
  'only relayed': 'ended.onlyRelayed',
  'already here': 'comeBack.alreadyHere',
} satisfies Record<FlowEnd, Key>
