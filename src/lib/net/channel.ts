/**
 * An ordered, reliable pipe for whole binary messages that promises nothing else: a data channel, or two ends in
 * memory. Nothing that arrives on it is trusted; the handshake and the frames make a link of it.
 */
export interface FrameChannel {
  /** The name of the transport in the channel binding: `webrtc`, `memory`. */
  readonly transport: string
  /** SHA-256 of both DTLS certificates, where there are any. */
  readonly fingerprints: { readonly mine: Uint8Array; readonly theirs: Uint8Array } | null
  /** Whether this side opened it: decides who is initiator where there are no fingerprints. */
  readonly opener: boolean
  /** Takes one message of at most 16 KiB. After `close` it is dropped. */
  send(bytes: Uint8Array): void
  /** Bytes handed over and not yet on their way. */
  buffered(): number
  /** Sets who receives; what arrived earlier is delivered first. One receiver at a time. */
  receive(handler: (bytes: Uint8Array) => void): void
  /** Sets who is called when less than 256 KiB are buffered again. */
  drain(then: () => void): void
  /** What was sent before still goes out, if the other side is there. */
  close(): void
  /** Calls `then` once when the pipe is gone, whoever closed it; at once if it is already. */
  closed(then: () => void): void
}

/** Above this many buffered bytes nothing more is handed to a channel. */
export const HIGH_WATER = 1024 * 1024
/** Below it the channel says so. */
export const LOW_WATER = 256 * 1024
