import * as Y from 'yjs'
import { expect } from 'vitest'
import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import type { CollId, DeviceId, FeedId } from '../../src/lib/core/ids.ts'
import { rotationIsDue } from '../../src/lib/ledger/epochs.ts'
import type { Person } from '../world/cast.ts'
import type { Inside, Insider } from './inside.ts'
import type { Turmoil } from './turmoil.ts'

/** Somebody with one ledger, its keys and its document. */
export type Somebody = Pick<Person, 'name' | 'replica' | 'device' | 'doc'>

/** Those who share a ledger: a collective, or a circle of one. */
export type Society = {
  /** Those who belong. */
  readonly active: readonly Somebody[]
  /** Everybody who ever held a key, those shut out and copies of phones too. */
  readonly all: readonly Somebody[]
  /** Devices some act was ever aimed at, or that left: what they wrote may count or not. */
  readonly aimedAt: ReadonlySet<DeviceId>
  /** Devices whose disk somebody copied. */
  readonly copied: ReadonlySet<DeviceId>
  /** Who was away until a key was let go of everywhere, and reads on when the others have agreed again (checkpoint.md §8). */
  readonly waits: ReadonlySet<string>
  /** What somebody wrote and saw saved. */
  readonly written: readonly { readonly token: string; readonly device: DeviceId }[]
  readonly writes: (who: Somebody, token: string) => Promise<void>
  readonly settle: () => Promise<void>
}

/** What holds after everybody honest has met, whatever happened before. */
export const holdsItsPromises = async (turmoil: Turmoil): Promise<void> => {
  const collective = collectiveOf(turmoil)
  await holdsWithin(collective)
  const { inside } = turmoil
  if (!inside) return
  expect(inside.leaks, 'a key of a circle is made for who belongs to the collective').toEqual([])
  await inside.nobodyOutsideKnows()
  const outside = { ...collective, doubted: doubtedDevices(collective) }
  for (const coll of inside.circles().keys()) {
    const circle = circleOf(inside, coll, outside)
    await holdsWithin(circle)
    await agreesOnWhatStands(circle)
  }
}

const holdsWithin = async (society: Society): Promise<void> => {
  oneStateEverywhere(society)
  oneDocumentEverywhere(society)
  nothingLost(society)
  noPlaceSignedTwice(society)
  await nothingUsedTwice(society)
  keysOnlyForThoseWhoBelonged(society)
  await everybodyWhoBelongsIsHeard(society)
}

const collectiveOf = (turmoil: Turmoil): Society => ({
  ...{ active: turmoil.active(), all: turmoil.world.people, written: turmoil.written },
  ...{ aimedAt: turmoil.aimedAt, copied: turmoil.copied, waits: turmoil.waitsForAgreement },
  writes: (who, token) =>
    turmoil.writes(
      turmoil.world.people.find((one) => one.replica === who.replica)!,
      token,
    ),
  settle: () => turmoil.settle(),
})

/** A circle, as far as the collective around it leaves its people alone. */
const circleOf = (
  inside: Inside,
  coll: CollId,
  outside: Society & { readonly doubted: ReadonlySet<string> },
): Society => {
  const all = inside.circles().get(coll)!
  const isIn = new Set(outside.active.map(({ replica }) => replica))
  const here = all.filter(
    ({ replica, person }) => replica.standing() === 'active' && isIn.has(person.replica),
  )
  const isGone = ({ device }: Insider) => {
    const standings = here.map(({ replica }) => replica.state.devices.get(device)?.standing)
    const isOut = standings.some((standing) => standing === 'revoked' || standing === 'retired')
    return isOut || standings.filter((standing) => standing !== 'active').length * 2 > here.length
  }
  const within = (devices: ReadonlySet<string>) =>
    all.flatMap(({ device, person }) => (devices.has(person.device) ? [device] : []))
  return {
    ...{ active: here.filter((one) => !isGone(one)), all },
    aimedAt: new Set([...inside.aimedAt, ...within(outside.doubted)]),
    copied: new Set(within(outside.copied)),
    waits: new Set(within(outside.waits)),
    written: inside.written.filter((one) => one.coll === coll),
    writes: (who, token) => inside.writes(who, token),
    settle: () => inside.settle(),
  }
}

