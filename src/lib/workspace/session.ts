import { systemClock } from '../core/clock.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { calibrate } from '../crypto/argon2.ts'
import { systemRandom } from '../crypto/random.ts'
import { stretchInWorker, type Stretch } from '../crypto/stretch.ts'
import { createRowSealer, createVault, forgetVault, markOf, openVault, type Vault } from '../crypto/vault.ts'
import { createHub } from '../net/hub-client.ts'
import { joinHubs } from '../net/hubs.ts'
import { browserRtc } from '../net/rtc.ts'
import type { WordLanguage } from '../net/words.ts'
import { openDisk } from '../store/idb-storage.ts'
import { canHold, holdVault, takeVault, type Hold } from '../store/lock.ts'
import { createMemoryStorage } from '../store/memory-storage.ts'
import { countTry, forgetTries, waitBeforeTrying } from '../store/tries.ts'
import type { Storage } from '../sync/ports.ts'
import { hubsOfPolicy } from '../wire/hub-list.ts'
import type { Phase, Session, StorageUnavailable, TryLater, VaultDamaged, WrongPassphrase } from './types.ts'
import { LiveWorkspace } from './workspace.ts'

/** Shorter than this is guessed too fast. Characters. */
export const PASSPHRASE_MINIMUM = 8

const VAULT_NAME = 'cuaderno'
/** A lock never waits longer than this for what was typed last. */
const LOCK_PATIENCE_MS = 1000

export type SessionWorld = {
  /** `ws(s)://…/post` of the hub that served this page. */
  readonly hubUrl: string
  /** The page’s own content policy: it names the further hubs that may be reached. */
  readonly policy: string
  /** Which list words are read from. */
  readonly language: () => WordLanguage
  /** Leaves no key behind: reloads the page. */
  readonly reload: () => void
  readonly stretch?: Stretch
}

/**
 * Opens what this browser holds, as far as it goes without a passphrase. Where the browser has no locks (a plain http
 * page) nothing is kept: a guest, in memory only, and the phase says so.
 */
