import { systemClock } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { systemRandom } from '../crypto/random.ts'
import { createRowSealer, createVault, forgetVault, openVault, type Vault } from '../crypto/vault.ts'
import { createHub } from '../net/hub-client.ts'
import { browserRtc } from '../net/rtc.ts'
import type { WordLanguage } from '../net/words.ts'
import { createIdbStorage, eraseAll, readHeader, writeHeader } from '../store/idb-storage.ts'
import { holdVault } from '../store/lock.ts'
import { createMemoryStorage } from '../store/memory-storage.ts'
import type { Storage } from '../sync/ports.ts'
import type {
  PassphraseTooShort,
  Phase,
  Session,
  StorageUnavailable,
  TryLater,
  VaultDamaged,
  WrongPassphrase,
} from './types.ts'
import { LiveWorkspace } from './workspace.ts'

/** Shorter than this is guessed too fast. Characters. */
export const PASSPHRASE_MINIMUM = 8

const VAULT_NAME = 'vault'

/** Where this page's hub is: the same origin that served the app. */
export type SessionWorld = {
  /** `wss://…/post`. */
  readonly hubUrl: string
  /** Which list words are read from. */
  readonly language: () => WordLanguage
  /** Leaves no key behind: reloads the page. */
  readonly reload: () => void
}

/**
 * Opens what this browser holds, as far as it goes without a passphrase. Where the browser has no locks (a plain http
 * page) nothing is kept: a guest, in memory only, and the phase says so.
 */
export const openSession = async (world: SessionWorld): Promise<Session> => {
  const guest = !('locks' in navigator) || !('indexedDB' in globalThis)
  const phase = new Cell<Phase>({ type: 'starting' })
  let workspace: LiveWorkspace | null = null
  let vault: Vault | null = null
  let held = false

  const lock = () => {
    const leave = () => {
      if (vault) forgetVault(vault)
      vault = null
      world.reload()
    }
    if (!workspace) return leave()
    // What was typed last is written down first; but a lock never waits long.
    void Promise.race([workspace.close(), new Promise((resume) => setTimeout(resume, 1000))]).then(
      leave,
      leave,
    )
  }

  const begin = async (storage: Storage) => {
    const hub = createHub({ url: world.hubUrl, clock: systemClock, random: systemRandom })
    workspace = new LiveWorkspace({
      storage,
      hub,
      rtc: browserRtc,
      clock: systemClock,
      random: systemRandom,
      language: world.language,
    })
    await workspace.restore()
    phase.set({ type: 'open', workspace, guest })
  }
  return { phase } as never
}
