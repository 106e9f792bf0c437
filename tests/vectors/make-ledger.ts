/**
 * Writes tests/vectors/ledger.json: a small collective with real keys and signatures, what one device reads of it, and entries that
 * must be refused or stay without effect. Boxes and records are sealed with fresh randomness, so the file is never the same
 * twice: make it anew only when a format changes, which is what it is there to notice. From the root of the repository:
 *
 *   node -e "import('vite').then(({ runnerImport }) => runnerImport('./tests/vectors/make-ledger.ts'))"
 */
import { writeFileSync } from 'node:fs'
import * as Y from 'yjs'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { decodeCbor, encodeCbor, type Cbor } from '../../src/lib/core/cbor.ts'
import { idBytes, MAIN_DOC, type EntryId, type EpochId, type FeedId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import type { SecretKey } from '../../src/lib/crypto/hash.ts'
import { sign } from '../../src/lib/crypto/sign.ts'
import { createRecord } from '../../src/lib/feed/record.ts'
import { createFeedSeal, encodeFeedSeal } from '../../src/lib/feed/seal.ts'
import { bodyFromAct } from '../../src/lib/ledger/acts.ts'
import { encodeBoxSet } from '../../src/lib/ledger/boxes.ts'
import { encodeEntry, entryIdOf } from '../../src/lib/ledger/entry.ts'
import { feedIdOf, yClientOf } from '../../src/lib/ledger/feed-id.ts'
import { createGrant } from '../../src/lib/ledger/grants.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import type { Act, Entry } from '../../src/lib/ledger/types.ts'
import { Council, type Delegate } from '../ledger/council.ts'

const hex = hexFromBytes
const council = new Council(3, 2026)
const { ledger, random } = council
const [alba, bruna, cira] = council.founders as [Delegate, Delegate, Delegate]
const drago = council.stranger()
const names: { name: string; id: string }[] = [{ name: 'genesis', id: ledger.coll }]
const says = (name: string, who: Delegate, act: Act, parents?: readonly EntryId[]): EntryId => {
  const id = council.says(who, act, parents)
  if (!ledger.has(id)) throw new Error(`${name} was refused`)
  names.push({ name, id })
  return id
}

// ── a small collective ───────────────────────────────────────────────────────────────────────────────────────────────

const registers = (name: string, who: Delegate, parents?: readonly EntryId[]): FeedId => {
  const incarnation = random.bytes(16)
  const feed = feedIdOf(ledger.coll, who.own.id, incarnation)
  says(name, who, { type: 'feed', feed, incarnation }, parents)
  return feed
}
const rotates = (name: string, who: Delegate) => {
  const { entry, key, boxes } = createRotate({ ledger, own: who.own })
  ledger.add([entry.wire])
  council.wires.push(entry.wire)
  names.push({ name, id: entry.id })
  return { epoch: entry.id as EpochId, key, boxes: encodeBoxSet(boxes) }
}

const albasFeed = registers('alba registers a feed', alba)
registers('bruna registers a feed, at the same time', bruna, [ledger.coll])
says('cira joins the two heads', cira, { type: 'merge' })
const first = rotates('alba begins the first epoch', alba)
const admission: Act = {
  type: 'propose',
  proposal: {
    action: 'admit',
    member: drago.member,
    device: drago.own.device,
    deviceId: drago.own.id,
    binding: signBinding(drago.own, ledger.coll, drago.member),
    proof: null,
    verified: 'words',
  },
}
const proposal = says('alba proposes to admit drago', alba, admission)
says('bruna vouches', bruna, { type: 'approve', proposal, seen: [] })
says('bruna enacts', bruna, { type: 'enact', proposal })
const second = rotates('bruna begins an epoch with drago in it', bruna)
registers('drago registers a feed', drago)
says('drago complains of his box, though it is good', drago, {
  type: 'complain',
  epoch: second.epoch,
  reason: 'badBox',
})
const keys = new Map<EpochId, SecretKey>([[second.epoch, second.key]])
says('cira grants it', cira, expectOk(createGrant({ ledger, device: drago.own.id, keys })))

const records = writes(albasFeed, second.epoch, second.key)
const unsuspended = ledger.heads()

says('bruna suspends drago’s lost phone', bruna, {
  type: 'suspend',
  device: drago.own.id,
  frontier: [],
  reason: 'lost',
  evidence: null,
})
const third = rotates('bruna shuts it out of the next epoch', bruna)
const strange = council.signed(cira, { type: 'merge' }, ledger.heads(), 2, 'from-a-later-version')
ledger.add([strange.wire])
council.wires.push(strange.wire)
names.push({ name: 'an entry of a later version', id: strange.id })

const settled = says('alba asks that everything so far be settled', alba, {
  type: 'checkpoint',
  attachment: { hash: new Uint8Array(32).fill(7), size: 0 },
})
for (const [name, who] of [
  ['alba', alba],
  ['bruna', bruna],
  ['cira', cira],
] as const)
  says(`${name} co-signs`, who, { type: 'cosign', checkpoint: settled }, [settled])
says(
  'cira suspends bruna, dated back to the genesis',
  cira,
  { type: 'suspend', device: bruna.own.id, frontier: [], reason: 'doubtful', evidence: null },
  [ledger.coll],
)

/** Two records of alba’s in a row, the seal at the second, and what they say. */
function writes(feed: FeedId, epoch: EpochId, key: SecretKey) {
  const doc = new Y.Doc()
  doc.clientID = yClientOf(feed)
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update.slice()))
  const text = doc.getText('words')
  text.insert(0, 'Las Tres Vertientes')
  text.insert(19, ', aquí')
  const of = { key, coll: ledger.coll, feed, epoch }
  const said = (lheads: readonly EntryId[] | null, update: Uint8Array) => ({
    lheads,
    deps: [],
    docs: [{ doc: MAIN_DOC, update }],
  })
  const one = expectOk(createRecord({ ...of, seq: 0, prev: null, body: said(ledger.heads(), updates[0]!) }))
  const two = expectOk(createRecord({ ...of, seq: 1, prev: one.id, body: said(null, updates[1]!) }))
  const seal = createFeedSeal(alba.own.signSk, { feed, seq: 1, rec: two.id })
  return {
    feed,
    yClient: yClientOf(feed),
    epoch,
    records: [one, two].map(({ wire }) => hex(wire)),
    ids: [one.id, two.id],
    seal: hex(encodeFeedSeal(seal)),
    text: text.toString(),
  }
}

