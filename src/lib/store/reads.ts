import type { IDBPDatabase, IDBPObjectStore } from 'idb'

type ReadTable = IDBPObjectStore<unknown, string[], string>

type Asked = {
  readonly letter: string
  readonly go: (table: ReadTable) => void
  fail: (why: unknown) => void
}

/**
 * Reads of one database. What is asked for in one breath goes into one transaction: for a start, which asks for ten things,
 * making ten transactions would take longer than reading them.
 */
export class Reads {
  readonly #db: IDBPDatabase
  #asked: Asked[] = []

  constructor(db: IDBPDatabase) {
    this.#db = db
  }

  /** Rejects like the database does. */
  from<T>(letter: string, ask: (table: ReadTable) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // At the end of this breath, when nothing more is asked for.
      if (this.#asked.length === 0) queueMicrotask(() => this.#go())
      this.#asked.push({ letter, go: (table) => void ask(table).then(resolve, reject), fail: reject })
    })
  }

  #go(): void {
    const asked = this.#asked
    this.#asked = []
    try {
      const tx = this.#db.transaction([...new Set(asked.map(({ letter }) => letter))])
      // Each read says by itself what became of it.
      tx.done.catch(() => {})
      for (const { letter, go } of asked) go(tx.objectStore(letter))
    } catch (why) {
      for (const { fail } of asked) fail(why)
    }
  }
}
