import { fc, test as property } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import { idBytes, type EntryId } from '../../src/lib/core/ids.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { boxPath, boxRoot, verifyBoxPath, type Box } from '../../src/lib/ledger/boxes.ts'
import { encodeEntry } from '../../src/lib/ledger/entry.ts'
import { rotationIsDue, writeEpoch } from '../../src/lib/ledger/epochs.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import { assemble, type Assembly } from './assembly.ts'

const chain = (council: Assembly, length: number): readonly EntryId[] =>
  Array.from({ length }, (_, i) =>
    council.says(council.founders[i % council.founders.length]!, { type: 'merge' }),
  )

test('children wait for their parents, and say whom they wait for', () => {
  const { council } = assemble(3)
  const ids = chain(council, 4)
  const late = council.replay([])
  expect(late.add(council.wires.slice(1))).toMatchObject({ added: [], waiting: 3, refused: [] })
  expect(late.missing()).toEqual([ids[0]])
  const report = late.add([council.wires[0]!])
  expect(report.added.map(({ id }) => id)).toEqual(ids)
  expect(report.waiting).toBe(0)
  expect(late.missing()).toEqual([])
})

/** Entries that stand on nothing anybody has. */
const orphansOf = ({ council, alba }: ReturnType<typeof assemble>, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const { entry } = council.signed(alba, { type: 'merge' }, [])
    const bytes = new Uint8Array(32)
    new DataView(bytes.buffer).setUint32(0, i + 1)
    return encodeEntry({ ...entry, parents: [hexOf(bytes)] }, [new Uint8Array(64)])
  })

test('a stranger’s orphans fill no memory: the oldest go first', () => {
  const { council, alba, ...others } = assemble(3)
  const orphans = orphansOf({ council, alba, ...others }, 4200)
  expect(council.ledger.add(orphans).waiting).toBe(4096)
  expect(council.ledger.missing()).not.toContain(hexOf(new Uint8Array([0, 0, 0, 1, ...new Uint8Array(28)])))
  chain(council, 2)
  expect(council.ledger.heads()).toHaveLength(1)
})

test('attack 50: Mala floods with orphans: what Bea sent and waits for its parents stays, also what Mala sent before her', () => {
  const all = assemble(3)
  const { council } = all
  const ids = chain(council, 4)
  const [first, second, ...rest] = council.wires as [Uint8Array, Uint8Array, ...Uint8Array[]]
  const late = council.replay([])
  late.add([second], 'mala')
  late.add([...orphansOf(all, 10)], 'mala')
  late.add([second, ...rest], 'bea')
  expect(late.add(orphansOf(all, 5000), 'mala').waiting).toBe(4096)
  expect(late.add([first], 'cata').added.map(({ id }) => id)).toEqual(ids)
})

test('a bad entry takes nothing else of its batch with it', () => {
  const { council } = assemble(3)
  chain(council, 3)
  const [one, two, three] = council.wires
  const spoilt = Uint8Array.from(two!, (byte, i) => (i === two!.length - 1 ? byte ^ 1 : byte))
  const late = council.replay([])
  const report = late.add([new Uint8Array(9), spoilt, one!, three!, two!])
  expect(report.added).toHaveLength(3)
  expect(report.refused.map(({ type }) => type)).toEqual(['BadEntry', 'BadSignature'])
})

test('a forged signature that came first does not keep the genuine entry out', () => {
  const { council, alba, bruna } = assemble(3)
  const { entry, id } = council.signed(alba, { type: 'merge' }, council.ledger.heads())
  const forged = encodeEntry(entry, [sign(bruna.own.signSk, 'led', idBytes(id))])
  const genuine = encodeEntry(entry, [sign(alba.own.signSk, 'led', idBytes(id))])
  council.ledger.add([forged])
  expect(council.ledger.add([genuine]).added.map((one) => one.id)).toEqual([id])
})

