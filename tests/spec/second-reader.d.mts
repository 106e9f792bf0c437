/** What tests/vectors/ledger.json holds for a reader. */
export type Vectors = {
  coll: string
  entries: { name: string; id: string; wire: string }[]
  epochs: { epoch: string; key: string; boxes: string }[]
  bruna: { device: string; kemSk: string }
  content: { records: string[]; seal: string; ids: string[]; yClient: number; text: string }
}

export const read: (vectors: Vectors) => {
  readonly coll: string
  readonly ids: readonly string[]
  readonly keys: ReadonlyMap<string, Uint8Array>
  readonly head: string
  readonly yClient: number
  readonly bodies: readonly { readonly u: readonly (readonly [string, Uint8Array])[] }[]
}
