import { openDisk } from './idb-storage.ts'

/**
 * The vaults there may be in one browser, each with a database, a phrase and a lock of its own. The first keeps the name it
 * had when there was only one.
 */
export const PROFILE_NAMES = ['cuaderno', 'cuaderno-2', 'cuaderno-3', 'cuaderno-4'] as const
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** A vault that was made: its name, and what stands in the clear in it. */
export type FoundProfile = { readonly name: ProfileName; readonly header: Uint8Array }

/** All vaults of this browser, in the order of their names. Whoever takes the device can count them too. */
export const findProfiles = async (): Promise<readonly FoundProfile[]> => {
  const there = await databaseNames()
  const found: FoundProfile[] = []
  for (const name of PROFILE_NAMES) {
    if (there && !there.has(name)) continue
    const disk = await openDisk(name)
    if (!disk.ok) continue
    const header = await disk.value.readFront('header')
    if (header.ok && header.value) found.push({ name, header: header.value })
    disk.value.close()
  }
  return found
}

/** `null`: this browser does not tell, so each name has to be tried. */
const databaseNames = async (): Promise<ReadonlySet<string> | null> => {
  try {
    return new Set((await indexedDB.databases()).flatMap(({ name }) => name ?? []))
  } catch {
    return null
  }
}
