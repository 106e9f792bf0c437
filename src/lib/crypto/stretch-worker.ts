// A worker for one stretch: when it ends, its memory, which held the passphrase, goes back to the system.
import { argon2, type StretchCost } from './argon2.ts'

export type StretchRequest = {
  readonly passphrase: string
  readonly salt: Uint8Array
  readonly cost: StretchCost
}

self.onmessage = ({ data }: MessageEvent<StretchRequest>) => {
  argon2(data.passphrase, data.salt, data.cost).then(
    (bytes) => self.postMessage(bytes),
    () => self.postMessage(null),
  )
}
