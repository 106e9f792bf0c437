import type { Random } from '../core/clock.ts'
import type { DeviceId, EntryId, MemberId } from '../core/ids.ts'
import { oneLine } from '../domain/text.ts'
import type { MetLink } from '../net/types.ts'
import { commitToNonce, opensCommitment, sasWords, type WordLanguage } from '../net/words.ts'
import { encodeFlowMessage, parseFlowMessage, type FlowMessage, type Into } from '../wire/flow.ts'

/**
 * Four words that are the same on both screens only if nobody stands in between (wire.md §6). The host commits to
 * its nonce before it sees the guest's, so neither can search for a match. One of these per link.
 */
export type Exchanged = {
  readonly words: readonly string[]
  readonly name: string
  readonly member: MemberId
  readonly into: Into | null
  /** The list the words are from: the host's, so that both read the same. */
  readonly language: WordLanguage
}

/** Sends flow messages and hears them, one handler at a time. */
export const talk = (
  link: MetLink,
  hear: (message: FlowMessage) => void,
): { say: (message: FlowMessage) => void; stop: () => void } => {
  const stop = link.receive('control', (bytes) => {
    const message = parseFlowMessage(bytes)
    if (message.ok) hear(message.value)
    else link.close()
  })
  return { say: (message) => link.send('control', encodeFlowMessage(message)), stop }
}

type Words = {
  readonly link: MetLink
  readonly own: DeviceId
  readonly kind: 'found' | 'join' | 'recover'
  readonly random: Random
  readonly myName: string
  readonly say: (message: FlowMessage) => void
}

/** The host's half. `hear` gives the exchanged words once, when the guest has answered. */
export const hostWords = (
  of: Words & { readonly into: Into | null; readonly language: WordLanguage },
): { hear: (message: FlowMessage) => Exchanged | null } => {
  const rA = of.random.bytes(32)
  const pin = of.into?.pin ?? null
  of.say({ type: 'commit', commit: commitToNonce(rA, pin), name: of.myName, language: of.language })
  let answered = false
  return {
    hear: (message) => {
      if (message.type !== 'answer' || answered) return null
      answered = true
      of.say({ type: 'reveal', nonce: rA, into: of.into })
      return {
        words: wordsOf({
          ...of,
          host: of.own,
          guest: of.link.peer,
          hostNonce: rA,
          guestNonce: message.nonce,
          pin,
        }),
        name: oneLine(message.name),
        member: message.member,
        into: of.into,
        language: of.language,
      }
    },
  }
}

/** The guest's half. Gives the words once the revealed nonce matches what was committed to; `'broken'` when it does not. */
export const guestWords = (
  of: Words & { readonly member: MemberId },
): { hear: (message: FlowMessage) => Exchanged | 'broken' | null } => {
  const rB = of.random.bytes(32)
  let commit: Uint8Array | null = null
  let name = ''
  let language: WordLanguage = 'es'
  let done = false
  return {
    hear: (message) => {
      if (message.type === 'commit' && !commit) {
        commit = message.commit
        name = oneLine(message.name)
        language = message.language
        of.say({ type: 'answer', nonce: rB, name: of.myName, member: of.member })
        return null
      }
      if (message.type !== 'reveal' || !commit || done) return null
      done = true
      const pin = message.into?.pin ?? null
      if (!opensCommitment(commit, message.nonce, pin)) return 'broken'
      return {
        words: wordsOf({
          ...of,
          host: of.link.peer,
          guest: of.own,
          hostNonce: message.nonce,
          guestNonce: rB,
          pin,
          language,
        }),
        name,
        member: of.member,
        into: message.into,
        language,
      }
    },
  }
}

const wordsOf = (of: {
  readonly link: MetLink
  readonly kind: Words['kind']
  readonly host: DeviceId
  readonly guest: DeviceId
  readonly hostNonce: Uint8Array
  readonly guestNonce: Uint8Array
  readonly pin: EntryId | null
  readonly language: WordLanguage
}): readonly string[] => sasWords({ ...of, exported: of.link.introduction.exported, type: of.kind })
