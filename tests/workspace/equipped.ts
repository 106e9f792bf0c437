import { expectOk } from '../../src/lib/core/result.ts'
import { Exchange } from '../../src/lib/sync/blobs-exchange.ts'
import { Files } from '../../src/lib/workspace/blobs-files.ts'
import { Shelf } from '../../src/lib/sync/blobs-shelf.ts'
import type { Person, World } from '../world/cast.ts'

/** What a phone needs beside its replica to hand files and blobs of circles over its links. */
export type Equipment = { readonly shelf: Shelf; readonly exchange: Exchange; readonly files: Files }

/** Gives a person shelf and exchange, on the links there are and on those to come. */
export const equip = async (person: Person, world: World): Promise<Equipment> => {
  const { random } = world
  const { clock } = person
  const shelf = expectOk(await Shelf.open(person.storage, person.replica.coll))
  const exchange = new Exchange({ shelf, clock })
  const files = new Files({ replica: person.replica, shelf, exchange, clock, random })
  const join = (link: Parameters<typeof person.attach>[0]) =>
    exchange.attach(link, () => person.syncing.passes(link))
  const attach = person.attach.bind(person)
  person.attach = (link) => {
    attach(link)
    join(link)
  }
  for (const link of person.judged.keys()) join(link)
  person.syncing.moved.watch(() => exchange.look())
  person.replica.on({ ledgerMoved: () => exchange.look() })
  return { shelf, exchange, files }
}
