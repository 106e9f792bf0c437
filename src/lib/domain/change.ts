import type * as Y from 'yjs'

/** The origin of everything a person does by hand outside the editor: what `undoable` may take back. */
export const BY_HAND = Symbol('by hand')

/** Runs `act` as one change of the person here: one update, one step of undo. */
export const change = <T>(doc: Y.Doc, act: () => T): T => doc.transact(act, BY_HAND)

/** A name nobody else gives: 64 random bits as 16 hex digits. Works on a plain http page too. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What `newId` makes. Keys of another shape in a shared map are nobody's and are passed over. */
export const isItemId = (key: string): boolean => /^[0-9a-f]{16}$/.test(key)
