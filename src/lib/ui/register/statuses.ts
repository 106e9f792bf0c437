import type { ThreatField, ThreatStatus } from '../../domain/threats.ts'

/** The words of each status: never a shape or a colour alone. */
export const STATUS_WORDS = {
  open: 'register.statusOpen',
  watched: 'register.statusWatched',
  unknown: 'register.statusUnknown',
  reduced: 'register.statusReduced',
  closed: 'register.statusClosed',
} as const satisfies Record<ThreatStatus, string>

export const FIELD_WORDS = {
  title: 'register.fieldTitle',
  what: 'register.fieldWhat',
  who: 'register.fieldWho',
  from: 'register.fieldFrom',
  already: 'register.fieldAlready',
} as const satisfies Record<ThreatField, string>

export const FIELD_HINTS = {
  what: 'register.hintWhat',
  who: 'register.hintWho',
  from: 'register.hintFrom',
  already: 'register.hintAlready',
} as const satisfies Record<Exclude<ThreatField, 'title'>, string>
