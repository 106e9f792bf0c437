import type { Rtc } from './types.ts'

/** The browser’s WebRTC. No STUN or TURN server that the collective did not choose: without any, links stay on the local network. */
export const createBrowserRtc = (iceServers: readonly RTCIceServer[] = []): Rtc => ({
  createConnection: () => new RTCPeerConnection({ iceServers: [...iceServers] }),
})
