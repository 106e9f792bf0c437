import * as Y from 'yjs'
import { Cell, type Watched } from '../core/watched.ts'
import { BY_HAND } from './change.ts'
import { rootOf } from './document.ts'

/** One person's own steps, to take back and to do again. What others did is never touched. */
export interface Undoable {
  /** Whether there is a step to take back, or to do again. */
  readonly can: Watched<{ readonly undo: boolean; readonly redo: boolean }>
  undo(): void
  redo(): void
  stop(): void
}

/**
 * Follows what the person here does by hand in the register and to the list of articles, from now on, each change to
 * an item a step of its own. Text typed in the editor has its own history.
 */
export const undoable = (doc: Y.Doc): Undoable => {
  const roots = [rootOf(doc, 'threats'), rootOf(doc, 'articles')]
  const manager = new Y.UndoManager(roots, {
    trackedOrigins: new Set([BY_HAND]),
    captureTimeout: 0,
    // Taking back that an item was added would delete what others wrote into it since: it is put away instead.
    captureTransaction: ({ changed }) => !roots.some((root) => [...changed.keys()].includes(root as never)),
  })
  const can = new Cell({ undo: false, redo: false })
  const look = () => can.set({ undo: manager.canUndo(), redo: manager.canRedo() })
  manager.on('stack-item-added', look)
  manager.on('stack-item-popped', look)
  return {
    can,
    undo: () => void manager.undo(),
    redo: () => void manager.redo(),
    stop: () => manager.destroy(),
  }
}