test('what somebody has is not sent again, whatever else they claim to have', () => {
  const { council } = assemble(3)
  const ids = chain(council, 5)
  const unknown = hexOf(new Uint8Array(32).fill(9))
  expect(council.ledger.since([ids[2]!, unknown]).map(({ id }) => id)).toEqual(ids.slice(3))
  expect(council.ledger.since([]).map(({ id }) => id)).toEqual([council.ledger.coll, ...ids])
})

test('a phone that says two things at once goes on from the smaller, everywhere the same', () => {
  const { council, alba } = assemble(3)
  const start = council.ledger.heads()
  const both = [
    council.proposes(alba, council.removal(alba), start),
    council.says(alba, { type: 'merge' }, start),
  ]
  const next = createEntry({ ledger: council.ledger, own: alba.own, act: { type: 'merge' } })
  expect(next.entry.own).toBe([...both].sort()[0])
  expect(council.ledger.add([next.wire]).refused).toEqual([])
})

test('more heads than one entry may name silence nobody: they are taken up bit by bit', () => {
  const { council, alba, bruna } = assemble(3)
  const start = council.ledger.heads()
  const flood = Array.from({ length: 1500 }, (_, i) =>
    council.signed(bruna, { type: 'approve', proposal: hexOf(numbered(i)), seen: [] }, start),
  )
  // Kept from before, or from several who each stay below what one may say alone (attack 50).
  council.ledger.restore(flood.map(({ wire }) => wire))
  expect(council.ledger.heads()).toHaveLength(1500)
  for (const left of [477, 1]) {
    const { wire } = createEntry({ ledger: council.ledger, own: alba.own, act: { type: 'merge' } })
    expect(council.ledger.add([wire]).refused).toEqual([])
    expect(council.ledger.heads()).toHaveLength(left)
  }
})

test('a rotation is due after every change of who is active, and whoever is out is never written to', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const rotates = (who: typeof alba) => {
    const { entry } = createRotate({ ledger: council.ledger, own: who.own })
    council.ledger.add([entry.wire])
    return entry.id
  }
  const state = () => council.ledger.state()
  const all = () => true
  expect([rotationIsDue(state()), writeEpoch(state(), all)]).toEqual([true, null])
  const first = rotates(alba)
  expect([rotationIsDue(state()), writeEpoch(state(), all)]).toEqual([false, first])
  expect(writeEpoch(state(), () => false)).toBe(null)
  council.suspend(bruna, cira)
  expect([rotationIsDue(state()), writeEpoch(state(), all)]).toEqual([true, null])
  const second = rotates(bruna)
  expect([rotationIsDue(state()), writeEpoch(state(), all)]).toEqual([false, second])
  expect(state().epochs.get(second as never)).toMatchObject({
    prev: [first],
    depth: 2,
    recipients: { length: 2 },
  })
})

test('a void epoch does not hide the one it was built on', () => {
  const { council, alba, bruna } = assemble(3)
  const good = council.rotates(bruna)
  const drago = council.stranger()
  council.decide(council.admission(drago), [alba, bruna])
  const on = council.ledger.heads()
  const epoch = council.rotates(drago, [good], on)
  expect(writeEpoch(council.ledger.state(), () => true)).toBe(epoch)
  council.suspend(bruna, drago, on)
  expect(council.ledger.state().epochs.get(epoch)?.void).toBe(true)
  expect(writeEpoch(council.ledger.state(), () => true)).toBe(good)
})

property.prop([fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat()])(
  'every box proves its place under the root, and no other place',
  (size, a, b) => {
    const boxes: readonly Box[] = Array.from({ length: size }, (_, i) => ({
      device: hexOf(numbered(i)) as never,
      kemCt: new Uint8Array(1120).fill(i),
      sealed: new Uint8Array(72),
    }))
    const [index, other] = [a % size, b % size]
    const path = boxPath(boxes, index)
    const at = (place: number) =>
      verifyBoxPath({ box: boxes[index]!, index: place, size, path, root: boxRoot(boxes) })
    expect(at(index)).toBe(true)
    expect(at(other)).toBe(other === index)
  },
)

const numbered = (n: number): Uint8Array => {
  const bytes = new Uint8Array(32)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}

const hexOf = (bytes: Uint8Array): EntryId =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('') as EntryId
