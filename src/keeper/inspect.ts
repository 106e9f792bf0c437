import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock, type Random } from '../lib/core/clock.ts'
import { openIdentity, identityPath } from './identity.ts'
import { Keeping } from './keeping.ts'
import { logPath, openLogStorage } from './log-storage.ts'

/**
 * Everything a folder holds, line by line, for whoever wants to see what a keeper sees: ids, sizes, how many. There is
 * nothing else to show.
 */
export const inspect = async (folder: string, random: Random): Promise<readonly string[]> => {
  if (!existsSync(identityPath(folder)) || !existsSync(logPath(folder)))
    return [`${folder}: no keeper has been here`]
  const identity = await openIdentity(folder, random)
  const storage = await openLogStorage(folder, random, 'look')
  if (!identity || !storage) return [`${folder}: damaged`]
  const device = identity.own.id
  const keeping = await Keeping.open({ device, storage, clock: systemClock, quota: Infinity })
  const lines = [
    `keeper   ${device}`,
    `for      ${keeping.coll ?? 'nobody yet'}`,
    `standing ${keeping.standing()}`,
    ...filesIn(folder),
    ...(storage.damaged > 0 ? [`damaged  ${storage.damaged} commits`] : []),
    ...peopleIn(keeping),
    ...feedsIn(keeping),
    ...epochsIn(keeping, (key) => storage.sizeOf('boxes', key)),
    ...blobsIn(keeping),
  ]
  storage.close()
  return lines
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder).map((name) => `file     ${name}  ${statSync(join(folder, name)).size} bytes`)

const peopleIn = ({ ledger, state }: Keeping): readonly string[] => {
  if (!ledger || !state) return []
  return [
    `ledger   ${ledger.since([]).length} acts`,
    ...[...state.members.values()].map(({ id, devices }) => `member   ${id}  ${devices.length} devices`),
    ...[...state.devices.values()].map(
      ({ id, kind, member, standing }) => `device   ${id}  ${standing}  ${member ?? kind}`,
    ),
    ...state.finals.map((id) => `final    ${id}`),
  ]
}

const feedsIn = ({ shelf, state }: Keeping): readonly string[] =>
  (shelf?.extents() ?? []).map(
    ({ feed, from, seq }) =>
      `feed     ${feed}  ${from > seq ? `no record left up to ${seq}` : `records ${from} to ${seq}`}  ${shelf!.bytesOf(feed)} bytes  of ${state?.feeds.get(feed)?.device ?? 'an unknown device'}`,
  )

const epochsIn = ({ coll, state }: Keeping, sizeOf: (key: string) => number): readonly string[] =>
  [...(state?.epochs.keys() ?? [])].map((id) => {
    const bytes = sizeOf(`${coll}/${id}`)
    return `epoch    ${id}  ${bytes > 0 ? `boxes ${bytes} bytes, none for this keeper` : 'no boxes'}`
  })

/** What circles gave to carry. For which circle, by whom, and how many circles there are: nothing here says it. */
const blobsIn = ({ blobs }: Keeping): readonly string[] =>
  (blobs?.all() ?? []).map(
    ({ id, size, until }) =>
      `carried  ${id}  ${size} bytes, nobody here can open it${until === null ? '' : `, until ${new Date(until).toISOString().slice(0, 10)}`}`,
  )
