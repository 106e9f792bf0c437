/**
 * Reads canonical CBOR (RFC 8949 §4.2.1) of a known shape from front to back, without building it first: bulk reading
 * of records would otherwise spend most of its time decoding and encoding again. Anything but the one shortest
 * encoding of what is asked for marks the reader as failed, and it stays so; nothing throws.
 */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0
  #failed = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** How far it has read, in bytes. */
  get at(): number {
    return this.#at
  }

  get failed(): boolean {
    return this.#failed
  }

  /** Everything was read, to the last byte, and all of it was as asked. */
  get done(): boolean {
    return !this.#failed && this.#at === this.#bytes.length
  }

  /** For values that parse but are not allowed here. */
  fail(): void {
    this.#failed = true
  }

  uint(): number {
    return this.#head(0)
  }

  /** A byte string, of `length` bytes where given: a view, not a copy. */
  bytes(length?: number): Uint8Array {
    return this.#run(2, length)
  }

  /** The UTF-8 bytes of a text string: a view. */
  text(): Uint8Array {
    return this.#run(3)
  }

  /** How many items follow: at most `most`, and no more than bytes are left. 0 once failed, so that loops end. */
  array(most: number): number {
    const items = this.#head(4)
    if (items > most || items > this.#bytes.length - this.#at) this.#failed = true
    return this.#failed ? 0 : items
  }

  /** Passes over exactly these bytes: fixed heads and map keys. */
  expect(...bytes: readonly number[]): void {
    for (const byte of bytes) if (this.#bytes[this.#at++] !== byte) this.#failed = true
  }

  /** Passes over a null, if one is next. */
  null(): boolean {
    if (this.#bytes[this.#at] !== 0xf6) return false
    this.#at += 1
    return true
  }

  #run(major: number, length?: number): Uint8Array {
    const size = this.#head(major)
    if (size > this.#bytes.length - this.#at || (length !== undefined && size !== length)) this.#failed = true
    if (this.#failed) return NOTHING
    this.#at += size
    return this.#bytes.subarray(this.#at - size, this.#at)
  }

  /** The argument of a head, in its shortest form only. */
  #head(major: number): number {
    const initial = this.#bytes[this.#at++]
    if (initial === undefined || initial >> 5 !== major) this.#failed = true
    if (this.#failed || initial === undefined) return 0
    const info = initial & 31
    if (info < 24) return info
    const width = info > 27 ? 0 : 1 << (info - 24)
    if (width === 0 || this.#at + width > this.#bytes.length) {
      this.#failed = true
      return 0
    }
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + this.#bytes[this.#at++]!
    const least = width === 1 ? 24 : 2 ** (4 * width)
    if (value < least || !Number.isSafeInteger(value)) this.#failed = true
    return this.#failed ? 0 : value
  }
}

const NOTHING = new Uint8Array()
