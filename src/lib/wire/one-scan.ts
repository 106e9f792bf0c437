/**
 * The name under which a device knocks at a hub it scanned. ICE makes the first packet carry both sides’ names in the
 * clear; the device calls the hub by a name that holds its own credentials, and that is all the hub must know of it to
 * answer. Spec: wire.md §11.
 */
export type IceCredentials = { readonly ufrag: string; readonly pwd: string }

const PREFIX = 'LH1'
/** ICE allows 256 characters for a name; more would be nobody’s. */
const LONGEST = 160

/** The name and the password the device expects the hub to have. */
export const encodeIceName = ({ ufrag, pwd }: IceCredentials): string =>
  `${PREFIX}${ufrag.length.toString(36).padStart(2, '0')}${ufrag}${pwd}`

/** `null`: not a name of ours. What it gives can be written into a session description as it is. Never throws. */
export const parseIceName = (name: string): IceCredentials | null => {
  if (name.length > LONGEST || !name.startsWith(PREFIX)) return null
  const digits = name.slice(PREFIX.length, PREFIX.length + 2)
  if (!/^[0-9a-z]{2}$/.test(digits)) return null
  const rest = name.slice(PREFIX.length + 2)
  const [ufrag, pwd] = [rest.slice(0, Number.parseInt(digits, 36)), rest.slice(Number.parseInt(digits, 36))]
  return /^[A-Za-z0-9+/]{4,64}$/.test(ufrag) && /^[A-Za-z0-9+/]{22,64}$/.test(pwd) ? { ufrag, pwd } : null
}
