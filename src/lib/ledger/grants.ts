import { decodeCbor, encodeCbor, isBytes, type Cbor } from '../core/cbor.ts'
import { concatBytes } from '../core/bytes.ts'
import { epochIdFrom, idBytes, type CollId, type DeviceId, type EpochId } from '../core/ids.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { OwnDevice } from '../crypto/device.ts'
import { deriveKey, equalSecrets, hash, secretKeyFrom, type SecretKey } from '../crypto/hash.ts'
import { decapsulate, encapsulate, KEM_CIPHERTEXT_BYTES, type KemPublic } from '../crypto/kem.ts'
import { open, seal, type OpenFailed, type SealKey } from '../crypto/seal.ts'
import { commitTo, epochContext } from './boxes.ts'
import type { Ledger } from './graph.ts'
import type { Act, LedgerState } from './types.ts'

/** As many keys as surely fit the body of one entry. */
export const MAX_GRANTED = 128

/** Asked for more than {@link MAX_GRANTED} keys in one grant: hand them over in several. */
export type TooManyKeys = { readonly type: 'TooManyKeys' }

/** Hands keys this device holds to another one that should have them. `OpenFailed`: its public key is unusable. Spec: keys.md §6. */
export const createGrant = (of: {
  readonly ledger: Ledger
  readonly device: DeviceId
  readonly keys: ReadonlyMap<EpochId, SecretKey>
}): Result<Act, OpenFailed | TooManyKeys> => {
  if (of.keys.size > MAX_GRANTED) return err({ type: 'TooManyKeys' })
  const target = of.ledger.state().devices.get(of.device)
  const sealedTo = target ? encapsulate(target.kemPk) : err({ type: 'OpenFailed' } as const)
  if (!target || !sealedTo.ok) return err({ type: 'OpenFailed' })
  const epochs = [...of.keys.keys()].sort()
  const { ciphertext, secret } = sealedTo.value
  const key = grantKeyOf(secret, of.ledger.coll, of.device, target.kemPk, ciphertext)
  const sealed = seal(
    key,
    encodeCbor(['grant', idBytes(of.device)]),
    encodeCbor(epochs.map((id) => [idBytes(id), of.keys.get(id)!])),
  )
  return ok({ type: 'grant', epochs, device: of.device, box: concatBytes(ciphertext, sealed) })
}

/** The keys of a grant for this device, each checked against its rotation's commitment; those that do not match are left out. */
export const openGrant = (of: {
  readonly ledger: Ledger
  readonly own: OwnDevice
  readonly grant: LedgerState['grants'][number]
}): Result<ReadonlyMap<EpochId, SecretKey>, OpenFailed> => {
  const { box, epochs } = of.grant
  const kemCt = box.subarray(0, KEM_CIPHERTEXT_BYTES)
  const secret = decapsulate(of.own.kemSk, kemCt)
  if (!secret.ok) return secret
  const key = grantKeyOf(secret.value, of.ledger.coll, of.own.id, of.own.device.kemPk, kemCt)
  const opened = open(key, encodeCbor(['grant', idBytes(of.own.id)]), box.subarray(KEM_CIPHERTEXT_BYTES))
  const decoded = opened.ok ? decodeCbor(opened.value) : null
  if (!decoded?.ok || !Array.isArray(decoded.value)) return err({ type: 'OpenFailed' })
  const keys = new Map<EpochId, SecretKey>()
  for (const pair of decoded.value as readonly Cbor[]) {
    if (!Array.isArray(pair) || pair.length !== 2) continue
    const [epoch, bytes] = [epochIdFrom(pair[0]), pair[1] as unknown]
    const epochKey = isBytes(bytes, 32) ? secretKeyFrom(bytes) : null
    if (epoch && epochKey && epochs.includes(epoch) && isKeyOf(of.ledger, epoch, epochKey))
      keys.set(epoch, epochKey)
  }
  return ok(keys)
}

/** Whether `key` is the one the rotation committed to. */
export const isKeyOf = (ledger: Ledger, epoch: EpochId, key: SecretKey): boolean => {
  const entry = ledger.entry(epoch)
  if (entry?.act?.type !== 'rotate') return false
  const { author, own, parents } = entry.entry
  return equalSecrets(
    commitTo(key, epochContext({ coll: ledger.coll, author, own, parents })),
    entry.act.commit,
  )
}

const grantKeyOf = (
  secret: SecretKey,
  coll: CollId,
  device: DeviceId,
  kemPk: KemPublic,
  kemCt: Uint8Array,
): SealKey =>
  deriveKey<SealKey>(secret, 'grant', [
    idBytes(coll),
    idBytes(device),
    hash('kempk', kemPk),
    hash('kemct', kemCt),
  ])
