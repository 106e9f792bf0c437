import { encodeCbor, isBytes, isUint } from '../core/cbor.ts'
import { Reader } from '../core/cbor-reader.ts'
import { err, ok, type Result } from '../core/result.ts'
import { MAX_CHUNK_BYTES } from './frames.ts'
import { MAILBOX_BYTES, PIPE_NAME_BYTES } from './rendezvous.ts'
import type { BadMessage } from './sync.ts'

/** What a device asks of a hub: one binary message of a WebSocket or a data channel each. Spec: wire.md §3. */
export type HubRequest =
  | { readonly type: 'subscribe'; readonly mailbox: Uint8Array }
  | { readonly type: 'unsubscribe'; readonly mailbox: Uint8Array }
  | { readonly type: 'put'; readonly mailbox: Uint8Array; readonly blob: Uint8Array }
  /** Be one end of the pipe called `name`. `pipe`: what this side calls it from here on. */
  | { readonly type: 'open'; readonly pipe: number; readonly name: Uint8Array }
  | PipeMessage

/** What a hub tells a device. */
export type HubAnswer =
  | { readonly type: 'blob'; readonly mailbox: Uint8Array; readonly blob: Uint8Array }
  /** Did not do what was asked. 0: not understood, 1: too often, 2: too many mailboxes. */
  | { readonly type: 'refused'; readonly code: number }
  /** The other end is there. */
  | { readonly type: 'joined'; readonly pipe: number }
  | PipeMessage

/** Goes both ways on a pipe between two devices, the hub in between. Spec: wire.md §12. */
export type PipeMessage =
  | { readonly type: 'frame'; readonly pipe: number; readonly frame: Uint8Array }
  /** So much of what came has been taken: as much more may come. In the measure of `frameCost`. */
  | { readonly type: 'credit'; readonly pipe: number; readonly cost: number }
  | { readonly type: 'close'; readonly pipe: number }

export const MAX_BLOB_BYTES = 4096
/** One message of a link, as on any channel. */
export const MAX_PIPE_FRAME_BYTES = MAX_CHUNK_BYTES
/** The longest message in either direction. */
export const MAX_HUB_MESSAGE_BYTES = MAX_PIPE_FRAME_BYTES + 64

/** A device may number its pipes as it likes, below this. */
export const PIPE_NUMBERS = 65_536
/** What may be under way in one direction of a pipe. Who sends more ends it. */
export const PIPE_WINDOW = 128 * 1024
/** The least that is given back at once, so that taking costs few messages. */
export const CREDIT_STEP = 16 * 1024

/** What a frame counts for: small ones cost a hub more than their bytes. */
export const frameCost = (frame: Uint8Array): number => frame.length + 512

export const encodeHubRequest = (request: HubRequest): Uint8Array => {
  switch (request.type) {
    case 'subscribe':
      return encodeCbor([0, request.mailbox])
    case 'unsubscribe':
      return encodeCbor([1, request.mailbox])
    case 'put':
      return encodeCbor([2, request.mailbox, request.blob])
    case 'open':
      return encodeCbor([5, request.pipe, request.name])
    default:
      return encodePipeMessage(request)
  }
}

/** Never throws. */
export const parseHubRequest = (bytes: Uint8Array): Result<HubRequest, BadMessage> => {
  const parts = partsOf(bytes)
  const [kind, mailbox, blob] = parts
  if (isBytes(mailbox, MAILBOX_BYTES)) {
    if (kind === 0 && parts.length === 2) return ok({ type: 'subscribe', mailbox })
    if (kind === 1 && parts.length === 2) return ok({ type: 'unsubscribe', mailbox })
    if (kind === 2 && parts.length === 3 && isBlob(blob)) return ok({ type: 'put', mailbox, blob })
  }
  if (kind === 5 && parts.length === 3 && isPipe(mailbox) && isBytes(blob, PIPE_NAME_BYTES))
    return ok({ type: 'open', pipe: mailbox, name: blob })
  return pipeMessageFrom(parts)
}

export const encodeHubAnswer = (answer: HubAnswer): Uint8Array => {
  switch (answer.type) {
    case 'blob':
      return encodeCbor([3, answer.mailbox, answer.blob])
    case 'refused':
      return encodeCbor([4, answer.code])
    case 'joined':
      return encodeCbor([9, answer.pipe])
    default:
      return encodePipeMessage(answer)
  }
}

/** Never throws. */
export const parseHubAnswer = (bytes: Uint8Array): Result<HubAnswer, BadMessage> => {
  const parts = partsOf(bytes)
  const [kind, a, b] = parts
  if (kind === 3 && parts.length === 3 && isBytes(a, MAILBOX_BYTES) && isBlob(b))
    return ok({ type: 'blob', mailbox: a, blob: b })
  if (kind === 4 && parts.length === 2 && isUint(a)) return ok({ type: 'refused', code: a })
  if (kind === 9 && parts.length === 2 && isPipe(a)) return ok({ type: 'joined', pipe: a })
  return pipeMessageFrom(parts)
}

const encodePipeMessage = (message: PipeMessage): Uint8Array => {
  switch (message.type) {
    case 'frame':
      return encodeCbor([6, message.pipe, message.frame])
    case 'credit':
      return encodeCbor([7, message.pipe, message.cost])
    case 'close':
      return encodeCbor([8, message.pipe])
  }
}

const pipeMessageFrom = (parts: readonly Part[]): Result<PipeMessage, BadMessage> => {
  const [kind, pipe, a] = parts
  if (isPipe(pipe)) {
    if (kind === 6 && parts.length === 3 && isFrame(a)) return ok({ type: 'frame', pipe, frame: a })
    if (kind === 7 && parts.length === 3 && isCredit(a)) return ok({ type: 'credit', pipe, cost: a })
    if (kind === 8 && parts.length === 2) return ok({ type: 'close', pipe })
  }
  return err({ type: 'BadMessage' })
}

const isPipe = (value: unknown): value is number => isUint(value) && value < PIPE_NUMBERS

const isFrame = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length > 0 && value.length <= MAX_PIPE_FRAME_BYTES

const isCredit = (value: unknown): value is number =>
  isUint(value) && value >= CREDIT_STEP && value <= PIPE_WINDOW

const isBlob = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length <= MAX_BLOB_BYTES

/** What a message is made of: an array of a few whole numbers and byte strings, the latter as views. */
type Part = number | Uint8Array

const MOST_PARTS = 3
const BYTES = 2

/** Read item by item, because a hub reads nothing else all day. Empty: not such an array. */
const partsOf = (bytes: Uint8Array): readonly Part[] => {
  if (bytes.length > MAX_HUB_MESSAGE_BYTES) return []
  const reader = new Reader(bytes)
  const parts: Part[] = []
  for (let left = reader.array(MOST_PARTS); left > 0 && !reader.failed; left--)
    parts.push(bytes[reader.at]! >> 5 === BYTES ? reader.bytes() : reader.uint())
  return reader.done ? parts : []
}
