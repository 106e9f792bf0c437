import { workerAddress } from '../core/worker-policy.ts'
import { forget, type SecretKey } from './hash.ts'
import { argon2, type StretchCost } from './argon2.ts'
import type { StretchRequest } from './stretch-worker.ts'

/** Stretches a passphrase to a key. Rejects only when the machine cannot give the memory. */
export type Stretch = (passphrase: string, salt: Uint8Array, cost: StretchCost) => Promise<SecretKey>

/** In this very thread: for Node and for tests. */
export const stretchHere: Stretch = async (passphrase, salt, cost) =>
  (await argon2(passphrase, salt, cost)) as SecretKey

/** In a worker made for it and ended after it, so that the page stays alive and the memory goes back. */
export const stretchInWorker: Stretch = async (passphrase, salt, cost) => {
  const { default: url } = await import('./stretch-worker.ts?worker&url')
  const worker = new Worker(workerAddress(url), { type: 'module' })
  try {
    const answer = await new Promise<Uint8Array | null>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Uint8Array | null>) => resolve(data)
      worker.onerror = () => reject(new Error('the stretching worker failed'))
      worker.postMessage({ passphrase, salt, cost } satisfies StretchRequest)
    })
    if (!answer) throw new Error('not enough memory to stretch')
    const key = answer.slice() as SecretKey
    forget(answer)
    return key
  } finally {
    worker.terminate()
  }
}
