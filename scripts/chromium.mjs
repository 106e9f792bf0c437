import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Quiet, no sandbox (tests run as root in containers), nothing fetched in the background. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The Chromium of this machine: `$CHROMIUM_PATH` first, then by name on `$PATH`; `null` when there is none. */
export const findChromium = () => {
  const named = process.env.CHROMIUM_PATH
  if (named && isExecutable(named)) return named
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return candidates.find(isExecutable) ?? null
}

const isExecutable = (path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
