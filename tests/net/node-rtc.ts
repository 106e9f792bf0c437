import { RTCPeerConnection } from 'node-datachannel/polyfill'
import type { Rtc } from '../../src/lib/net/types.ts'

/** Real WebRTC in Node: ICE, DTLS and SCTP over this machine’s own addresses. */
export const createNodeRtc = (): Rtc => ({
  createConnection: () =>
    new RTCPeerConnection({ iceServers: [] }) as unknown as globalThis.RTCPeerConnection,
})
