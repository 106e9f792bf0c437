import type { Rtc } from './types.ts'

/** The browser’s WebRTC with the STUN and TURN servers the collective chose. Most choose none. */
export const createBrowserRtc = (iceServers: readonly RTCIceServer[]): Rtc => ({
  createConnection: () => new RTCPeerConnection({ iceServers: [...iceServers] }),
})

/** Without any server: links reach as far as the local network, and nobody outside learns that there are any. */
export const browserRtc: Rtc = createBrowserRtc([])
