import { argon2id } from 'hash-wasm'
import { isUint } from '../core/cbor.ts'

/** Cost of stretching a passphrase: memory in KiB, passes, lanes (RFC 9106 §3.1). */
export type StretchCost = { readonly memoryKiB: number; readonly passes: number; readonly lanes: number }

/** Below this nothing is stretched, whatever a file says: 64 MiB, three passes. */
export const COST_FLOOR: StretchCost = { memoryKiB: 64 * 1024, passes: 3, lanes: 1 }
const MEMORY_CEILING_KIB = 256 * 1024
/** How long opening a vault may take, about. Milliseconds. */
const AIM_MS = 1000

/** Whether a stored cost is one we would have chosen: a file must never talk us into a cheaper one, or into exhausting the device. */
export const mayStretch = (cost: StretchCost): boolean =>
  isUint(cost.memoryKiB) &&
  cost.memoryKiB >= COST_FLOOR.memoryKiB &&
  cost.memoryKiB <= MEMORY_CEILING_KIB &&
  isUint(cost.passes) &&
  cost.passes >= COST_FLOOR.passes &&
  cost.passes <= 16 &&
  cost.lanes === 1

/** Stretches a passphrase (NFC, UTF-8) to 32 bytes. Slow on purpose: run it where it may block (stretch-worker.ts). */
export const argon2 = (passphrase: string, salt: Uint8Array, cost: StretchCost): Promise<Uint8Array> =>
  argon2id({
    password: passphrase.normalize('NFC'),
    salt,
    memorySize: cost.memoryKiB,
    iterations: cost.passes,
    parallelism: cost.lanes,
    hashLength: 32,
    outputType: 'binary',
  })

/**
 * Doubles the memory, from the floor to the ceiling, while one stretch stays under about a second here and the machine
 * gives that much. Rejects when it does not even give the floor.
 */
export const calibrate = async (
  stretchOnce: (cost: StretchCost) => Promise<unknown>,
  now: () => number,
): Promise<StretchCost> => {
  const timed = async (cost: StretchCost) => {
    const start = now()
    await stretchOnce(cost)
    return now() - start
  }
  let cost = COST_FLOOR
  let took = await timed(cost)
  for (;;) {
    const next = { ...cost, memoryKiB: cost.memoryKiB * 2 }
    if (took * 2 > AIM_MS || next.memoryKiB > MEMORY_CEILING_KIB) return cost
    const nextTook = await timed(next).catch(() => null)
    // Less than twice the time was promised, more memory than there is was not: the last that worked it is.
    if (nextTook === null) return cost
    ;[cost, took] = [next, nextTook]
  }
}
