import { rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { err, ok, type Result } from '../lib/core/result.ts'

/** The system takes no longer names for this. */
const LONGEST_PATH = 100

export type NotLocked =
  /** Another keeper runs on this folder. */
  { readonly type: 'FolderInUse' } | { readonly type: 'PathTooLong' }

/**
 * Makes sure that one keeper at a time writes in a folder: by a socket in it, which the system lets go of with the process,
 * however it ends. A number in a file would outlive it.
 */
export const lockFolder = async (folder: string): Promise<Result<{ unlock(): void }, NotLocked>> => {
  const path =
    process.platform === 'win32'
      ? join('\\\\.\\pipe', `lumbre ${folder.replaceAll(/[\\/:]/g, ' ')}`)
      : join(folder, 'running')
  if (path.length > LONGEST_PATH) return err({ type: 'PathTooLong' })
  const first = await listenAt(path)
  if (first) return ok(first)
  if (await answers(path)) return err({ type: 'FolderInUse' })
  await rm(path, { force: true })
  const second = await listenAt(path)
  return second ? ok(second) : err({ type: 'FolderInUse' })
}

const listenAt = (path: string): Promise<{ unlock(): void } | null> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(null))
    server.listen(path, () => {
      server.unref()
      resolve({ unlock: () => void server.close() })
    })
  })

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
