import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '../lib/core/result.ts'
import { readHubCode } from '../lib/net/hub-scan.ts'
import type { HubCode } from '../lib/wire/hub-code.ts'

export type Arguments = {
  readonly command: 'run' | 'inspect' | 'help'
  readonly folder: string
  readonly hub: KeeperHub
  /** Bytes. */
  readonly quota: number
}

export type KeeperHub =
  /** Where the hub takes mail (`ws:` or `wss:`), and the address its pages are opened at. */
  | { readonly post: string; readonly origin: string }
  /** A hub in the room, by what it shows on its screen. */
  | { readonly code: HubCode }

/** Said so that whoever typed it can put it right. */
export type BadArguments = { readonly type: 'BadArguments'; readonly why: string }

export const USAGE = `npm run keeper -- [inspect] [--folder DIR] [--hub WHERE] [--quota SIZE]

  --folder   where it keeps what it keeps             ~/lumbre-keeper
  --hub      the address the app is opened at, or     http://127.0.0.1:4173
             the code of a hub in the room, in quotes
  --quota    how much of the disk it may use          1GB   (500MB, 2GB, ...)

  inspect    lists everything that is kept, and ends. May be used while a keeper runs.`

/** Reads what stands behind `npm run keeper --`. */
export const argumentsFrom = (words: readonly string[]): Result<Arguments, BadArguments> => {
  const refuse = (why: string) => err({ type: 'BadArguments', why } as const)
  let parsed
  try {
    parsed = parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        folder: { type: 'string', default: join(homedir(), 'lumbre-keeper') },
        hub: { type: 'string', default: 'http://127.0.0.1:4173' },
        quota: { type: 'string', default: '1GB' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    return refuse(error instanceof Error ? error.message : 'not understood')
  }
  const { positionals, values } = parsed
  const command = values.help ? 'help' : (positionals[0] ?? 'run')
  if (positionals.length > 1 || (command !== 'run' && command !== 'inspect' && command !== 'help'))
    return refuse(`"${positionals.join(' ')}" is nothing a keeper does`)
  const quota = bytesFrom(values.quota)
  if (quota === null) return refuse(`--quota ${values.quota}: a size like 500MB or 2GB, at least 10MB`)
  const hub = hubAt(values.hub)
  if (!hub)
    return refuse(`--hub ${values.hub}: an address like http://192.168.0.10:4173, or the code of a hub`)
  return ok({ command, folder: resolve(values.folder), hub, quota })
}

const UNITS: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }
const LEAST_QUOTA = 1e7

const bytesFrom = (text: string): number | null => {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([KMGT]B)?$/i.exec(text.trim()) ?? []
  const bytes = Math.floor(Number(digits || Number.NaN) * (UNITS[unit.toUpperCase()] ?? 1))
  return Number.isSafeInteger(bytes) && bytes >= LEAST_QUOTA ? bytes : null
}

/** From the address people open in a browser, or the code a hub shows. */
const hubAt = (text: string): KeeperHub | null => {
  const code = readHubCode(text)
  if (code.ok) return { code: code.value }
  const url = URL.canParse(text) ? new URL(text) : null
  const isSafe = url?.protocol === 'https:' || url?.protocol === 'wss:'
  if (!url?.host || !/^(?:https?|wss?):$/.test(url.protocol)) return null
  return {
    post: `${isSafe ? 'wss' : 'ws'}://${url.host}/post`,
    origin: `${isSafe ? 'https' : 'http'}://${url.host}`,
  }
}