const oneStateEverywhere = (society: Society): void => {
  const [first, ...others] = society.active
  for (const { name, replica } of others) {
    expect(replica.ledger.heads(), `${name} has all acts`).toEqual(first!.replica.ledger.heads())
    expect(hexFromBytes(replica.state.hash), `${name} sees the same collective`).toBe(
      hexFromBytes(first!.replica.state.hash),
    )
  }
  if (first) expect(rotationIsDue(first.replica.state), 'nobody pays the rotation').toBe(false)
}

/**
 * Four see something else, and are told why: who waits for the others to agree again; who shows work of their own that does not count; a newcomer who was handed
 * what was set aside later, until a checkpoint is final; and a phone of which there is a copy, which may hold other keys.
 */
const oneDocumentEverywhere = (society: Society): void => {
  const active = society.active.filter(
    ({ device }) => !society.copied.has(device) && !society.waits.has(device),
  )
  const founders = active.filter(({ replica }) => !replica.row.newcomer)
  const same = active
    .filter(({ replica, device }) => !replica.setAside().some((aside) => aside.device === device))
    .filter((person) => founders.every((founder) => !wasHandedMore(person, founder)))
  const [first, ...others] = same
  for (const { name, doc } of same) expect(doc.store.pendingStructs, `${name} waits for nothing`).toBeNull()
  for (const { name, doc } of others) {
    expect(jsonOf(doc), `${name} reads the same as ${first!.name}`).toEqual(jsonOf(first!.doc))
    expect(vectorOf(doc), `${name} holds the same as ${first!.name}`).toEqual(vectorOf(first!.doc))
  }
}

/** Whether somebody counts records of a feed that the other does not, because the documents they began from held them. */
const wasHandedMore = (one: Somebody, other: Somebody): boolean =>
  one.replica.row.newcomer &&
  one.replica.feeds.positionsMerged().some(({ feed, seq }) => seq > (mergedOf(other).get(feed) ?? -1))

const mergedOf = ({ replica }: Somebody) =>
  new Map(replica.feeds.positionsMerged().map(({ feed, seq }) => [feed, seq]))

/** Of those who are honest and were never aimed at, nothing is lost. */
const nothingLost = (society: Society): void => {
  const forked = society.copied.size > 0
  const doubted = doubtedDevices(society)
  for (const { token, device } of society.written) {
    if (doubted.has(device) || society.copied.has(device)) continue
    // What was written upon the branch of a copied phone that did not stand is set aside with it, and kept.
    const isAside = ({ replica }: Somebody) => replica.setAside().some((aside) => aside.device === device)
    if (forked && society.active.some(isAside)) continue
    for (const { name, doc, device: reader } of society.active) {
      if (reader !== device && forked && society.copied.has(reader)) continue
      if (society.waits.has(reader)) continue
      expect(doc.getText('notes').toString().includes(token), `${name} reads ${token}`).toBe(true)
    }
  }
}

/** Those aimed at, and whoever was let in with an act of one of them: it may not count, and nor may what they wrote. */
const doubtedDevices = (society: Society): ReadonlySet<string> => {
  const doubted = new Set<string>(society.aimedAt)
  const judge = society.active[0]
  if (!judge) return doubted
  const letIn = new Map<string, string>()
  for (const { id, entry, act } of judge.replica.ledger.topological()) {
    if (act?.type === 'propose' && 'deviceId' in act.proposal) letIn.set(id, act.proposal.deviceId)
    const proposal = act?.type === 'approve' || act?.type === 'enact' ? act.proposal : id
    const device = letIn.get(proposal)
    if (device && doubted.has(entry.author)) doubted.add(device)
  }
  return doubted
}

/** I9: a place in a feed, a nonce or a client’s clock is used by an honest device once, whatever it was in the middle of. */
const nothingUsedTwice = async (society: Society): Promise<void> => {
  const used = new Map<string, string>()
  const once = (what: string, by: string) => {
    expect(used.get(what) ?? by, `${what} was used twice`).toBe(by)
    used.set(what, by)
  }
  for (const { replica } of society.active) {
    const honest = (feed: FeedId) => !society.copied.has(replica.state.feeds.get(feed)!.device)
    for (const { records } of await replica.packs.restore('isCountedOn'))
      for (const { id, pub } of records) {
        if (!replica.state.feeds.has(pub.feed) || !honest(pub.feed)) continue
        once(`place ${pub.feed} ${pub.seq}`, id)
        once(`nonce ${hexFromBytes(pub.nonce)}`, id)
      }
    // A clock used twice, or left out, is what makes a reader refuse an update.
    for (const { position, why } of replica.feeds.refused())
      expect(honest(position.feed), `an honest record is refused: ${JSON.stringify(why)}`).toBe(false)
  }
}

