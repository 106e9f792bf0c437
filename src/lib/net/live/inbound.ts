import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'

/** The live stream is for what is alive: anything larger is not presence. Bytes. */
export const MAX_LIVE_BYTES = 64 * 1024

const SYNC = 0
const AWARENESS = 1

/**
 * What of a y-webrtc message may reach the room. y-webrtc believes any peer about anybody's presence; here a link speaks
 * for its own device alone: of an awareness message only the entry of that device's client id passes, so nobody moves or
 * removes another's cursor. Questions about others' presence and tab chatter are dropped. `null`: nothing passes. Never throws.
 */
export const admitLive = (message: Uint8Array, peerClient: number): Uint8Array | null => {
  if (message.length > MAX_LIVE_BYTES) return null
  try {
    const decoder = decoding.createDecoder(message)
    const type = decoding.readVarUint(decoder)
    if (type === SYNC) return message
    if (type !== AWARENESS) return null
    const own = ownEntry(decoding.readVarUint8Array(decoder), peerClient)
    if (!own) return null
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, AWARENESS)
    encoding.writeVarUint8Array(encoder, own)
    return encoding.toUint8Array(encoder)
  } catch {
    return null
  }
}

/** The entry of one client in an awareness update (y-protocols), alone. */
const ownEntry = (update: Uint8Array, client: number): Uint8Array | null => {
  const decoder = decoding.createDecoder(update)
  const count = decoding.readVarUint(decoder)
  for (let i = 0; i < count; i++) {
    const id = decoding.readVarUint(decoder)
    const clock = decoding.readVarUint(decoder)
    const state = decoding.readVarString(decoder)
    if (id !== client) continue
    JSON.parse(state) // what does not parse would throw inside y-protocols
    const encoder = encoding.createEncoder()
    encoding.writeVarUint(encoder, 1)
    encoding.writeVarUint(encoder, id)
    encoding.writeVarUint(encoder, clock)
    encoding.writeVarString(encoder, state)
    return encoding.toUint8Array(encoder)
  }
  return null
}
