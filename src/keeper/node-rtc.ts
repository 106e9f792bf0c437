import { RTCPeerConnection } from 'node-datachannel/polyfill'
import type { Rtc } from '../lib/net/types.ts'

/** Real WebRTC in Node, without any server: as far as the network reaches. */
export const nodeRtc: Rtc = {
  createConnection: () =>
    new RTCPeerConnection({ iceServers: [] }) as unknown as globalThis.RTCPeerConnection,
}
