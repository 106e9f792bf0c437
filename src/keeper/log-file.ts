import { existsSync } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { concatBytes, equalBytes, utf8FromText } from '../lib/core/bytes.ts'
import type { Random } from '../lib/core/clock.ts'
import { hash } from '../lib/crypto/hash.ts'

const TITLE = utf8FromText('LUMBRE KEEPER LOG 1\n')
const NONCE_BYTES = 16
const HEAD_BYTES = TITLE.length + NONCE_BYTES
const MARK = utf8FromText('LKL1')
const HASH_BYTES = 32
const FRAME_HEAD = MARK.length + 4 + HASH_BYTES
/** No commit is longer. Bytes. */
const MAX_PAYLOAD = 256 * 2 ** 20
/** Read at once while looking for where whole frames go on. Bytes. */
const WINDOW = 2 ** 20

/** One commit as it lies in the log: where its payload begins, and the payload. */
export type Frame = { readonly at: number; readonly payload: Uint8Array }

/**
 * A file of commits, one after the other: `mark ‖ length ‖ H("log", [nonce, place, payload]) ‖ payload`. A commit that was
 * being written when the machine stopped does not have its hash, and ends the log where the one before it ended. The
 * nonce is drawn for each file and the place is hashed too, so that no bytes inside a record are ever taken for a commit.
 * Spec: keeper.md §5.
 */
export class LogFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #nonce: Uint8Array
  #end: number
  #readers = 0
  #retired = false

  private constructor(of: { path: string; handle: FileHandle; nonce: Uint8Array; end: number }) {
    this.path = of.path
    this.#handle = of.handle
    this.#nonce = of.nonce
    this.#end = of.end
  }

  /** Bytes of whole commits, head included. */
  get end(): number {
    return this.#end
  }

  /** A new log at `path`, on the disk with its name once it resolves. Only its owner may read it. */
  static async create(path: string, random: Random): Promise<LogFile> {
    const fresh = `${path}.new`
    await rm(fresh, { force: true })
    const handle = await open(fresh, 'wx+', 0o600)
    const nonce = random.bytes(NONCE_BYTES)
    const file = new LogFile({ path: fresh, handle, nonce, end: HEAD_BYTES })
    try {
      await handle.write(concatBytes(TITLE, nonce), 0, HEAD_BYTES, 0)
      await handle.datasync()
    } catch (error) {
      await file.discard()
      throw error
    }
    return file
  }

  /** Makes sure that there is a log at `path`, and that nothing is left of one that never took its place. */
  static async prepare(path: string, random: Random): Promise<void> {
    await rm(`${path}.new`, { force: true })
    if (existsSync(path)) return
    const file = await LogFile.create(path, random)
    await file.become(path)
    await file.retire()
  }

  /**
   * Takes the place of the log at `path`: from here on it is the one that is opened. When it rejects, it is not; what is
   * written to the one before would be lost with it otherwise.
   */
  async become(path: string): Promise<void> {
    await this.#handle.datasync()
    await rename(this.path, path)
    // Windows syncs no folder; there a name is as durable as it gets.
    await syncFolder(dirname(path)).catch(() => {})
  }

  /** Gives back the room of one that never took its place. */
  async discard(): Promise<void> {
    await this.retire()
    await rm(this.path, { force: true }).catch(() => {})
  }

  /**
   * Reads every whole commit in order. What is torn off at the end is cut away, unless only `look`ing; what is damaged in
   * the middle is passed over and counted. `null`: no log of ours.
   */
  static async read(
    path: string,
    how: 'look' | 'own',
    each: (frame: Frame) => void,
  ): Promise<{ readonly file: LogFile; readonly damaged: number } | null> {
    const handle = await open(path, how === 'own' ? 'r+' : 'r')
    const head = new Uint8Array(HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0)
    if (bytesRead < HEAD_BYTES || !equalBytes(head.subarray(0, TITLE.length), TITLE)) {
      await handle.close()
      return null
    }
    const nonce = head.slice(TITLE.length)
    const { size } = await handle.stat()
    const file = new LogFile({ path, handle, nonce, end: HEAD_BYTES })
    let damaged = 0
    for (let at = HEAD_BYTES; at < size;) {
      const frame = await file.#frameAt(at, size)
      if (frame) {
        each(frame)
        at = frame.at + frame.payload.length
        file.#end = at
        continue
      }
      const next = await file.#nextFrom(at + 1, size)
      if (next === null) break
      damaged += 1
      at = next
    }
    if (how === 'own' && file.#end < size) await handle.truncate(file.#end)
    return { file, damaged }
  }

  /** Appends one commit. It is on the disk when this resolves; when it rejects, it is not in the log. */
  async append(payload: Uint8Array): Promise<Frame> {
    if (payload.length > MAX_PAYLOAD) throw new Error('longer than a commit may be')
    const at = this.#end
    const head = new Uint8Array(FRAME_HEAD)
    head.set(MARK)
    new DataView(head.buffer).setUint32(MARK.length, payload.length)
    head.set(this.#hashOf(at, payload), MARK.length + 4)
    try {
      await this.#writeAll(concatBytes(head, payload), at)
      await this.#handle.datasync()
    } catch (error) {
      await this.#handle.truncate(at).catch(() => {})
      throw error
    }
    this.#end = at + FRAME_HEAD + payload.length
    return { at: at + FRAME_HEAD, payload }
  }

  async readAt(at: number, length: number): Promise<Uint8Array> {
    this.#readers += 1
    try {
      const bytes = new Uint8Array(length)
      const { bytesRead } = await this.#handle.read(bytes, 0, length, at)
      if (bytesRead < length) throw new Error('the log ends early')
      return bytes
    } finally {
      this.#readers -= 1
      if (this.#retired && this.#readers === 0) await this.#handle.close()
    }
  }

  /** Closes it once nobody reads from it any more. */
  async retire(): Promise<void> {
    if (this.#retired) return
    this.#retired = true
    if (this.#readers === 0) await this.#handle.close()
  }

  #hashOf(place: number, payload: Uint8Array): Uint8Array {
    return hash('log', [this.#nonce, place, payload])
  }

  async #writeAll(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
  }

  async #frameAt(at: number, size: number): Promise<Frame | null> {
    if (at + FRAME_HEAD > size) return null
    const head = await this.readAt(at, FRAME_HEAD)
    if (!equalBytes(head.subarray(0, MARK.length), MARK)) return null
    const length = new DataView(head.buffer).getUint32(MARK.length)
    if (length > MAX_PAYLOAD || at + FRAME_HEAD + length > size) return null
    const payload = await this.readAt(at + FRAME_HEAD, length)
    const isWhole = equalBytes(head.subarray(MARK.length + 4), this.#hashOf(at, payload))
    return isWhole ? { at: at + FRAME_HEAD, payload } : null
  }

  /** Where the next whole frame begins, or `null`. */
  async #nextFrom(from: number, size: number): Promise<number | null> {
    for (let start = from; start < size; start += WINDOW) {
      // One window overlaps the next, so that no mark lies across their edge unseen.
      const window = Buffer.from(await this.readAt(start, Math.min(WINDOW + MARK.length, size - start)))
      for (let found = window.indexOf(MARK); found >= 0; found = window.indexOf(MARK, found + 1))
        if (await this.#frameAt(start + found, size)) return start + found
    }
    return null
  }
}

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