// ── what must not pass ───────────────────────────────────────────────────────────────────────────────────────────────

const state = ledger.state()
const heads = ledger.heads()
const hostile: { name: string; expect: string; wire: string }[] = []
const refused = (name: string, expect: string, wire: Uint8Array) =>
  hostile.push({ name, expect, wire: hex(wire) })
const forged = (who: Delegate, change: Partial<Entry>, signer = who, act: Act = { type: 'merge' }) => {
  const entry: Entry = { ...council.signed(who, act, heads).entry, ...change }
  return encodeEntry(entry, [sign(signer.own.signSk, 'led', idBytes(entryIdOf(entry)))])
}
const honest = council.signed(cira, { type: 'merge' }, heads)

refused('one bit of the signature is flipped', 'BadSignature', flipped(honest.wire, honest.wire.length - 1))
refused('signed by somebody else', 'BadSignature', forged(cira, {}, bruna))
refused('of another collective', 'OtherCollective', forged(cira, { coll: proposal as never }))
refused('by a device nobody has named', 'UnknownAuthor', forged(council.stranger(), { own: null }))
refused('leaves its own last entry out', 'NotItsLatest', forged(cira, { own: null }))
refused(
  'parents in falling order',
  'BadEntry',
  forged(cira, { parents: [proposal, ledger.coll].sort().reverse() }),
)
refused('a parent twice', 'BadEntry', forged(cira, { parents: [heads[0]!, heads[0]!] }))
refused('a key too many in the body', 'BadEntry', forged(cira, { body: { also: 1 } }))
refused(
  'a key too few in the body',
  'BadEntry',
  forged(cira, { type: 'approve', body: { proposal: idBytes(proposal) } }),
)
refused('no parents, and no genesis', 'BadEntry', forged(cira, { parents: [], own: null }))
refused('two signatures', 'BadEntry', twiceSigned(honest.wire))
refused('an integer longer than it need be', 'BadEntry', longInteger(honest.wire))
refused('one byte after the end', 'BadEntry', Uint8Array.of(...honest.wire, 0))
refused('cut off in the middle', 'BadEntry', honest.wire.slice(0, honest.wire.length / 2))
refused(
  'a body beyond 16 KiB',
  'EntryTooLarge',
  forged(cira, {
    type: 'grant',
    body: bodyFromAct({
      type: 'grant',
      epochs: [second.epoch],
      device: drago.own.id,
      box: new Uint8Array(20_000),
    }),
  }),
)

