import type { Random } from '../core/clock.ts'
import { equalBytes } from '../core/bytes.ts'
import { isBytes, type Cbor } from '../core/cbor.ts'
import { deviceIdFrom, idBytes, type CollId, type DeviceId } from '../core/ids.ts'
import { createDevice, deviceIdOf, type Device, type OwnDevice } from '../crypto/device.ts'
import { hash } from '../crypto/hash.ts'
import { sign, verify } from '../crypto/sign.ts'

/**
 * Which device of the collective a device of a circle belongs to, and that device’s word for it. Known inside the circle
 * only. The circle’s device commits to it in its own id, so that there is one and no other. Spec: circle.md §2.
 */
export type Binding = {
  /** The device in the circle. */
  readonly device: DeviceId
  /** The device in the collective around it. */
  readonly above: DeviceId
  /** `SIG("within", [collective, above, signPk, kemPk, rvPk])` by the device above. */
  readonly sig: Uint8Array
}

/** A fresh device for one circle, and what binds it to this device of the collective `coll`. */
export const createBoundDevice = (
  random: Random,
  coll: CollId,
  above: OwnDevice,
): { readonly own: OwnDevice; readonly binding: Binding } => {
  const fresh = createDevice(random)
  const sig = sign(above.signSk, 'within', said(coll, above.id, fresh.device))
  const device: Device = { ...fresh.device, nonce: commitTo(coll, above.id, sig) }
  const id = deviceIdOf(device)
  return { own: { ...fresh, id, device }, binding: { device: id, above: above.id, sig } }
}

/** Whether `binding` is the one `device` commits to, and `above` did sign it. */
export const isBound = (
  device: Device,
  binding: Binding,
  of: { readonly coll: CollId; readonly above: Device },
): boolean =>
  equalBytes(device.nonce, commitTo(of.coll, binding.above, binding.sig)) &&
  verify(of.above.signPk, 'within', said(of.coll, binding.above, device), binding.sig)

export const cborFromBinding = ({ device, above, sig }: Binding): Cbor => [
  idBytes(device),
  idBytes(above),
  sig,
]

/** Never throws. */
export const bindingFrom = (value: unknown): Binding | null => {
  if (!Array.isArray(value) || value.length !== 3) return null
  const [device, above, sig] = [deviceIdFrom(value[0]), deviceIdFrom(value[1]), value[2] as unknown]
  return device && above && isBytes(sig, 64) ? { device, above, sig } : null
}

const said = (coll: CollId, above: DeviceId, { signPk, kemPk, rvPk }: Device): Cbor => [
  idBytes(coll),
  idBytes(above),
  signPk,
  kemPk,
  rvPk,
]

const commitTo = (coll: CollId, above: DeviceId, sig: Uint8Array): Uint8Array =>
  hash('within', [idBytes(coll), idBytes(above), sig]).subarray(0, 16)
