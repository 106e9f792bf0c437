import { encodeCbor, type Cbor } from '../core/cbor.ts'
import { feedIdFrom, idBytes, recIdFrom, type FeedId, type RecId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import { sign, SIGNATURE_BYTES, verify, type SignPublic, type SignSecret } from '../crypto/sign.ts'
import { Reader } from '../core/cbor-reader.ts'
import type { FeedSeal } from './types.ts'

/** Vouches, as the device of `feed`, for the record `rec` at `seq` and everything below it. Spec: feed.md §5. */
export const createFeedSeal = (
  signSk: SignSecret,
  head: { readonly feed: FeedId; readonly seq: number; readonly rec: RecId },
): FeedSeal => ({ ...head, sig: sign(signSk, 'seal', signedPart(head)) })

/** Whether the device with `signPk` made this seal. One that was not verified is never passed on. */
export const verifyFeedSeal = (signPk: SignPublic, seal: FeedSeal): boolean =>
  verify(signPk, 'seal', signedPart(seal), seal.sig)

/** `enc([feed, seq, rec, sig])`. */
export const encodeFeedSeal = ({ feed, seq, rec, sig }: FeedSeal): Uint8Array =>
  encodeCbor([idBytes(feed), seq, idBytes(rec), sig])

/** Never throws. The signature is a copy. */
export const parseFeedSeal = (bytes: Uint8Array): Result<FeedSeal, { readonly type: 'BadEncoding' }> => {
  const reader = new Reader(bytes)
  reader.expect(0x84)
  const feed = feedIdFrom(reader.bytes(32))
  const seq = reader.uint()
  const rec = recIdFrom(reader.bytes(32))
  const sig = reader.bytes(SIGNATURE_BYTES)
  return reader.done && feed && rec
    ? ok({ feed, seq, rec, sig: new Uint8Array(sig) })
    : err({ type: 'BadEncoding' })
}

const signedPart = ({
  feed,
  seq,
  rec,
}: {
  readonly feed: FeedId
  readonly seq: number
  readonly rec: RecId
}): Cbor => [idBytes(feed), seq, idBytes(rec)]
