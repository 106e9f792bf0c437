import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { isEnvelope } from './envelope.ts'

/** The live stream is for what is alive: anything larger is not presence. Bytes. */
export const MAX_LIVE_BYTES = 64 * 1024

const SYNC = 0
const AWARENESS = 1
const [SYNC_STEP_1, SYNC_STEP_2, SYNC_UPDATE] = [0, 1, 2]

export type Admitted = { readonly kind: 'round' | 'presence'; readonly bytes: Uint8Array }

/**
 * What of a y-webrtc message may cross a link, either way. y-webrtc believes any peer about anybody's presence; here a link
 * speaks for one device alone, the one with `client`: of an awareness message only that entry passes, so nobody moves or
 * removes another's cursor, or tells of another's. Of the round in progress passes what Yjs can read. Questions about
 * others' presence and tab chatter do not pass: `null`. Never throws, and what passes makes y-webrtc throw nothing.
 */
export const admitLive = (message: Uint8Array, client: number): Admitted | null => {
  if (message.length > MAX_LIVE_BYTES) return null
  try {
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === SYNC) return isReadable(decoder) ? { kind: 'round', bytes: message } : null
    if (type !== AWARENESS) return null
    const own = ownEntry(decoding.readVarUint8Array(decoder), client)
    if (!own) return null
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, AWARENESS)
    encoding.writeVarUint8Array(encoder, own)
    return { kind: 'presence', bytes: encoding.toUint8Array(encoder) }
  } catch {
    return null
  }
}

/** Whether y-protocols could read this. Throws where it would. */
const isReadable = (decoder: decoding.Decoder): boolean => {
  const step = decoding.readVarUint(decoder)
  const body = decoding.readVarUint8Array(decoder)
  if (step === SYNC_STEP_1) Y.decodeStateVector(body)
  else if (step === SYNC_STEP_2 || step === SYNC_UPDATE) Y.decodeUpdate(body)
  else return false
  return true
}

/** The entry of one client in an awareness update (y-protocols), alone, and only if it is an envelope or a farewell. */
const ownEntry = (update: Uint8Array, client: number): Uint8Array | null => {
  const decoder = decoding.createDecoder(update)
  const count = decoding.readVarUint(decoder)
  for (let i = 0; i < count; i++) {
    const id = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const state = decoding.readVarString(decoder)
    if (id !== client) continue
    const envelope = JSON.parse(state) as unknown
    if (envelope !== null && !isEnvelope(envelope)) return null
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarUint(encoder, id)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, JSON.stringify(envelope))
    return encoding.toUint8Array(encoder)
  }
  return null
}
