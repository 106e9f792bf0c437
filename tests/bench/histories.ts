import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** One edit: where, how many characters go, what comes. Positions in UTF-16 units. */
export type Edit = readonly [at: number, removed: number, inserted: string]

/** A real editing history where the machine has one (`automerge-paper`, 259 778 edits by one author), else a seeded one. */
export const history = (edits: number): { readonly name: string; readonly edits: readonly Edit[] } => {
  const file = join(process.cwd(), '..', 'shared', 'data', 'automerge-paper.json.gz')
  if (!existsSync(file)) return { name: 'seeded history', edits: seeded(edits) }
  const trace = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
    readonly txns: readonly { readonly patches: readonly Edit[] }[]
  }
  return { name: 'automerge-paper', edits: trace.txns.flatMap(({ patches }) => patches).slice(0, edits) }
}

const seeded = (count: number): readonly Edit[] => {
  let state = 7
  const next = (below: number) => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) % below
  const edits: Edit[] = []
  let length = 0
  for (let i = 0; i < count; i++) {
    const erase = length > 20 && next(10) === 0
    const at = next(8) === 0 ? next(length + 1) : length
    if (erase) {
      const from = Math.min(at, length - 1)
      edits.push([from, 1, ''])
      length -= 1
    } else {
      edits.push([at, 0, String.fromCharCode(97 + next(26))])
      length += 1
    }
  }
  return edits
}
