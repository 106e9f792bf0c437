import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { entryIdFrom, type EntryId } from '../../src/lib/core/ids.ts'
import { parseBoxSet, verifyBoxSet } from '../../src/lib/ledger/boxes.ts'
import { encodeEntry, parseEntry } from '../../src/lib/ledger/entry.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'

type Vectors = {
  readonly coll: string
  readonly entries: readonly {
    readonly name: string
    readonly id: string
    readonly wire: string
    void: boolean
  }[]
  readonly state: {
    readonly kind: string
    readonly heads: readonly string[]
    readonly members: readonly string[]
    readonly standing: Readonly<Record<string, string>>
    /** Not in those of before: nothing could be final yet. */
    readonly finals?: readonly string[]
    readonly votes?: readonly string[]
    readonly hash: string
  }
  readonly epochs: readonly { readonly epoch: string; readonly boxes: string }[]
  readonly hostile: readonly { readonly name: string; readonly expect: string; readonly wire: string }[]
}

/**
 * `previous`: what the first program that kept entries wrote (commit 40f8c6c, 2026-11-23), with devices, keys and signatures of
 * its own, frozen as it was. Its form is version 1 as today’s: there has been no other. What went into the hash of a state was
 * less then; nothing signed held one.
 */
describe.each(['', 'previous/'])('as in vectors/%sledger.json', (folder) => {
  const vectors = JSON.parse(
    readFileSync(new URL(`../vectors/${folder}ledger.json`, import.meta.url), 'utf8'),
  ) as Vectors
  const wires = vectors.entries.map(({ wire }) => bytesFromHex(wire))
  const replayed = () => {
    const ledger = expectOk(createLedger(wires[0]!))
    expect(ledger.add(wires.slice(1)).refused).toEqual([])
    return ledger
  }
  const idOf = (hex: string): EntryId => entryIdFrom(bytesFromHex(hex))!

  test('entries written by an earlier version are read as they were written', () => {
    const ledger = replayed()
    expect(ledger.coll).toBe(vectors.coll)
    expect(ledger.heads()).toEqual(vectors.state.heads)
    for (const { name, id, wire } of vectors.entries) {
      expect(ledger.has(idOf(id)), name).toBe(true)
      const { entry, sigs } = expectOk(parseEntry(bytesFromHex(wire)))
      expect(hexFromBytes(encodeEntry(entry, sigs)), name).toBe(wire)
    }
  })

  test('and say the same about who belongs', () => {
    const state = replayed().state()
    expect(state.kind).toBe(vectors.state.kind)
    expect([...state.members.keys()]).toEqual(vectors.state.members)
    expect(state.finals).toEqual(vectors.state.finals ?? [])
    const votes = [...state.members.values()].flatMap(({ id, votes }) => (votes ? [id] : []))
    if (vectors.state.votes) expect(votes).toEqual(vectors.state.votes)
    else expect(votes).toHaveLength(3) // the founders; whoever came after them was not settled
    const standing = [...state.devices].map(([id, device]) => [id, device.standing])
    expect(Object.fromEntries(standing)).toEqual(vectors.state.standing)
    for (const { name, id, void: isVoid } of vectors.entries)
      expect(state.void.has(idOf(id)), name).toBe(isVoid)
    if (folder === '') expect(hexFromBytes(state.hash)).toBe(vectors.state.hash)
  })

  test('each epoch has a box for each of its recipients and for nobody else', () => {
    const { epochs } = replayed().state()
    const recipients = vectors.epochs.map(({ epoch, boxes }) => {
      const state = epochs.get(idOf(epoch) as never)!
      expect(verifyBoxSet(state, expectOk(parseBoxSet(bytesFromHex(boxes))))).toBe(true)
      return state.recipients.length
    })
    expect(recipients).toEqual([3, 4, 3]) // three founders, drago admitted, drago suspended
  })

  test('what a later version signed is among them: kept, passed on word for word, and without effect', () => {
    const of = vectors.entries.find(({ name }) => name === 'an entry of a later version')!
    const ledger = replayed()
    expect(ledger.entry(idOf(of.id))).toMatchObject({ act: null })
    expect(ledger.since([ledger.coll]).map(({ wire }) => hexFromBytes(wire))).toContain(of.wire)
    expect(of.void).toBe(true)
  })

  test.each(vectors.hostile)('$name: $expect', ({ wire, expect: expected }) => {
    const ledger = replayed()
    const before = hexFromBytes(ledger.state().hash)
    const report = ledger.add([bytesFromHex(wire)])
    if (expected !== 'void') expect(report.refused.map(({ type }) => type)).toEqual([expected])
    else {
      expect(report.refused).toEqual([])
      expect(report.added.map(({ id }) => ledger.state().void.has(id))).toEqual([true])
    }
    expect(hexFromBytes(ledger.state().hash)).toBe(before)
  })
})