const noPlaceSignedTwice = (society: Society): void => {
  for (const { replica } of society.active)
    for (const { feed, seq } of replica.feeds.forks()) {
      const author = replica.state.feeds.get(feed)!.device
      expect(society.copied.has(author), `an honest device signed place ${seq} twice`).toBe(true)
    }
}

/** I10 I11: made for those who belonged, by what their maker knew, and held by nobody else. Asked of every keyring there is, also of those who are shut out and of copied phones. */
const keysOnlyForThoseWhoBelonged = (society: Society): void => {
  const judge = society.active[0]
  if (!judge) return
  const { ledger, state } = judge.replica
  const grants = ledger
    .topological()
    .flatMap(({ act, entry: { parents } }) => (act?.type === 'grant' ? [{ act, parents }] : []))
  for (const epoch of state.epochs.values()) {
    const { entry } = ledger.entry(epoch.id)!
    const view = ledger.stateOf(entry.parents)
    // Beside what was settled meanwhile the ledger reads it as if its maker had known (ledger.md, the late rule): then only who
    // got a key says what became of it.
    const isLate = state.finals.some(
      (final) => !ledger.isBelow(final, epoch.id) && !ledger.isBelow(epoch.id, final),
    )
    for (const recipient of epoch.recipients)
      if (!epoch.void && !isLate)
        expect(view.devices.get(recipient)?.standing, 'a key is made for who belongs').toBe('active')
    for (const person of society.all) {
      // A grant may be void by now; it was honest if whoever gave it saw a member in good standing.
      const granted = grants.some(
        ({ act, parents }) =>
          act.device === person.device &&
          act.epochs.includes(epoch.id) &&
          ledger.stateOf(parents).devices.get(person.device)?.standing === 'active',
      )
      if (!person.replica.keyring.has(epoch.id) || granted) continue
      expect(
        view.devices.get(person.device)?.standing,
        `${person.name} reads an epoch made when they were shut out`,
      ).toBe('active')
    }
  }
}

/** Nobody who belongs is locked out: what each writes now, all of them read. */
const everybodyWhoBelongsIsHeard = async (society: Society): Promise<void> => {
  const heard = society.active.filter(({ device }) => !society.copied.has(device))
  for (const person of heard) await society.writes(person, `[${person.name}]`)
  await society.settle()
  await society.settle()
  for (const reader of heard.filter(({ device }) => !society.waits.has(device)))
    for (const writer of heard)
      // Written upon the branch of a copied phone that does not stand, it is brought back, perhaps somewhere else.
      expect(
        reader.doc.getText('notes').toString() + JSON.stringify(reader.doc.getMap('articles').toJSON()),
        `${reader.name} hears ${writer.name}`,
      ).toContain(`[${writer.name}]`)
}

/** One proposes what stands, all who find the same sign; if they are enough, each of these holds to it, and all still read the same. */
const agreesOnWhatStands = async (society: Society): Promise<void> => {
  const [first, ...others] = society.active.filter(({ device }) => !society.copied.has(device))
  await first?.replica.flush()
  const proposed = first?.replica.checkpoints.propose()
  if (!first || !proposed?.ok) return
  const id = proposed.value
  await society.settle()
  for (const { replica } of others) replica.checkpoints.cosign(id)
  await society.settle()
  await society.settle()
  if (first.replica.state.checkpoints.get(id)?.status !== 'final') return
  for (const { name, replica } of society.active)
    if (replica.checkpoints.checkOf(id) === 'same')
      expect(replica.ledger.pin, `${name} holds to what all agreed on`).toBe(id)
  oneDocumentEverywhere(society)
}

const jsonOf = (doc: Y.Doc) => ({
  notes: doc.getText('notes').toString(),
  scratch: doc.getText('scratch').toString(),
  facts: doc.getMap('facts').toJSON(),
})

const vectorOf = (doc: Y.Doc) => [...Y.decodeStateVector(Y.encodeStateVector(doc))].sort(([a], [b]) => a - b)
