import type { Clock, Random } from '../core/clock.ts'
import type { Link, Storage } from '../sync/ports.ts'
import { Exchange } from '../sync/blobs-exchange.ts'
import { Files } from './blobs-files.ts'
import { Shelf } from '../sync/blobs-shelf.ts'
import { Circles } from './circles.ts'
import type { Replica } from './replica.ts'
import type { Syncing } from './syncing.ts'

const DAY_MS = 86_400_000

/** What a collective holds beside its records: files, what it carries for circles, and the circles this device is in. */
export type SpaceInner = {
  readonly files: Files
  readonly circles: Circles
  readonly shelf: Shelf
  readonly exchange: Exchange
  readonly attach: (link: Link) => void
  readonly close: () => Promise<void>
}

/** `null`: the disk could not be read; records go on without. */
export const openInner = async (of: {
  readonly replica: Replica
  readonly syncing: Syncing
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly myName: () => string
}): Promise<SpaceInner | null> => {
  const { replica, syncing, storage, clock, random } = of
  const shelf = await Shelf.open(storage, replica.coll)
  if (!shelf.ok) return null
  const exchange = new Exchange({ shelf: shelf.value, clock })
  const world = { shelf: shelf.value, exchange, storage, clock, random }
  const circles = await Circles.open({ ...world, parent: replica }, of.myName)
  const look = () => exchange.look()
  const stops = [syncing.moved.watch(look), replica.on({ ledgerMoved: look })]
  let tomorrow = () => {}
  const expire = () => {
    void exchange.expire()
    tomorrow = clock.after(DAY_MS, expire)
  }
  expire()
  return {
    files: new Files({ ...world, replica }),
    circles,
    shelf: shelf.value,
    exchange,
    attach: (link) => exchange.attach(link, () => syncing.passes(link)),
    close: async () => {
      tomorrow()
      for (const stop of stops) stop()
      await circles.close()
    },
  }
}
