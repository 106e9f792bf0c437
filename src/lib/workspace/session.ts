import { systemClock } from '../core/clock.ts'
import { err, ok } from '../core/result.ts'
import { Cell } from '../core/watched.ts'
import { systemRandom } from '../crypto/random.ts'
import { stretchInWorker, type Stretch } from '../crypto/stretch.ts'
import { createRowSealer, forgetVault, markOf, type Vault } from '../crypto/vault.ts'
import { encodePrinted, parsePrinted } from '../domain/printed-row.ts'
import { createHub } from '../net/hub-client.ts'
import { joinHubs } from '../net/hubs.ts'
import { browserRtc } from '../net/rtc.ts'
import type { WordLanguage } from '../net/words.ts'
import { openDisk } from '../store/idb-storage.ts'
import { canHold, holdVault, takeVault, type Hold } from '../store/lock.ts'
import { createMemoryStorage } from '../store/memory-storage.ts'
import { findProfiles, PROFILE_NAMES, type ProfileName } from '../store/profiles.ts'
import { keepTryLimit, readTryLimit, type TryLimit } from '../store/tries.ts'
import type { Storage } from '../sync/ports.ts'
import { hubsOfPolicy } from '../wire/hub-list.ts'
import { lookAtCopy, makeCopy, openCopy } from './backup-door.ts'
import { writesOf, type Backup } from './backup-rows.ts'
import { LockRulesSetting } from './lock-rules.ts'
import { createStillStorage, type StillStorage } from './still-storage.ts'
import type { OpenCopy, Phase, Session } from './types.ts'
import { isLongEnough, makeSuccessor, makeVault, PASSPHRASE_MINIMUM, tryPhrase } from './vault-door.ts'
import { watchWaking, type NetworkConnection } from './waking.ts'
import { WaysBackSetting } from './ways-back-setting.ts'
import { LiveWorkspace } from './workspace.ts'

/** A lock never waits longer than this for what was typed last. */
const LOCK_PATIENCE_MS = 1000
/** Nor somebody in a hurry longer than this. The screen is empty before. */
const EXIT_PATIENCE_MS = 300

/** Where a vault keeps a printed text, and then nothing else. Spec: keys.md §9. */
const PRINTED = { table: 'meta', key: 'printed' } as const

export type SessionWorld = {
  /** `ws(s)://…/post` of the hub that served this page. */
  readonly hubUrl: string
  /** The page’s own content policy: it names the further hubs that may be reached. */
  readonly policy: string
  /** Which list words are read from. */
  readonly language: () => WordLanguage
  /** Leaves no key behind: reloads the page. */
  readonly reload: () => void
  /** Leaves for a page that says nothing. */
  readonly goAway: () => void
  /** The last vault of this browser is gone: lets go of what was kept beside it. */
  readonly forgetPreferences: () => void
  readonly stretch?: Stretch
}

/**
 * Opens what this browser holds, as far as it goes without a passphrase. Where the browser has no locks (a plain http
 * page) nothing is kept: a guest, in memory only, and the phase says so.
 */
