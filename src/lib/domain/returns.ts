import type * as Y from 'yjs'
import { isMemberId, type EntryId, type MemberId } from '../core/ids.ts'
import { change } from './change.ts'
import { rootOf } from './document.ts'

/**
 * How somebody made sure that a new phone is the one of a person who comes back: beside them, by scan or by the words on their
 * screen; or by the words, read aloud from afar by a voice they know.
 */
export const CHECKS = ['beside', 'voice'] as const
export type CheckedHow = (typeof CHECKS)[number]

/** A claim. It counts only where the client that wrote it belongs to a phone of `member`: whoever reads it has to look. */
export type ReturnCheck = {
  readonly member: MemberId
  readonly how: CheckedHow
  /** The list the words were read from. */
  readonly language: 'es' | 'en'
  /** The Yjs client it was written by; records are refused that speak for another’s. */
  readonly client: number
}

/** Says that one made sure oneself. A key for each member, so that two who do it at once both stand. Spec: wire.md §10. */
export const markCheck = (
  doc: Y.Doc,
  proposal: EntryId,
  { member, how, language }: Omit<ReturnCheck, 'client'>,
): void => change(doc, () => void rootOf(doc, 'returns').set(`${proposal}.${member}`, `${how} ${language}`))

/** Who says so of one proposal. Never throws. */
export const checksOf = (doc: Y.Doc, proposal: EntryId): readonly ReturnCheck[] => {
  const root = rootOf(doc, 'returns')
  return [...root.entries()].flatMap(([key, value]) => {
    const [of, member] = key.split('.')
    const client = root._map.get(key)?.id.client
    if (of !== proposal || !isMemberId(member) || client === undefined || typeof value !== 'string') return []
    const [how, language] = value.split(' ')
    const known = CHECKS.find((one) => one === how)
    return known && (language === 'es' || language === 'en') ? [{ member, how: known, language, client }] : []
  })
}
