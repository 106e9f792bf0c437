import type { Clock, Random } from '../core/clock.ts'
import { collIdFrom } from '../core/ids.ts'
import { bytesFromHex } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { BadBackup } from '../crypto/backup.ts'
import { forget } from '../crypto/hash.ts'
import { aboutOf } from '../domain/document.ts'
import { peopleOf } from '../domain/people.ts'
import { createMemoryStorage } from '../store/memory-storage.ts'
import type { Storage } from '../sync/ports.ts'
import { writesOf, type Backup } from './backup-rows.ts'
import { CIRCLE_PREFIX, parseCircleRow } from './circle.ts'
import { Gate, type Above } from './circle-gate.ts'
import { Replica } from './replica.ts'
import { parseSpaceRow, SPACE_PREFIX, spaceKey } from './rows.ts'
import type { BackupContent } from './types.ts'

type World = { readonly clock: Clock; readonly random: Random }
type Content = BackupContent['spaces'][number]

/**
 * Opens a copy completely, in memory and without any network, as a phone would that begins from it: every ledger judged,
 * every record read, circles too. Says what would come back. Nothing is kept. Spec: backup.md §4.
 */
export const contentOf = async (backup: Backup, world: World): Promise<Result<BackupContent, BadBackup>> => {
  const storage = createMemoryStorage()
  await storage.commit(writesOf(backup))
  const outer = await outerRows(storage)
  const spaces: Content[] = []
  for (const row of outer) {
    const opened = row && (await Replica.restore({ ...world, storage, row }))
    if (!opened?.ok) return err({ type: 'BackupDamaged' })
    await opened.value.whole()
    const circles = await openCircles(opened.value, storage, world)
    // A notebook whose content went on into a collective is shown as that.
    if (circles !== null && !opened.value.row.movedTo) spaces.push(contentIn(opened.value, circles))
    leave(opened.value)
    if (circles === null) return err({ type: 'BackupDamaged' })
  }
  return spaces.length > 0 ? ok({ at: backup.at, spaces }) : err({ type: 'BackupDamaged' })
}

const contentIn = (replica: Replica, circles: number): Content => {
  const doc = replica.documents.doc.read()
  const { member } = replica.row
  const people = peopleOf(doc, [...replica.state.members.keys()])
  return {
    kind: replica.state.kind,
    title: aboutOf(doc).title,
    myName: people.find((one) => one.member === member)?.name ?? replica.row.myName,
    people: replica.state.members.size,
    circles,
    isOut: replica.standing() !== 'active',
  }
}

/** Rows of a circle belong to the collective around it. `null`: a row that does not parse. */
const outerRows = async (storage: Storage) => {
  const [rows, circles] = [await storage.all('meta', SPACE_PREFIX), await storage.all('meta', CIRCLE_PREFIX)]
  if (!rows.ok || !circles.ok) return [null]
  const inner = new Set(circles.value.rows.map(([key]) => key.slice(CIRCLE_PREFIX.length)))
  return rows.value.rows
    .filter(([key]) => !inner.has(key.slice(SPACE_PREFIX.length)))
    .map(([, value]) => parseSpaceRow(value))
}

/** How many circles of `parent` open; `null`: one does not. */
const openCircles = async (parent: Replica, storage: Storage, world: World): Promise<number | null> => {
  const rows = await storage.all('meta', CIRCLE_PREFIX)
  let opened = 0
  for (const [key, value] of rows.ok ? rows.value.rows : []) {
    const known = parseCircleRow(key, value)
    if (known && known.parent !== parent.coll) continue
    const above = known && new Gate(parent.ledger, known.bindings)
    if (!above || !(await opens(known.coll, above, { storage, ...world }))) return null
    opened += 1
  }
  return opened
}

const opens = async (
  id: string,
  above: Above,
  world: World & { readonly storage: Storage },
): Promise<boolean> => {
  const coll = /^[0-9a-f]{64}$/.test(id) ? collIdFrom(bytesFromHex(id)) : null
  const lying = coll ? await world.storage.get('meta', spaceKey(coll)) : null
  const row = lying?.ok && lying.value ? parseSpaceRow(lying.value) : null
  const replica = row && (await Replica.restore({ ...world, row, above }))
  if (!replica?.ok) return false
  await replica.value.whole()
  leave(replica.value)
  return true
}

const leave = (replica: Replica): void => {
  replica.close()
  const { signSk, kemSk, rvSk } = replica.own
  forget(signSk, kemSk, rvSk)
}