export const openSession = async (world: SessionWorld): Promise<Session> => {
  const stretch = world.stretch ?? stretchInWorker
  const phase = new Cell<Phase>({ type: 'starting' })
  const rules = new LockRulesSetting()
  const tryLimit = new Cell<TryLimit | null>(null)
  const waysBack = new WaysBackSetting(systemClock)
  let rows: StillStorage | null = null
  const isGuest = !canHold()
  let name: ProfileName = PROFILE_NAMES[0]
  let disk = isGuest ? null : await openDisk(name)
  let workspace: LiveWorkspace | null = null
  let vault: Vault | null = null
  let hold: Hold | null = null

  const letGo = () => {
    if (hold?.type === 'held') hold.release()
    hold = null
  }
  /** Overwrites every key before the page is left: what becomes of its memory afterwards is not ours to say. */
  const leave = (go: () => void) => {
    if (vault) forgetVault(vault)
    vault = null
    workspace?.forgetKeys()
    workspace = null
    letGo()
    go()
  }
  let isLeaving = false
  const close = (patienceMs: number, go: () => void) => {
    if (isLeaving) return
    isLeaving = true
    if (!workspace) return leave(go)
    const patience = new Promise((resume) => setTimeout(resume, patienceMs))
    const done = () => leave(go)
    void Promise.race([workspace.close(), patience]).then(done, done)
  }
  const lock = () => close(LOCK_PATIENCE_MS, world.reload)

  const begin = async (kept: Storage) => {
    const storage = createStillStorage(kept)
    const urls = new Set([world.hubUrl, ...hubsOfPolicy(world.policy).map(({ url }) => url)])
    const hubs = [...urls].map((url) => createHub({ url, clock: systemClock, random: systemRandom }))
    const guest = !disk?.ok
    const opened = new LiveWorkspace({
      storage,
      hub: joinHubs(hubs),
      rtc: browserRtc,
      clock: systemClock,
      random: systemRandom,
      language: world.language,
      guest,
      stretch,
    })
    rows = storage
    await rules.recall(storage)
    if (!guest) await waysBack.recall(storage)
    if (disk?.ok) tryLimit.set(await readTryLimit(disk.value))
    await opened.restore()
    workspace = opened
    phase.set({ type: 'open', workspace: opened, guest })
    watchWaking({
      page: globalThis,
      document,
      connection: (navigator as { readonly connection?: NetworkConnection }).connection,
      clock: systemClock,
      wake: () => workspace?.wake(),
      networkChanged: () => workspace?.networkChanged(),
    })
    globalThis.addEventListener('pagehide', () => void workspace?.flush())
  }

  const look = async () => {
    if (!disk?.ok) return phase.set({ type: 'fresh', guest: true, others: false })
    const header = await disk.value.readFront('header')
    if (!header.ok || !header.value) {
      const others = (await findProfiles()).length > 0
      return phase.set({ type: 'fresh', guest: false, others })
    }
    // A damaged header is still somebody's vault: never to be written over as if nothing were here.
    const mark = markOf(header.value) ?? new Uint8Array(16)
    hold ??= await holdVault(name, lock)
    if (hold.type === 'held') return phase.set({ type: 'locked', mark })
    hold = null
    phase.set({ type: 'elsewhere', mark })
  }
  /** Stands before another vault of this browser; the one before stays locked as it was. */
  const standBefore = async (next: ProfileName) => {
    if (workspace || isGuest) return
    letGo()
    if (disk?.ok) disk.value.close()
    name = next
    disk = await openDisk(next)
    await look()
  }
  const standBeforeFirst = async () => {
    const header = disk?.ok ? await disk.value.readFront('header') : null
    const first = header?.ok && !header.value ? (await findProfiles())[0] : undefined
    await (first ? standBefore(first.name) : look())
  }
  await standBeforeFirst()

  const eraseDisk = async () => {
    if (!disk?.ok) return
    // The slot first. From here on nothing opens, and nothing more is written.
    await disk.value.eraseFront()
    if (vault) forgetVault(vault)
    await disk.value.erase()
    if ((await findProfiles()).length === 0) world.forgetPreferences()
  }

  const restore: RestoreHere = async (backup, passphrase) => {
    if (!isLongEnough(passphrase)) return err({ type: 'PassphraseTooShort', minimum: PASSPHRASE_MINIMUM })
    if (!disk?.ok) return err({ type: 'NothingKeptHere' })
    if (phase.read().type !== 'fresh') return err({ type: 'AlreadyHere' })
    hold ??= await holdVault(name, lock)
    if (hold.type !== 'held') return err({ type: 'AlreadyHere' })
    const made = await makeVault({ disk: disk.value, passphrase, stretch, rows: writesOf(backup) })
    if (!made.ok) return made
    await askToKeep()
    vault = made.value
    await begin(disk.value.rows(createRowSealer(vault)))
    await waysBack.copied(backup.at)
    return ok(undefined)
  }

  return {
    phase,
    rules: rules.now,
    tryLimit,
    lock,
    exit: () => close(EXIT_PATIENCE_MS, world.goAway),
    createVault: async (passphrase) => {
      if (!isLongEnough(passphrase)) return err({ type: 'PassphraseTooShort', minimum: PASSPHRASE_MINIMUM })
      if (!disk?.ok) {
        await begin(createMemoryStorage())
        return ok(undefined)
      }
      hold ??= await holdVault(name, lock)
      if (hold.type !== 'held') return err({ type: 'StorageUnavailable' })
      const made = await makeVault({ disk: disk.value, passphrase, stretch })
      if (!made.ok) return made
      await askToKeep()
      vault = made.value
      await begin(disk.value.rows(createRowSealer(vault)))
      return ok(undefined)
    },
    unlock: async (passphrase) => {
      if (!disk?.ok) return err({ type: 'StorageUnavailable' })
      hold ??= await holdVault(name, lock)
      if (hold.type !== 'held') return err({ type: 'StorageUnavailable' })
      const opened = await tryPhrase(disk.value, passphrase, stretch)
      if (!opened.ok) {
        if (opened.error.type === 'WrongPassphrase' && opened.error.left === 0) {
          await eraseDisk()
          leave(world.reload)
        }
        return opened
      }
      vault = opened.value
      const sealer = createRowSealer(vault)
      const storage = disk.value.rows(sealer)
      const left = await storage.get(PRINTED.table, PRINTED.key)
      if (!left.ok || !left.value) {
        await begin(storage)
        return ok(undefined)
      }
      const printed = parsePrinted(left.value)
      if (!printed) return err({ type: 'VaultDamaged' })
      // Whoever was interrupted while leaving everything behind still has rows that nobody can open.
      await disk.value.keepOnly({ ...PRINTED, sealer })
      phase.set({ type: 'light', printed })
      return ok(undefined)
    },
    confirm: async (passphrase) => {
      // Where nothing is kept there is no phrase to compare with.
      if (!disk?.ok) return ok(undefined)
      const opened = await tryPhrase(disk.value, passphrase, stretch)
      if (!opened.ok) return opened
      forgetVault(opened.value)
      return ok(undefined)
    },
    setRules: (chosen) => rules.choose(chosen),
    setTryLimit: async (limit) => {
      const kept = disk?.ok ? await keepTryLimit(disk.value, limit) : null
      if (!kept?.ok) return err({ type: 'StorageUnavailable' })
      tryLimit.set(limit)
      return ok(undefined)
    },
    takeOver: () => {
      void takeVault(name, lock).then((taken) => {
        hold = taken
        return look()
      })
    },
    waysBack: waysBack.now,
    silenceReminder: () => waysBack.silence(),
    makeCopy: async (passphrase) => {
      if (!isLongEnough(passphrase)) return err({ type: 'PassphraseTooShort', minimum: PASSPHRASE_MINIMUM })
      if (!rows || !workspace) return err({ type: 'StorageUnavailable' })
      await workspace.flush()
      const made = await makeCopy({ storage: rows, passphrase, stretch })
      if (!made.ok) return made
      await waysBack.copied()
      return ok({ bytes: made.value })
    },
    lookAtCopy,
    openCopy: async (file, passphrase) => {
      const opened = await openCopy({ file, passphrase, stretch })
      if (!opened.ok) return opened
      const { backup, content } = opened.value
      return ok({ content, restore: (chosen) => restore(backup, chosen) })
    },
    profiles: async () =>
      (await findProfiles()).map(({ name: each, header }) => ({
        name: each,
        mark: markOf(header) ?? new Uint8Array(16),
        isHere: each === name,
      })),
    enterProfile: (chosen) => standBefore(chosen),
    startProfile: async () => {
      const taken = new Set((await findProfiles()).map((profile) => profile.name))
      const free = PROFILE_NAMES.find((each) => !taken.has(each))
      if (free) await standBefore(free)
    },
    goLight: async (passphrase, printed) => {
      if (!isLongEnough(passphrase)) return err({ type: 'PassphraseTooShort', minimum: PASSPHRASE_MINIMUM })
      if (!disk?.ok || !vault || isLeaving) return err({ type: 'StorageUnavailable' })
      await workspace?.flush()
      const next = await makeSuccessor(disk.value, passphrase, stretch)
      if (!next.ok) return next
      // Stretching takes a while; it may have locked itself meanwhile.
      if (isLeaving) return err({ type: 'StorageUnavailable' })
      const sealer = createRowSealer(next.value.vault)
      const value = encodePrinted(printed)
      const replaced = await disk.value.replace({ ...PRINTED, header: next.value.header, value, sealer })
      if (!replaced.ok) return err({ type: 'StorageUnavailable' })
      isLeaving = true
      // From here on nothing opens what was here, and nothing more of it is written.
      forgetVault(vault)
      await disk.value.keepOnly({ ...PRINTED, sealer })
      forgetVault(next.value.vault)
      leave(world.goAway)
      return ok(undefined)
    },
    erase: async (then) => {
      isLeaving = true
      await eraseDisk()
      leave(then === 'go away' ? world.goAway : world.reload)
    },
  }
}

type RestoreHere = (backup: Backup, passphrase: string) => ReturnType<OpenCopy['restore']>

/** Asks the browser not to throw our storage away when space is short. It may say no. */
const askToKeep = async (): Promise<void> => {
  try {
    await navigator.storage.persist()
  } catch {
    // A browser without it keeps what it keeps; the help page says so.
  }
}