const without = (name: string, who: Delegate, act: Act, parents = heads) =>
  refused(name, 'void', council.signed(who, act, parents).wire)
const admits = (member: Delegate, binding: Uint8Array): Act => ({
  type: 'propose',
  proposal: {
    ...(admission as Extract<Act, { type: 'propose' }>).proposal,
    member: member.member,
    device: member.own.device,
    deviceId: member.own.id,
    binding,
  } as never,
})
const eve = council.stranger()
without('a suspended device rotates', drago, {
  type: 'rotate',
  prev: [],
  commit: random.bytes(32),
  boxRoot: random.bytes(32),
})
without(
  'a device is bound to nobody’s word but its own',
  alba,
  admits(eve, signBinding(drago.own, ledger.coll, eve.member)),
)
without('somebody who is known already is admitted again', alba, admission)
without('an enactment without a proposal', alba, { type: 'enact', proposal: heads[0]! })
without('a rule below the floor', alba, {
  type: 'propose',
  proposal: { action: 'policy', policy: { admit: 1 } },
})
without(
  'a key from before the admission is granted',
  alba,
  { type: 'grant', epochs: [first.epoch], device: drago.own.id, box: new Uint8Array(1300) },
  unsuspended,
)
without('a feed under a wrong name', alba, { type: 'feed', feed: albasFeed, incarnation: random.bytes(16) })

function flipped(wire: Uint8Array, at: number): Uint8Array {
  const bytes = wire.slice()
  bytes[at]! ^= 1
  return bytes
}
function twiceSigned(wire: Uint8Array): Uint8Array {
  const [entry, sigs] = expectOk(decodeCbor(wire)) as readonly [Cbor, readonly Cbor[]]
  return encodeCbor([entry, [...sigs, ...sigs]])
}
/** `v: 1` written as 0x18 0x01. */
function longInteger(wire: Uint8Array): Uint8Array {
  const at = wire.findIndex((byte, i) => byte === 0x61 && wire[i + 1] === 0x76)
  return Uint8Array.of(...wire.subarray(0, at + 2), 0x18, ...wire.subarray(at + 2))
}

// ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const entries = names.map(({ name, id }) => {
  const entry = ledger.entry(id as EntryId)!
  return { name, id, wire: hex(entry.wire), void: state.void.has(entry.id) }
})
writeFileSync(
  new URL('ledger.json', import.meta.url),
  `${JSON.stringify(
    {
      about: 'docs/spec/ledger.md and keys.md. Made by make-ledger.ts.',
      coll: ledger.coll,
      entries,
      state: {
        kind: state.kind,
        heads,
        members: [...state.members.keys()],
        standing: Object.fromEntries([...state.devices].map(([id, { standing }]) => [id, standing])),
        finals: state.finals,
        votes: [...state.members.values()].flatMap(({ id, votes }) => (votes ? [id] : [])),
        hash: hex(state.hash),
      },
      bruna: { device: bruna.own.id, kemSk: hex(bruna.own.kemSk) },
      epochs: [first, second, third].map(({ epoch, key, boxes }) => ({
        epoch,
        key: hex(key),
        boxes: hex(boxes),
      })),
      content: records,
      hostile,
    },
    null,
    1,
  )}\n`,
)
