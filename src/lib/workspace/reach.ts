import { decodeCbor, encodeCbor } from '../core/cbor.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Reach } from '../net/types.ts'
import type { Storage } from '../sync/ports.ts'
import type { StorageUnavailable } from './types.ts'

/** Where this device keeps how it goes out: in its vault, and nowhere others could read it. */
const KEY = 'device/reach'

/** Whether this device connects directly, or only through relay points. Nobody else is told. */
export class ReachSetting {
  readonly #storage: Storage
  readonly #now = new Cell<Reach>('direct')

  constructor(storage: Storage) {
    this.#storage = storage
  }

  get now(): Watched<Reach> {
    return this.#now
  }

  /** To be called before the first connection. A row that cannot be read is taken for the careful choice. */
  async recall(): Promise<void> {
    const row = await this.#storage.get('meta', KEY)
    if (row.ok && !row.value) return
    const said = row.ok && row.value ? decodeCbor(row.value) : null
    this.#now.set(said?.ok && said.value === 'direct' ? 'direct' : 'relayed')
  }

  /** Holds from the moment it is on disk: a device that forgot it would go out openly at its next start. */
  async choose(reach: Reach): Promise<Result<void, StorageUnavailable>> {
    const kept = await this.#storage.commit([{ table: 'meta', key: KEY, value: encodeCbor(reach) }])
    if (!kept.ok) return err({ type: 'StorageUnavailable' })
    this.#now.set(reach)
    return ok(undefined)
  }
}
