import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { encodeEntry, parseEntry } from '../../src/lib/ledger/entry.ts'
import { encodeFeedSeal, parseFeedSeal } from '../../src/lib/feed/seal.ts'
import { assembleRecord, parseRecord } from '../../src/lib/feed/record.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { encodeBoxSet, parseBoxSet } from '../../src/lib/ledger/boxes.ts'
import { Valley } from '../feed/valley.ts'

type Form = {
  readonly samples: readonly Uint8Array[]
  readonly again: (bytes: Uint8Array) => Uint8Array | null
}

const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
alba.says('hola ')
valley.meet()
bruna.says('aquí ')
alba.suspend(valley.get('Ceiba').device)
alba.rotate()
valley.meet(alba, bruna)
const segments = [...alba.segments, ...bruna.segments]
const entries = alba.ledger.topological().map(({ wire }) => wire)

/** Each form of bytes that is signed, sealed or sent: some of it, and how it is read and written again. */
const FORMS: Readonly<Record<string, Form>> = {
  'an act': {
    samples: entries,
    again: (bytes) => {
      const read = parseEntry(bytes)
      return read.ok ? encodeEntry(read.value.entry, read.value.sigs) : null
    },
  },
  'a record': {
    samples: segments.flatMap(({ records }) => records.map(({ wire }) => wire)),
    again: (bytes) => {
      const read = parseRecord(bytes)
      return read.ok ? assembleRecord(read.value.pub, read.value.ct).wire : null
    },
  },
  'a seal': {
    samples: segments.map(({ seal }) => encodeFeedSeal(seal)),
    again: (bytes) => {
      const read = parseFeedSeal(bytes)
      return read.ok ? encodeFeedSeal(read.value) : null
    },
  },
  'a set of boxes': {
    samples: [
      encodeBoxSet([{ device: alba.device, kemCt: new Uint8Array(1120), sealed: new Uint8Array(72) }]),
    ],
    again: (bytes) => {
      const read = parseBoxSet(bytes)
      return read.ok ? encodeBoxSet(read.value) : null
    },
  },
  'a message between devices': {
    samples: [
      encodeSyncMessage({ type: 'heads', heads: alba.ledger.heads() }),
      encodeSyncMessage({ type: 'entries', entries, heads: alba.ledger.heads() }),
      encodeSyncMessage({ type: 'have', heads: alba.feeds.heads() }),
      encodeSyncMessage({
        type: 'segment',
        records: [segments[0]!.records[0]!.wire],
        seal: encodeFeedSeal(segments[0]!.seal),
      }),
      encodeSyncMessage({ type: 'ready' }),
    ],
    again: (bytes) => {
      const read = parseSyncMessage(bytes)
      return read.ok ? encodeSyncMessage(read.value) : null
    },
  },
}

const RUNS = { numRuns: process.env.SLOW === '1' ? 20_000 : 100 }

for (const [name, { samples, again }] of Object.entries(FORMS))
  describe(`I14: ${name}`, () => {
    test.prop([fc.constantFrom(...samples)], RUNS)(
      'is the same when it is read and written again',
      (bytes) => {
        expect(again(bytes)).toEqual(bytes)
      },
    )

    test.prop([fc.constantFrom(...samples), fc.nat(), fc.nat({ max: 7 })], RUNS)(
      'with a bit turned is not read, or is another one in its only spelling',
      (bytes, at, bit) => {
        const other = bytes.slice()
        other[at % other.length]! ^= 1 << bit
        const read = again(other)
        if (read) expect(read).toEqual(other)
      },
    )

    test.prop([fc.constantFrom(...samples), fc.nat(), fc.uint8Array({ maxLength: 3 })], RUNS)(
      'cut short, or with something after it, is not read',
      (bytes, at, more) => {
        expect(again(bytes.slice(0, at % bytes.length))).toBeNull()
        if (more.length > 0) expect(again(Uint8Array.from([...bytes, ...more]))).toBeNull()
      },
    )

    test.prop([fc.uint8Array({ maxLength: 300 })], RUNS)(
      'of any bytes at all is not read, or is canonical, and never throws',
      (bytes) => {
        const read = again(bytes)
        if (read) expect(read).toEqual(bytes)
      },
    )
  })
