import type { Rtc, Way } from './types.ts'
import { createUnboundConnection } from './unbound.ts'

/** No server: links reach as far as the local network, and nobody outside learns that there are any. */
export const DIRECTLY: Way = { turn: [], reach: 'direct' }

/** The browser’s WebRTC. It never knows of a server that the collective did not choose. */
export const browserRtc: Rtc = {
  createConnection: (way) => new RTCPeerConnection(configurationOf(way)),
  createUnbound: (way) => createUnboundConnection(configurationOf(way)),
}

/** What a browser is told. Candidate pools and other comforts stay off: they would send packets before anybody asked. */
export const configurationOf = ({ turn, reach }: Way): RTCConfiguration => ({
  iceServers: turn.map(({ urls, username, credential }) => ({ urls: [...urls], username, credential })),
  iceTransportPolicy: reach === 'relayed' ? 'relay' : 'all',
})

/** WebRTC whose way may change, and which can then let go of what was made the old way. */
export interface ChangingRtc extends Rtc {
  /** Ends every connection made so far. Links on them find out for themselves. */
  closeAll(): void
}

/** `rtc`, asked at each new connection for the way that holds then. */
export const createChangingRtc = (rtc: Rtc, way: () => Way): ChangingRtc => {
  const made = new Set<RTCPeerConnection>()
  const keep = (connection: RTCPeerConnection): RTCPeerConnection => {
    for (const old of made) if (old.connectionState === 'closed') made.delete(old)
    made.add(connection)
    return connection
  }
  return {
    way,
    createConnection: (chosen) => keep(rtc.createConnection(chosen)),
    ...(rtc.createUnbound && { createUnbound: (chosen) => keep(rtc.createUnbound!(chosen)) }),
    closeAll: () => {
      for (const connection of made) connection.close()
      made.clear()
    },
  }
}
