import type { BadRelayPoint } from '../domain/relay-points.ts'
import type {
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

/** Where the words of an error are. The type of an error is its place: one without words does not compile. */
export const problemKey = (problem: Problem): Key =>
  // What was scanned by mistake is called by its name.
  problem.type === 'CodeOfAnotherKind'
    ? `another.${problem.kind}`
    : problem.type === 'NeedsCheck' || problem.type === 'TooFew'
      ? `comeBack.${problem.type}`
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
