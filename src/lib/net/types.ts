import type { CollId, DeviceId } from '../core/ids.ts'
import type { Clock, Random } from '../core/clock.ts'
import type { Watched } from '../core/watched.ts'
import type { Device, OwnDevice } from '../crypto/device.ts'
import type { SecretKey } from '../crypto/hash.ts'
import type { Link, Standing } from '../sync/ports.ts'
import type { PassedPresence } from '../wire/control.ts'
import type { FrameChannel } from './channel.ts'
import type { PipeEnd, PipeRequest } from './pipes.ts'

/** What a finished handshake knows beyond the link itself. Spec: wire.md §4. */
export type Introduction = {
  readonly device: Device
  /** Hash of the whole handshake: what a newcomer's invitation proof is bound to. */
  readonly th: Uint8Array
  /** Secret of this link alone, for the words read aloud. */
  readonly exported: SecretKey
  readonly initiator: boolean
}

/** A link after its handshake. */
export interface MetLink extends Link {
  readonly introduction: Introduction
  /** How this device judges the peer now. Only `full` carries the streams `live` and `files`, either way. */
  readonly standing: Watched<Standing>
  /** How the link came to its end, or `null` while it lives. */
  ending(): LinkEnding | null
}

/** A link, and the say its owner keeps over it. Lowering its standing closes it when anything but control still waits. */
export type OwnedLink = {
  readonly link: MetLink
  /** `relay`: through a pipe at a hub. */
  readonly transport: FrameChannel['transport']
  readonly setStanding: (standing: Standing) => void
  /** When something was last heard on it. Milliseconds since 1970. */
  readonly heardAt: () => number
}

/**
 * `cut off`: the connection went without the closing mark. `silent`: nothing heard for 12 s. `broken`: what came was
 * not what the other side sealed, or broke the rules of framing.
 */
export type LinkEnding = 'closed here' | 'closed there' | 'cut off' | 'silent' | 'broken'

/** One post office. It sees mailbox ids that change daily and sealed, padded blobs. */
export interface Hub {
  readonly state: Watched<'open' | 'searching' | 'closed'>
  /** Receives what is put into `mailbox`, also what was put there in the last minutes. Returns the undoing. */
  subscribe(mailbox: Uint8Array, handler: (blob: Uint8Array) => void): () => void
  put(mailbox: Uint8Array, blob: Uint8Array): void
  /** A pipe through this hub to whoever else asks for the same name, for two who cannot reach each other. */
  pipe?(request: PipeRequest): PipeEnd
  /** Something suggests that the way to it is gone, or back: makes sure now. */
  wake?(): void
  close(): void
}

/** A TURN server a collective chose. Made only of checked values: its urls can be given to a browser as they are. */
export type TurnServer = {
  readonly urls: readonly string[]
  readonly username: string
  readonly credential: string
}

/** `relayed`: only through TURN servers, so that no peer learns an address of this device. */
export type Reach = 'direct' | 'relayed'

/** How a connection is made. `turn` is empty unless the collective chose some. */
export type Way = { readonly turn: readonly TurnServer[]; readonly reach: Reach }

/** What of the browser (or of node-datachannel) a link is made with. */
export interface Rtc {
  createConnection(way: Way): RTCPeerConnection
  /** One whose sockets belong to no network in particular, and stay when a network goes and comes back. Left out: not here. */
  readonly createUnbound?: (way: Way) => RTCPeerConnection
  /** The way that holds now. Left out: without any server, directly. */
  readonly way?: () => Way
}

/** How this device judges a peer, by the ledger. `null`: refuse, without saying why. */
export type Judge = (peer: DeviceId) => { readonly device: Device; readonly standing: Standing } | null

export type MeshOptions = {
  readonly coll: CollId
  readonly own: OwnDevice
  readonly hub: Hub
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly judge: Judge
}

/** Signed presences travel over links whose ends both stand in full: to and from one neighbour. */
export interface PresencePort {
  /** Sets who receives what neighbours pass on. */
  receive(handler: (from: MetLink, presences: readonly PassedPresence[]) => void): void
  send(to: MetLink, presences: readonly PassedPresence[]): void
  /** Whether somebody is awake with whom this device has no link. */
  isPartial(): boolean
}

/**
 * Links to the devices of one collective: found through the hub and through each other, kept alive, made again when lost.
 * With all of them while few are awake, with five or six when they are many. See docs/adr/0040.
 */
export interface Mesh {
  /** Open links, at most one per peer. */
  readonly links: Watched<readonly MetLink[]>
  /** Peers being tried now. */
  readonly trying: Watched<number>
  /** Whom to look for: every device of the ledger that is not revoked, without this one. */
  setPeers(peers: readonly { readonly id: DeviceId; readonly device: Device }[]): void
  /** The ledger changed: asks the judge again about every link, closes the refused, narrows and widens the others. */
  rejudge(): void
  /** Takes a link that was made another way (two phones that scanned each other); closes it if nobody is sought there. */
  adopt(link: OwnedLink): void
  /** The page woke, or a hub is back: try all now, with jitter. */
  wake(): void
  /** The network may be another one now: as `wake`, and links on which nothing is heard are made anew. See docs/adr/0073. */
  networkChanged(): void
  /** Whether `neighbour` may lack something fresh of `author` that came here over `from`, as it is linked with neither. */
  mayLack(neighbour: DeviceId, of: { readonly author: DeviceId; readonly from: DeviceId }): boolean
  readonly presence: PresencePort
  stop(): void
}

export type MeetingOptions = {
  readonly hub: Hub
  readonly rtc: Rtc
  readonly clock: Clock
  readonly random: Random
  readonly own: OwnDevice
  /** 16 to 32 secret bytes, from the link. */
  readonly seed: Uint8Array
  /** What the handshake is bound to: the collective, or H("found", …) while it is being founded. */
  readonly context: Uint8Array
}

/** The host's side of an invitation: strangers who hold the seed become links of standing `stranger`. */
export interface HostMeeting {
  readonly guests: Watched<readonly MetLink[]>
  stop(): void
}

/** The guest's side. */
export interface GuestMeeting {
  readonly link: Watched<MetLink | null>
  stop(): void
}
