import { RTCPeerConnection } from 'node-datachannel/polyfill'
import { configurationOf } from '../../src/lib/net/rtc.ts'
import type { Rtc } from '../../src/lib/net/types.ts'

/** Real WebRTC in Node: ICE, DTLS and SCTP over this machine’s own addresses. */
export const createNodeRtc = (): Rtc => ({
  createConnection: (way) =>
    new RTCPeerConnection(configurationOf(way)) as unknown as globalThis.RTCPeerConnection,
})
