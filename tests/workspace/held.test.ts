import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { bytesFromHex, concatBytes, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import {
  docIdFrom,
  entryIdFrom,
  feedIdFrom,
  idBytes,
  MAIN_DOC,
  recIdFrom,
  type DocId,
  type EntryId,
} from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import type { SealKey } from '../../src/lib/crypto/seal.ts'
import { snapshotHash } from '../../src/lib/feed/checkpoint.ts'
import type { Base } from '../../src/lib/feed/types.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Write } from '../../src/lib/sync/ports.ts'
import { cborFromBase } from '../../src/lib/workspace/base-row.ts'
import { KeptDocs, pieceOf } from '../../src/lib/workspace/kept-docs.ts'
import { blobKey, settledDocKey, settledKey, startDocKey, startKey } from '../../src/lib/workspace/rows.ts'
import { encodeSettledRow, parseSettledRow, readHeld } from '../../src/lib/workspace/settled-row.ts'
import { encodeStartRow, parseStartRow } from '../../src/lib/workspace/start-row.ts'
import { World, type Person } from '../world/cast.ts'
import { createDisk } from '../world/frail-storage.ts'

const DAY_MS = 24 * 3_600_000

const agree = async (world: World, [first, ...others]: readonly Person[]): Promise<EntryId> => {
  const id = expectOk(first!.replica.checkpoints.propose())
  await world.settle()
  for (const person of others) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  return id
}

/** Three who agreed on what they have so far. */
const agreed = async (seed: number, storage = createMemoryStorage()) => {
  const world = new World(seed)
  world.storageOf = (name) => (name === 'Bea' ? storage : null)
  const [ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
  await ana.writes('Lo que acordamos hace tiempo. ')
  await bea.writes('Y lo que sigue. ')
  await world.settle()
  const id = await agree(world, [ana, bea, cata])
  return { world, ana, bea, cata, id }
}

/** The same, and they wrote on. */
const three = async (seed: number, storage = createMemoryStorage()) => {
  const scene = await agreed(seed, storage)
  await scene.cata.writes('Y lo de hoy. ')
  await scene.world.settle()
  return scene
}

const starts = async (world: World, person: Person) => {
  await person.restarts()
  await person.replica.whole()
  await world.settle()
}

/** Long enough to see that nothing more comes from anybody. */
const aMinute = async (world: World) => {
  for (let round = 0; round < 3; round++) {
    world.clock.pass(20_000)
    await world.settle()
  }
}

/** Nobody hears of anybody meanwhile. */
const daysPass = async (world: World, days: number) => {
  for (const person of world.people) world.cut(person)
  for (let day = 0; day < days; day++) {
    world.clock.pass(DAY_MS)
    for (const { replica } of world.people) await replica.settled()
  }
}

const keysOf = async ({ storage }: Person) =>
  expectOk(await storage.all('snapshots')).rows.map(([key]) => key.slice(key.indexOf('/') + 1))

const rowAt = async ({ storage }: Person, key: string) => expectOk(await storage.get('snapshots', key))

/** The rows of before: the documents in the settled row and in a start of their own, and the parts as they came. */
const asBefore = async (person: Person): Promise<readonly Write[]> => {
  const { replica, storage } = person
  const { coll } = replica
  const held = (await readHeld(storage, coll))!
  const { checkpoint, at, base, holds } = held.row
  const parts = holds.type === 'parts' ? holds.parts : []
  const docs = [...held.docs!].map(([doc, state]) => [doc, state])
  const start = await rowAt(person, startKey(coll))
  const old = start && parseStartRow(start)
  const states = old ? replica.documents.states() : new Map<DocId, Uint8Array>()
  const write = (key: string, value: Uint8Array | null): Write => ({ table: 'snapshots', key, value })
  return [
    write(settledKey(coll), encodeCbor([1, idBytes(checkpoint), at, cborFromBase(base), docs])),
    ...parts.flatMap(({ doc, digest }) => [
      write(settledDocKey(coll, doc), null),
      write(blobKey(coll, hexFromBytes(digest)), replica.checkpoints.blob(digest)),
    ]),
    ...(old
      ? [
          write(
            startKey(coll),
            encodeCbor([
              1,
              old.by && idBytes(old.by),
              old.settled && [idBytes(old.settled.checkpoint), old.settled.at],
              old.judged,
              cborFromBase(old.base),
              [...states.keys()],
            ]),
          ),
          ...[...states].map(([doc, state]) => write(startDocKey(coll, doc), state)),
        ]
      : []),
  ]
}

describe('what was agreed lies on a disk once', () => {
  test('Bea’s disk holds the text once, and what came since beside it; her next start reads both', async () => {
    const { world, bea } = await three(1)
    await bea.replica.keepStart()
    expect(await keysOf(bea)).toEqual([
      expect.stringMatching(/^blob/),
      'settled',
      'settled/main',
      'start',
      'start/main',
    ])
    const { coll } = bea.replica
    const since = new Y.Doc()
    const row = (await rowAt(bea, startDocKey(coll, MAIN_DOC)))!
    Y.applyUpdateV2(since, row.subarray(32))
    // By itself it says nothing of what lies below it.
    expect(since.getText('notes').toString()).not.toContain('hace tiempo')
    const text = bea.reads()
    await starts(world, bea)
    expect(bea.reads()).toBe(text)
    expect(text).toContain('Y lo de hoy.')
  })

  test('nothing was written since: nothing of the text lies there twice', async () => {
    const { world, ana, bea, cata } = await three(2)
    await agree(world, [bea, ana, cata])
    await bea.replica.keepStart()
    const sizes = expectOk(await bea.storage.all('snapshots')).rows.map(
      ([key, value]) => [key.slice(key.indexOf('/') + 1), value.length] as const,
    )
    const start = sizes.find(([key]) => key === 'start/main')
    expect(start?.[1] ?? 0).toBeLessThan(60)
    const text = bea.reads()
    await starts(world, bea)
    expect(bea.reads()).toBe(text)
  })

  test('a part sealed again is, byte for byte, the one all signed', async () => {
    const { ana, bea, cata, id } = await three(3)
    const digests = [...(await readHeld(bea.storage, bea.replica.coll))!.docs!.keys()].length
    expect(digests).toBe(1)
    for (const { replica, storage } of [ana, bea, cata]) {
      const { holds } = (await readHeld(storage, replica.coll))!.row
      for (const { digest } of holds.type === 'parts' ? holds.parts : []) {
        const part = replica.checkpoints.blob(digest)!
        expect(hexFromBytes(snapshotHash(part))).toBe(hexFromBytes(digest))
      }
      expect(replica.checkpoints.checkOf(id)).toBe('same')
    }
  })

  test('Cata was away for two months: the others’ keys of then are gone, and she gets from them what they agreed', async () => {
    const world = new World(4)
    const people = (await world.found('Ana', 'Bea', 'Cata', 'Dora')) as [Person, Person, Person, Person]
    const [ana, bea, cata, dora] = people
    await ana.writes('antes ')
    await world.settle()
    world.cut(cata)
    await bea.writes('sin Cata ')
    await world.settle()
    const [epoch] = ana.replica.state.epochs.keys()
    const id = await agree(world, [ana, bea, dora])
    await daysPass(world, 60)
    world.connectAll([ana, bea, dora])
    await aMinute(world)
    for (const person of [ana, bea, dora]) await starts(world, person)
    for (const { replica } of [ana, bea, dora]) {
      expect(replica.keyring.has(epoch!)).toBe(false)
      expect(replica.checkpoints.docsOf(id)).not.toBe(null)
    }
    world.connectAll()
    await world.settle()
    for (let i = 0; i < 3; i++) {
      world.clock.pass(61_000)
      await world.settle()
    }
    expect(cata.replica.ledger.pin).toBe(id)
    expect(cata.reads()).toContain('sin Cata')
  }, 240_000)
})

describe('a disk written by the program of before', () => {
  test('opens, shows the same, and holds the text once from then on', async () => {
    const { world, ana, bea, cata } = await three(11)
    await bea.replica.keepStart()
    const text = bea.reads()
    const rows = await asBefore(bea)
    expectOk(await bea.storage.commit(rows))
    await bea.restarts()
    expect(bea.reads()).toBe(text)
    await bea.replica.whole()
    await world.settle()
    expect(bea.reads()).toBe(text)
    const keys = await keysOf(bea)
    expect(keys).toContain('settled/main')
    expect(keys.filter((key) => key.startsWith('blob/'))).toHaveLength(1)
    world.connectAll()
    await bea.writes('Sigo. ')
    await world.settle()
    for (const person of [ana, cata]) expect(person.reads()).toBe(bea.reads())
    await bea.replica.keepStart()
    await starts(world, bea)
    expect(bea.reads()).toContain('Sigo.')
  })

  test('opens also where the keys of then are gone, and stays as it is', async () => {
    const { world, bea } = await agreed(12)
    const [epoch] = bea.replica.state.epochs.keys()
    const rows = await asBefore(bea)
    const text = bea.reads()
    await daysPass(world, 40)
    world.connectAll()
    await aMinute(world)
    await daysPass(world, 1)
    expectOk(await bea.storage.commit(rows))
    await starts(world, bea)
    expect(bea.replica.keyring.has(epoch!)).toBe(false)
    expect((await readHeld(bea.storage, bea.replica.coll))!.row.holds.type).toBe('docs')
    expect(bea.reads()).toBe(text)
    expect(text).toContain('Lo que acordamos hace tiempo.')
  })

  test('attack 53: wherever the phone dies while its rows are written anew, it opens with everything', async () => {
    let deaths = 0
    for (let transactions = 0, died = true; died; transactions++) {
      const disk = createDisk()
      const { world, ana, bea } = await three(13, disk)
      await bea.replica.keepStart()
      const text = bea.reads()
      expectOk(await disk.commit(await asBefore(bea)))
      bea.replica.close()
      disk.dieAfter(transactions)
      await starts(world, bea)
      await bea.replica.keepStart()
      died = disk.dead()
      if (died) deaths += 1
      bea.replica.close()
      bea.storage = disk.nextStart()
      await starts(world, bea)
      expect(bea.reads(), `after ${transactions}`).toBe(text)
      world.connectAll()
      await bea.writes('Sigo. ')
      await world.settle()
      expect(ana.reads(), `after ${transactions}`).toBe(`${text}Sigo. `)
    }
    expect(deaths).toBeGreaterThan(1)
  })
})

describe('a damaged or meddled-with disk', () => {
  /** The week is over after which the records below are let go. */
  const aWeekOn = async (seed: number, days: number) => {
    const scene = await agreed(seed)
    await daysPass(scene.world, days)
    scene.world.connectAll()
    await scene.world.settle()
    await scene.cata.writes('Y lo de hoy. ')
    await scene.world.settle()
    await scene.bea.replica.keepStart()
    return scene
  }

  for (const days of [8, 40])
    test(`attack 54: the settled text is gone from Bea’s disk ${days} days on: she gets it from the others`, async () => {
      const { world, ana, bea, cata } = await aWeekOn(21, days)
      const { coll } = bea.replica
      world.cut(bea)
      expectOk(
        await bea.storage.commit([{ table: 'snapshots', key: settledDocKey(coll, MAIN_DOC), value: null }]),
      )
      await starts(world, bea)
      world.connectAll()
      await world.settle()
      for (let i = 0; i < 3; i++) {
        world.clock.pass(61_000)
        await world.settle()
      }
      expect(bea.reads()).toBe(ana.reads())
      await bea.writes('Otra vez aquí. ')
      await world.settle()
      for (const person of [ana, bea, cata]) expect(person.reads()).toContain('Otra vez aquí.')
      expect(ana.replica.feeds.forks()).toEqual([])
    })

  test('attack 54: a document’s row of another day beside today’s is not taken for today’s', async () => {
    const { world, ana, bea, cata } = await three(23)
    const { coll } = bea.replica
    await bea.replica.keepStart()
    const yesterday = new Map(expectOk(await bea.storage.all('snapshots')).rows)
    await bea.writes('Algo más. ')
    await world.settle()
    await agree(world, [ana, bea, cata])
    await cata.writes('Y más aún. ')
    await world.settle()
    await bea.replica.keepStart()
    const text = bea.reads()
    for (const key of [startDocKey(coll, MAIN_DOC), settledDocKey(coll, MAIN_DOC)]) {
      const today = await rowAt(bea, key)
      expectOk(await bea.storage.commit([{ table: 'snapshots', key, value: yesterday.get(key)! }]))
      await starts(world, bea)
      // It is as if that row were missing: the records, or the others, say the same again.
      world.connectAll()
      await world.settle()
      world.clock.pass(61_000)
      await world.settle()
      expect(bea.reads(), key).toBe(text)
      expectOk(await bea.storage.commit([{ table: 'snapshots', key, value: today }]))
      await starts(world, bea)
      await bea.replica.keepStart()
      expect(bea.reads(), key).toBe(text)
    }
  })
})

// ── rows, byte for byte ────────────────────────────────────────────────────────────────────────────────────────────

const filled = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const checkpoint = entryIdFrom(filled(1))!
const base: Base = new Map([
  [
    feedIdFrom(filled(2))!,
    {
      seq: 7,
      rec: recIdFrom(filled(3))!,
      clocks: new Map([[MAIN_DOC, 9]]),
      lheads: [entryIdFrom(filled(4))!],
    },
  ],
])
const part = {
  doc: MAIN_DOC,
  digest: filled(5),
  key: filled(6) as SealKey,
  nonce: filled(7, 24),
  form: 2,
} as const
const state = () => {
  const doc = new Y.Doc()
  doc.clientID = 1
  doc.getText('notes').insert(0, 'hola')
  return Y.encodeStateAsUpdate(doc)
}
const settled = { checkpoint, at: 1_790_000_000_000, base }
const start = { by: null, settled, judged: filled(8), base }
const docs = [{ doc: MAIN_DOC, isUponSettled: true, form: 2 }] as const

const file = new URL('../vectors/held.json', import.meta.url)
if (process.env['MAKE_VECTORS'])
  writeFileSync(
    file,
    `${JSON.stringify(
      {
        settled1: hexFromBytes(
          encodeCbor([1, idBytes(checkpoint), settled.at, cborFromBase(base), [[MAIN_DOC, state()]]]),
        ),
        settled2: hexFromBytes(encodeSettledRow(settled, [part])),
        start1: hexFromBytes(
          encodeCbor([
            1,
            null,
            [idBytes(checkpoint), settled.at],
            start.judged,
            cborFromBase(base),
            [MAIN_DOC],
          ]),
        ),
        start2: hexFromBytes(encodeStartRow({ ...start, docs })),
        mark2: hexFromBytes(parseStartRow(encodeStartRow({ ...start, docs }))!.mark),
      },
      null,
      2,
    )}\n`,
  )
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Readonly<
  Record<'settled1' | 'settled2' | 'start1' | 'start2' | 'mark2', string>
>

describe('rows as in vectors/held.json', () => {
  test('rows of before and rows of now are read as what they say', () => {
    const old = parseSettledRow(bytesFromHex(vectors.settled1))!
    expect(old).toEqual({ ...settled, holds: { type: 'docs', docs: new Map([[MAIN_DOC, state()]]) } })
    const now = parseSettledRow(bytesFromHex(vectors.settled2))!
    expect(now).toEqual({ ...settled, holds: { type: 'parts', parts: [part] } })
    const { mark, ...before } = parseStartRow(bytesFromHex(vectors.start1))!
    const begun = { by: null, settled: { checkpoint, at: settled.at }, judged: start.judged, base }
    expect(before).toEqual({ ...begun, docs: [{ doc: MAIN_DOC, isUponSettled: false, form: 1 }] })
    expect(mark).toHaveLength(0)
    expect(parseStartRow(bytesFromHex(vectors.start2))).toEqual({
      ...begun,
      docs,
      mark: bytesFromHex(vectors.mark2),
    })
  })

  test('and written as they stand there', () => {
    expect(hexFromBytes(encodeSettledRow(settled, [part]))).toBe(vectors.settled2)
    expect(hexFromBytes(encodeStartRow({ ...start, docs }))).toBe(vectors.start2)
  })

  test('cut short or with a bit turned, a row is damaged or says something else, and nothing throws', () => {
    for (const hex of Object.values(vectors)) {
      const bytes = bytesFromHex(hex)
      for (let at = 0; at < bytes.length; at++) {
        for (const parse of [parseSettledRow, parseStartRow]) expect(parse(bytes.subarray(0, at))).toBe(null)
        const turned = bytes.slice()
        turned[at]! ^= 1 << (at % 8)
        parseSettledRow(turned)
        parseStartRow(turned)
      }
    }
  })
})

describe('documents in pieces', () => {
  test('whatever is written in whatever order, a state kept in the shorter form comes out as it went in', () => {
    const edit = fc.record({
      at: fc.nat(),
      text: fc.string(),
      gone: fc.nat(5),
      who: fc.integer({ min: 1, max: 3 }),
    })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 30 }), (edits) => {
        const doc = new Y.Doc()
        const text = doc.getText('notes')
        for (const { at, text: words, gone, who } of edits) {
          doc.clientID = who * 2 ** 50
          text.insert(at % (text.length + 1), words)
          const from = at % (text.length + 1)
          text.delete(from, Math.min(gone, text.length - from))
        }
        const whole = Y.encodeStateAsUpdate(doc)
        const piece = pieceOf(whole)
        expect(piece.form).toBe(2)
        const kept = new KeptDocs(new Map([[MAIN_DOC, [piece]]]))
        expect(kept.get(MAIN_DOC)).toEqual(whole)
        const again = new Y.Doc()
        kept.mergeInto(again, MAIN_DOC, null)
        expect(again.getText('notes').toString()).toBe(text.toString())
      }),
      { numRuns: 50 },
    )
  })

  test('bytes that Yjs cannot read, or reads as something else, are kept as they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const kept = new KeptDocs(new Map([[MAIN_DOC, [pieceOf(bytes)]]]))
        expect(kept.get(MAIN_DOC)).toEqual(bytes)
      }),
    )
    const odd = concatBytes(state(), Uint8Array.of(0))
    expect(pieceOf(odd)).toEqual({ form: 1, bytes: odd })
  })

  test('as a map they are what any map of states is', () => {
    const other = docIdFrom('otro')!
    const kept = new KeptDocs(
      new Map([
        [MAIN_DOC, [pieceOf(state())]],
        [other, [{ form: 1, bytes: state() }]],
      ]),
    )
    const plain = new Map([
      [MAIN_DOC, state()],
      [other, state()],
    ])
    expect(kept.size).toBe(2)
    expect(kept.has(other)).toBe(true)
    expect([...kept]).toEqual([...plain])
    expect([...kept.values()]).toEqual([...plain.values()])
    expect([...kept.keys()]).toEqual([...plain.keys()])
    const seen: DocId[] = []
    kept.forEach((bytes, doc) => {
      expect(bytes).toEqual(state())
      seen.push(doc)
    })
    expect(seen).toEqual([MAIN_DOC, other])
    expect(kept.get(docIdFrom('nadie')!)).toBe(undefined)
  })
})
