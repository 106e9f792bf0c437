import { existsSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeCbor, encodeCbor, hasExactly, isBytes } from '../lib/core/cbor.ts'
import type { Random } from '../lib/core/clock.ts'
import {
  cborFromDevice,
  createDevice,
  deviceFromCbor,
  deviceIdOf,
  type OwnDevice,
} from '../lib/crypto/device.ts'
import { forget } from '../lib/crypto/hash.ts'
import type { KemSecret } from '../lib/crypto/kem.ts'
import type { RvSecret } from '../lib/crypto/rendezvous.ts'
import type { SignSecret } from '../lib/crypto/sign.ts'
import { KEEPER_SEED_BYTES } from '../lib/wire/keeper.ts'

/** Who a keeper is: its device, without the key that could open anything, and the seed of the place where it waits. */
export type Identity = { readonly own: OwnDevice; readonly seed: Uint8Array }

export const identityPath = (folder: string): string => join(folder, 'device')

/**
 * The identity in a folder, made where there is none; only its owner may read the file. The secret of the KEM pair is
 * thrown away as soon as it is made: whatever anybody ever boxes for this device, no one can open. `null`: damaged.
 */
export const openIdentity = async (folder: string, random: Random): Promise<Identity | null> => {
  const path = identityPath(folder)
  if (existsSync(path)) return parseIdentity(await readFile(path))
  const own = createDevice(random)
  forget(own.kemSk)
  const identity = { own, seed: random.bytes(KEEPER_SEED_BYTES) }
  const file = await open(`${path}.new`, 'w', 0o600)
  await file.writeFile(encodeIdentity(identity))
  await file.sync()
  await file.close()
  await rename(`${path}.new`, path)
  return identity
}

export const encodeIdentity = ({ own, seed }: Identity): Uint8Array =>
  encodeCbor({ v: 1, device: cborFromDevice(own.device), signSk: own.signSk, rvSk: own.rvSk, seed })

/** Never throws. */
export const parseIdentity = (bytes: Uint8Array): Identity | null => {
  const decoded = decodeCbor(bytes)
  if (!decoded.ok || !hasExactly(decoded.value, ['v', 'device', 'signSk', 'rvSk', 'seed'])) return null
  const { v, signSk, rvSk, seed } = decoded.value
  const device = deviceFromCbor(decoded.value['device'])
  if (v !== 1 || !device || !isBytes(signSk, 64) || !isBytes(rvSk, 32)) return null
  if (!isBytes(seed, KEEPER_SEED_BYTES)) return null
  const own: OwnDevice = {
    id: deviceIdOf(device),
    device,
    signSk: signSk as SignSecret,
    kemSk: new Uint8Array(32) as KemSecret,
    rvSk: rvSk as RvSecret,
  }
  return { own, seed }
}
