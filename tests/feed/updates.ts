/** Yjs updates written by hand, byte by byte, as no honest document would. */

export const varUint = (value: number): readonly number[] => {
  const bytes: number[] = []
  let left = value
  for (; left > 127; left = Math.floor(left / 128)) bytes.push(128 + (left % 128))
  return [...bytes, left]
}

export const text = (value: string): readonly number[] => {
  const bytes = new TextEncoder().encode(value)
  return [...varUint(bytes.length), ...bytes]
}

type Part = readonly number[]

/** A string at the start of the root `t`, referring to nothing. */
export const string = (value: string): Part => [4, 1, ...text('t'), ...text(value)]
/** A string right of an item. */
export const after = (client: number, clock: number, value: string): Part => [
  4 | 128,
  ...varUint(client),
  ...varUint(clock),
  ...text(value),
]
/** A string left of an item. */
export const before = (client: number, clock: number, value: string): Part => [
  4 | 64,
  ...varUint(client),
  ...varUint(clock),
  ...text(value),
]
/** A string in the type that an item holds. */
export const inside = (client: number, clock: number, value: string): Part => [
  4,
  0,
  ...varUint(client),
  ...varUint(clock),
  ...text(value),
]
export const gc = (length: number): Part => [0, ...varUint(length)]
export const skip = (length: number): Part => [10, ...varUint(length)]
export const deleted = (length: number): Part => [1, 1, ...text('t'), ...varUint(length)]
export const subdocument = (): Part => [9, 1, ...text('t'), ...text('guid'), 118, 0]
/** Lists within lists. */
export const nested = (depth: number): Part => {
  const value: number[] = []
  for (let i = 0; i < depth; i++) value.push(117, 1)
  return [8, 1, ...text('t'), 1, ...value, 126]
}

export const section = (client: number, clock: number, ...structs: readonly Part[]): Part => [
  ...varUint(structs.length),
  ...varUint(client),
  ...varUint(clock),
  ...structs.flat(),
]

export type Deletes = readonly (readonly [client: number, ...ranges: (readonly [number, number])[]])[]

export const update = (sections: readonly Part[], deletes: Deletes = []): Uint8Array =>
  Uint8Array.from([
    ...varUint(sections.length),
    ...sections.flat(),
    ...varUint(deletes.length),
    ...deletes.flatMap(([client, ...ranges]) => [
      ...varUint(client),
      ...varUint(ranges.length),
      ...ranges.flatMap(([clock, length]) => [...varUint(clock), ...varUint(length)]),
    ]),
  ])

/** A number that no honest writer writes and that Yjs reads as NaN. */
export const NAN: Part = [...Array.from({ length: 160 }, () => 128), 0]