export const openSession = async (world: SessionWorld): Promise<Session> => {
  const stretch = world.stretch ?? stretchInWorker
  const phase = new Cell<Phase>({ type: 'starting' })
  const disk = canHold() ? await openDisk(VAULT_NAME) : null
  const guest = !disk?.ok
  let workspace: LiveWorkspace | null = null
  let vault: Vault | null = null
  let hold: Hold | null = null

  const leave = () => {
    if (vault) forgetVault(vault)
    vault = null
    if (hold?.type === 'held') hold.release()
    hold = null
    world.reload()
  }
  const lock = () => {
    if (!workspace) return leave()
    const patience = new Promise((resume) => setTimeout(resume, LOCK_PATIENCE_MS))
    const closing = workspace
    workspace = null
    void Promise.race([closing.close(), patience]).then(leave, leave)
  }

  const begin = async (storage: Storage) => {
    const urls = new Set([world.hubUrl, ...hubsOfPolicy(world.policy).map(({ url }) => url)])
    const hubs = [...urls].map((url) => createHub({ url, clock: systemClock, random: systemRandom }))
    const opened = new LiveWorkspace({
      storage,
      hub: joinHubs(hubs),
      rtc: browserRtc,
      clock: systemClock,
      random: systemRandom,
      language: world.language,
      guest,
    })
    await opened.restore()
    workspace = opened
    phase.set({ type: 'open', workspace: opened, guest })
    // A woken phone or a new network: look for everybody at once.
    const wake = () => {
      if (document.visibilityState !== 'visible') return
      for (const hub of hubs) hub.wake()
      workspace?.wake()
    }
    document.addEventListener('visibilitychange', wake)
    globalThis.addEventListener('online', wake)
    globalThis.addEventListener('pageshow', wake)
    globalThis.addEventListener('pagehide', () => void workspace?.flush())
  }

  const look = async () => {
    if (!disk?.ok) return phase.set({ type: 'fresh', guest: true })
    const header = await disk.value.readFront('header')
    if (!header.ok || !header.value) return phase.set({ type: 'fresh', guest: false })
    // A damaged header is still somebody's vault: never to be written over as if nothing were here.
    const mark = markOf(header.value) ?? new Uint8Array(16)
    hold ??= await holdVault(VAULT_NAME, lock)
    if (hold.type === 'held') return phase.set({ type: 'locked', mark })
    hold = null
    phase.set({ type: 'elsewhere', mark })
  }
  await look()

  /** Tries are counted and slowed down, wherever the phrase is asked for. */
  const tryPhrase = async (
    passphrase: string,
  ): Promise<Result<Vault, WrongPassphrase | TryLater | VaultDamaged | StorageUnavailable>> => {
    if (!disk?.ok) return err({ type: 'StorageUnavailable' })
    const waitMs = await waitBeforeTrying(disk.value, Date.now())
    if (waitMs > 0) return err({ type: 'TryLater', waitMs })
    const header = await disk.value.readFront('header')
    if (!header.ok || !header.value) return err({ type: 'VaultDamaged' })
    // A full disk that cannot count must not keep the owner out.
    await countTry(disk.value, Date.now())
    const opened = await openVault({ header: header.value, passphrase, stretch }).catch(() => null)
    if (!opened) return err({ type: 'StorageUnavailable' })
    if (opened.ok) await forgetTries(disk.value)
    return opened
  }

  return {
    phase,
    lock,
    createVault: async (passphrase) => {
      if ([...passphrase].length < PASSPHRASE_MINIMUM)
        return err({ type: 'PassphraseTooShort', minimum: PASSPHRASE_MINIMUM })
      if (!disk?.ok) {
        await begin(createMemoryStorage())
        return ok(undefined)
      }
      hold ??= await holdVault(VAULT_NAME, lock)
      if (hold.type !== 'held') return err({ type: 'StorageUnavailable' })
      const salt = systemRandom.bytes(16)
      const cost = await calibrate(
        (tried) => stretch('calibration', salt, tried),
        () => performance.now(),
      )
      const made = await createVault({ passphrase, cost, stretch, random: systemRandom })
      const there = await disk.value.readFront('header')
      if (!there.ok || there.value) return err({ type: 'StorageUnavailable' })
      const written = await disk.value.writeFront('header', made.header)
      if (!written.ok) return err({ type: 'StorageUnavailable' })
      await askToKeep()
      vault = made.vault
      await begin(disk.value.rows(createRowSealer(vault)))
      return ok(undefined)
    },
    unlock: async (passphrase) => {
      if (!disk?.ok) return err({ type: 'StorageUnavailable' })
      hold ??= await holdVault(VAULT_NAME, lock)
      if (hold.type !== 'held') return err({ type: 'StorageUnavailable' })
      const opened = await tryPhrase(passphrase)
      if (!opened.ok) return opened
      vault = opened.value
      await begin(disk.value.rows(createRowSealer(vault)))
      return ok(undefined)
    },
    confirm: async (passphrase) => {
      // Where nothing is kept there is no phrase to compare with.
      if (!disk?.ok) return ok(undefined)
      const opened = await tryPhrase(passphrase)
      if (!opened.ok) return opened
      forgetVault(opened.value)
      return ok(undefined)
    },
    takeOver: () => {
      void takeVault(VAULT_NAME, lock).then((taken) => {
        hold = taken
        return look()
      })
    },
    erase: async () => {
      if (disk?.ok) await disk.value.erase()
      workspace = null
      leave()
    },
  }
}

/** Asks the browser not to throw our storage away when space is short. It may say no. */
const askToKeep = async (): Promise<void> => {
  try {
    await navigator.storage.persist()
  } catch {
    // A browser without it keeps what it keeps; the help page says so.
  }
}
