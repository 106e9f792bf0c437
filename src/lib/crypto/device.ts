import type { Random } from '../core/clock.ts'
import { hasExactly, isBytes, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, idBytes, type CollId, type DeviceId, type MemberId } from '../core/ids.ts'
import { hash } from './hash.ts'
import { createKemPair, KEM_PUBLIC_BYTES, type KemPublic, type KemSecret } from './kem.ts'
import { createRvPair, type RvPublic, type RvSecret } from './rendezvous.ts'
import { createSignPair, sign, verify, type SignPublic, type SignSecret } from './sign.ts'

/** The public half of a device: what others know it by. Spec: ledger.md §3. */
export type Device = {
  readonly signPk: SignPublic
  readonly kemPk: KemPublic
  readonly rvPk: RvPublic
  readonly nonce: Uint8Array
}

/** A device with its secrets. Leaves memory only sealed under the vault key. */
export type OwnDevice = {
  readonly id: DeviceId
  readonly device: Device
  readonly signSk: SignSecret
  readonly kemSk: KemSecret
  readonly rvSk: RvSecret
}

/** A fresh device. One per collective: nothing links a person's devices in two collectives. */
export const createDevice = (random: Random): OwnDevice => {
  const signs = createSignPair()
  const kem = createKemPair()
  const rv = createRvPair()
  const device: Device = {
    signPk: signs.publicKey,
    kemPk: kem.publicKey,
    rvPk: rv.publicKey,
    nonce: random.bytes(16),
  }
  return { id: deviceIdOf(device), device, signSk: signs.secretKey, kemSk: kem.secretKey, rvSk: rv.secretKey }
}

export const cborFromDevice = (device: Device): { readonly [key: string]: Cbor } => ({
  signPk: device.signPk,
  kemPk: device.kemPk,
  rvPk: device.rvPk,
  nonce: device.nonce,
})

/** Reads the public half of a device, else `null`. */
export const deviceFromCbor = (value: unknown): Device | null =>
  hasExactly(value, ['signPk', 'kemPk', 'rvPk', 'nonce']) &&
  isBytes(value.signPk, 32) &&
  isBytes(value.kemPk, KEM_PUBLIC_BYTES) &&
  isBytes(value.rvPk, 32) &&
  isBytes(value.nonce, 16)
    ? {
        signPk: value.signPk as SignPublic,
        kemPk: value.kemPk as KemPublic,
        rvPk: value.rvPk as RvPublic,
        nonce: value.nonce,
      }
    : null

/** `deviceId = H("dev", {signPk, kemPk, rvPk, nonce})`. */
export const deviceIdOf = (device: Device): DeviceId => deviceIdFrom(hash('dev', cborFromDevice(device)))!

/** The device's own side of its binding to a member: `SIG("dev", [coll, member, device])`. `null`: a keeper, which is nobody's. */
export const signBinding = (own: OwnDevice, coll: CollId, member: MemberId | null): Uint8Array =>
  sign(own.signSk, 'dev', [idBytes(coll), member && idBytes(member), idBytes(own.id)])

export const verifyBinding = (
  device: Device,
  coll: CollId,
  member: MemberId | null,
  signature: Uint8Array,
): boolean =>
  verify(
    device.signPk,
    'dev',
    [idBytes(coll), member && idBytes(member), idBytes(deviceIdOf(device))],
    signature,
  )
