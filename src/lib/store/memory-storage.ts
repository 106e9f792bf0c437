import { ok } from '../core/result.ts'
import type { Storage, Table } from '../sync/ports.ts'

/** A vault in memory: for guests whose browser keeps nothing, and for tests. */
export const createMemoryStorage = (): Storage => {
  const rows = new Map<Table, Map<string, Uint8Array>>()
  const tableOf = (table: Table) => rows.get(table) ?? rows.set(table, new Map()).get(table)!
  return {
    get: (table, key) => Promise.resolve(ok(tableOf(table).get(key)?.slice() ?? null)),
    all: (table, prefix = '') =>
      Promise.resolve(
        ok({
          rows: [...tableOf(table)]
            .filter(([key]) => key.startsWith(prefix))
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, value]) => [key, value.slice()] as const),
          corrupt: 0,
        }),
      ),
    commit: (writes) => {
      for (const { table, key, value } of writes)
        if (value) tableOf(table).set(key, value.slice())
        else tableOf(table).delete(key)
      return Promise.resolve(ok(undefined))
    },
    close: () => {},
  }
}
