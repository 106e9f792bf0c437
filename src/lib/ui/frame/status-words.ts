import { unreachable } from '../../core/result.ts'
import type { Key } from '../../i18n/catalogue.ts'
import type { Values } from '../../i18n/speech.ts'
import type { Kept, Status } from '../../workspace/types.ts'
import type { IconName } from '../icons.ts'

type Words = readonly [Key, Values?]

/** What the status pill says, and what stands behind it when somebody asks. */
export type StatusWords = {
  readonly icon: IconName
  readonly tone: 'plain' | 'yes' | 'wait' | 'stop'
  readonly short: Words
  readonly details: readonly Words[]
}

/** How moments are spoken: of the language in use. Milliseconds since 1970. */
export type Moments = {
  readonly ago: (at: number, now: number) => string
  readonly since: (at: number, now: number) => string
}

type About = {
  readonly isNotebook: boolean
  readonly kept: Kept
  readonly now: number
  readonly moments: Moments
  /** Of whom something is missing that what is here stands upon; `null`: of nobody. */
  readonly missing: string | null
  /** Of whose phones more comes than is taken in at once; `null`: of nobody’s. */
  readonly pouring: string | null
}

/** Nothing else is worth as much as a disk that takes nothing; and to a guest nobody says that something is kept. */
export const statusWords = (status: Status, about: About): StatusWords => {
  const words = withPouring(withMissing(contactWords(status, about), status, about.missing), status, about)
  if (about.kept === 'failing')
    return {
      icon: 'flag',
      tone: 'stop',
      short: ['status.failing'],
      details: [['status.failingDetail'], ['status.failingNext']],
    }
  if (about.kept === 'memory only')
    return {
      ...words,
      ...(status.type === 'local' && { icon: 'page', tone: 'wait', short: ['status.memory'] }),
      details: [['welcome.guest'], ...words.details.filter(([key]) => !SAYS_KEPT.has(key))],
    }
  return words
}

/** Nobody is up to date with whom somebody’s words are missing. While things come in it may be among them. */
const withMissing = (words: StatusWords, { type }: Status, names: string | null): StatusWords => {
  if (names === null || type === 'exchanging' || type === 'out') return words
  const details: readonly Words[] = [['gap.detail', { names }], ['gap.next']]
  return type === 'upToDate'
    ? { icon: 'clock', tone: 'wait', short: ['gap.short'], details }
    : { ...words, details: [...words.details, ...details] }
}

const withPouring = (words: StatusWords, { type }: Status, { pouring }: About): StatusWords =>
  pouring === null || type === 'out'
    ? words
    : { ...words, details: [...words.details, ['gap.much', { names: pouring }]] }

const SAYS_KEPT: ReadonlySet<Key> = new Set([
  'status.localDetail',
  'status.notebookDetail',
  'status.connectingDetail',
  'status.staleDetail',
  'status.pausedDetail',
])

const OUT_WORDS = {
  paused: { short: ['status.out'], details: [['status.outDetail']] },
  ended: { short: ['gone.ended'], details: [['gone.endedDetail']] },
  left: { short: ['gone.short'], details: [['gone.detail'], ['gone.next']] },
} as const satisfies Record<Extract<Status, { type: 'out' }>['how'], Pick<StatusWords, 'short' | 'details'>>

const contactWords = (status: Status, { isNotebook, now, moments }: About): StatusWords => {
  switch (status.type) {
    case 'local':
      return {
        icon: 'phone',
        tone: 'plain',
        short: ['status.local'],
        details: isNotebook
          ? [['status.notebookDetail']]
          : [['status.localDetail', { waiting: status.waiting }], ['status.localNext']],
      }
    case 'paused':
      return {
        icon: 'out',
        tone: 'wait',
        short: ['status.paused'],
        details: [['status.pausedDetail']],
      }
    case 'connecting':
      return {
        icon: 'dots',
        tone: 'plain',
        short: ['status.connecting'],
        details: [['status.connectingDetail'], ['status.connectingNext']],
      }
    case 'exchanging':
      return {
        icon: 'ring',
        tone: 'plain',
        short: ['status.exchanging', { done: status.done, total: status.total }],
        details: [['status.exchangingDetail']],
      }
    case 'upToDate':
      return {
        icon: 'people',
        tone: 'yes',
        short: ['status.upToDate', { people: status.people }],
        details: [['status.upToDateDetail', { when: moments.ago(status.at, now) }]],
      }
    case 'stale':
      return {
        icon: 'clock',
        tone: 'wait',
        short: ['status.stale', { when: moments.since(status.since, now) }],
        details: [['status.staleDetail'], ['status.staleNext']],
      }
    case 'attention':
      return {
        icon: 'flag',
        tone: 'wait',
        short: ['status.attention'],
        details: [['status.attentionDetail', { decisions: status.decisions }]],
      }
    case 'out':
      return { icon: 'out', tone: 'stop', ...OUT_WORDS[status.how] }
    default:
      return unreachable(status)
  }
}
