import { base32nopad } from '@scure/base'
import { parseCode, CODE_KINDS, type CodeKind } from '../wire/code.ts'
import { parseHubCode } from '../wire/hub-code.ts'
import { invitationFromLink } from '../wire/invitation.ts'
import { keeperInvitationFromText } from '../wire/keeper.ts'

/** Everything of ours that is scanned, pasted or typed, by what it was made for. */
export type ScannedKind = CodeKind | 'hub' | 'joinLink' | 'foundLink' | 'recoverLink' | 'keeper'

/**
 * What a text was made for, so that it can be named where it does not belong. `null`: nothing of ours, or damaged. Grants
 * nothing: whoever takes it in its own place reads it again there. Never throws.
 */
export const recogniseScanned = (text: string): ScannedKind | null => {
  if (text.length > LONGEST) return null
  const bytes = bytesFromBase32(text)
  if (bytes) {
    const kind = CODE_KINDS.find((one) => parseCode(bytes, one).ok)
    if (kind) return kind
    if (parseHubCode(bytes).ok) return 'hub'
  }
  const invitation = invitationFromLink(text)
  if (invitation) return `${invitation.kind}Link`
  return keeperInvitationFromText(text) ? 'keeper' : null
}

/** Longer is no code and no link. */
const LONGEST = 2000

/** Spaces and small letters are accepted, so that it can be pasted or read aloud. */
export const bytesFromBase32 = (text: string): Uint8Array | null => {
  try {
    return base32nopad.decode(text.replace(/\s+/g, '').toUpperCase())
  } catch {
    return null
  }
}
