import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { Dice } from '../simulation/dice.ts'
import { World, type Person } from '../world/cast.ts'

const ORDERS = 1000

/** Something that can be delivered by itself. */
type Piece = Extract<SyncMessage, { type: 'entries' | 'segment' | 'boxes' | 'box' }>

const deliver = ({ replica }: Person, piece: Piece): void => {
  if (piece.type === 'entries') replica.absorbEntries(piece.entries)
  else if (piece.type === 'segment') replica.absorbSegment(piece.records, piece.seal)
  else if (piece.type === 'boxes') replica.absorbBoxes(piece.epoch, piece.boxes)
  else replica.absorbBox(piece.epoch, piece.box, piece.path)
}

const shuffled = <T>(items: readonly T[], dice: Dice): T[] => {
  const all = [...items]
  for (let i = all.length - 1; i > 0; i--) {
    const j = dice.below(i + 1)
    ;[all[i], all[j]] = [all[j]!, all[i]!]
  }
  return all
}

/** Entries one by one, some of them together in any order, some of everything twice. */
const mixed = (pieces: readonly Piece[], dice: Dice): readonly Piece[] => {
  const cut = pieces.flatMap((piece): readonly Piece[] =>
    piece.type === 'entries' ? piece.entries.map((entry) => ({ ...piece, entries: [entry] })) : [piece],
  )
  const twice = [...cut, ...cut.filter(() => dice.once(3))]
  const mixed = shuffled(twice, dice)
  return mixed.flatMap((piece, i) => {
    const next = mixed[i + 1]
    return piece.type === 'entries' && next?.type === 'entries' && dice.once(2)
      ? [{ ...piece, entries: [...next.entries, ...piece.entries] }]
      : [piece]
  })
}

/** A document that has to be built anew is, between turns. */
const quiet = async ({ replica }: Person): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) {
    await replica.settled()
    await new Promise((resume) => setImmediate(resume))
  }
}

const fingerprint = ({ replica, doc }: Person): string =>
  `${hexFromBytes(replica.state.hash)} ${hexFromBytes(hash('state', Y.encodeStateAsUpdate(doc)))} ${doc.getText('notes').toString()}`

test('attack 9: acts, keys and records in a thousand orders, doubled and in parts: one state and one document, byte by byte', async () => {
  const world = new World(9)
  const [alba, bruna, ceiba, eva] = (await world.found('Alba', 'Bruna', 'Ceiba', 'Eva')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  world.cut(ceiba)
  world.network.sent.splice(0)
  await alba.writes('uno ')
  await eva.writes('dos ')
  await world.settle()
  bruna.replica.suspend(eva.device, 'lost')
  await world.settle()
  bruna.replica.rotate()
  await alba.writes('tres ')
  await bruna.writes('cuatro ')
  await world.settle()
  alba.doc.getText('notes').delete(0, 4)
  await alba.replica.flush()
  await world.settle()
  // All that Ceiba missed, as it went over links.
  const seen = new Set<string>()
  const pieces = world.network.sent
    .filter(({ to }) => to === bruna.device || to === alba.device)
    .flatMap(({ message }): readonly Piece[] => {
      const name = message.join()
      const parsed = parseSyncMessage(message)
      if (seen.has(name) || !parsed.ok) return []
      seen.add(name)
      const { type } = parsed.value
      return type === 'entries' || type === 'segment' || type === 'boxes' || type === 'box'
        ? [parsed.value]
        : []
    })
  expect(new Set(pieces.map(({ type }) => type))).toEqual(new Set(['entries', 'segment', 'boxes']))

  const straight = await ceiba.copied()
  for (const piece of pieces) deliver(straight, piece)
  await quiet(straight)
  expect(straight.reads()).toBe(alba.reads())
  expect(fingerprint(straight)).toBe(fingerprint(alba))
  const dice = new Dice(9)
  const outcomes = new Set<string>()
  for (let order = 0; order < ORDERS; order++) {
    const twin = await ceiba.copied()
    for (const piece of mixed(pieces, dice)) deliver(twin, piece)
    await quiet(twin)
    // A key or a record that came before the act it stands on was let go of, and is asked for again: in another order.
    for (const piece of shuffled(pieces, dice)) deliver(twin, piece)
    await quiet(twin)
    outcomes.add(fingerprint(twin))
    twin.replica.close()
    world.people.pop()
  }
  expect([...outcomes]).toEqual([fingerprint(alba)])
}, 600_000)
