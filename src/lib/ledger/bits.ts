/** A set of small whole numbers, one bit each. Shorter arrays stand for sets without the larger numbers. */
export type Bits = Uint32Array

export const hasBit = (bits: Bits, index: number): boolean =>
  index >>> 5 < bits.length && (bits[index >>> 5]! & (1 << (index & 31))) !== 0

/** Room for the numbers below `size`, none of them in yet. */
export const emptyBits = (size: number): Bits => new Uint32Array((size + 31) >>> 5)

export const addBit = (bits: Bits, index: number): void => {
  bits[index >>> 5]! |= 1 << (index & 31)
}

/** Adds all of `more`, which must not be the longer one. */
export const addBits = (bits: Bits, more: Bits): void => {
  for (let i = 0; i < more.length; i++) bits[i]! |= more[i]!
}

export const countBits = (bits: Bits): number => {
  let count = 0
  for (const word of bits) {
    let v = word - ((word >>> 1) & 0x55555555)
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
    count += (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
  }
  return count
}

/** The numbers in the set, ascending. */
export const bitsIn = (bits: Bits): readonly number[] => {
  const found: number[] = []
  for (let i = 0; i < bits.length; i++)
    for (let word = bits[i]!; word !== 0; word &= word - 1)
      found.push((i << 5) + 31 - Math.clz32(word & -word))
  return found
}
