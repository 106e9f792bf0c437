import { beforeEach, expect, test } from 'vitest'
import { createSignPair } from '../../src/lib/crypto/sign.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseEntry } from '../../src/lib/ledger/entry.ts'
import { parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'

let world: World
let ana: Person
let bea: Person
let cata: Person
let dani: Person
let fe: Person
let gema: Person
let hilda: Person

beforeEach(async () => {
  world = new World(38)
  const all = await world.found('Ana', 'Bea', 'Cata', 'Dani', 'Fe', 'Gema', 'Hilda')
  ;[ana, bea, cata, dani] = all as [Person, Person, Person, Person]
  ;[fe, gema, hilda] = all.slice(4) as [Person, Person, Person]
  await dani.writes('de todas ')
  await world.settle()
  // Ana meets nobody but those of whom the others decide.
  for (const one of [ana, cata, dani]) world.cut(one)
  for (const one of [cata, dani]) world.link(ana, one)
  await world.settle()
  world.network.sent.splice(0)
})

/** What went to somebody so far. */
const sentTo = ({ device }: Person): readonly SyncMessage[] =>
  world.network.sent.flatMap(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === device && parsed.ok ? [parsed.value] : []
  })

const kindsSentTo = (person: Person) => sentTo(person).map(({ type }) => type)

/** The act by which she is out, with what it stands on, and nothing that came beside or after. */
const expectToldWhy = (person: Person) => {
  const { ledger, state } = ana.replica
  const why = state.devices.get(person.device)!.revokedBy
  const told = sentTo(person)
  expect(kindsSentTo(person), person.name).toEqual(['entries'])
  const ids = told.flatMap((message) =>
    message.type === 'entries' ? message.entries.map((wire) => expectOk(parseEntry(wire)).id) : [],
  )
  expect(ids).toEqual(expect.arrayContaining([...why]))
  for (const id of ids) expect(ledger.inClosure(why, id)).toBe(true)
  expect(told.map((message) => message.type === 'entries' && message.heads)).toEqual([why])
}

const standingOf = (person: Person) => ana.replica.state.devices.get(person.device)?.standing

/** A majority ends a device; what else is said after that is for those who are left. */
const end = async (...out: Person[]): Promise<void> => {
  for (const { device } of out) {
    const proposal = bea.replica.propose({ action: 'revokeDevice', device })
    await world.settle()
    for (const one of [fe, gema, hilda]) one.replica.approve(proposal)
    await world.settle()
    fe.replica.act({ type: 'enact', proposal })
    await world.settle()
  }
  bea.replica.act({ type: 'invite', invitePk: createSignPair().publicKey, uses: 1 })
  bea.replica.rotate()
  await bea.writes('sin ella ')
  await world.settle()
}

test('Ana hears in one breath that Cata is out and what was said since: Cata, linked with her, hears the one and nothing of the other', async () => {
  await end(cata)
  world.link(ana, bea)
  await world.settle()
  expect(standingOf(cata)).toBe('revoked')
  expect(ana.reads()).toContain('sin ella')
  expectToldWhy(cata)
  expect(kindsSentTo(dani)).toContain('entries')
  expect(world.linked(ana, cata)).toBe(false)
})

test('Cata and Dani are out at once: each hears by what, and that the link with one ends tells the other nothing more', async () => {
  await end(cata, dani)
  world.link(ana, bea)
  await world.settle()
  expect([cata, dani].map(standingOf)).toEqual(['revoked', 'revoked'])
  for (const one of [cata, dani]) expectToldWhy(one)
})

test('Cata is suspended: she learns it, and from that breath on gets no key and no word of anybody', async () => {
  bea.replica.suspend(cata.device, 'doubtful')
  await bea.writes('sin ella ')
  await world.settle()
  world.link(ana, bea)
  await world.settle()
  await ana.writes('tampoco esto ')
  await world.settle()
  expect(standingOf(cata)).toBe('suspended')
  expect(cata.replica.standing()).toBe('suspended')
  for (const message of sentTo(cata)) {
    expect(['heads', 'entries', 'have', 'wantBoxes']).toContain(message.type)
    const feeds = message.type === 'have' ? message.heads.map(({ feed }) => feed) : []
    for (const feed of feeds) expect(ana.replica.state.feeds.get(feed)?.device).toBe(cata.device)
    const epochs = message.type === 'wantBoxes' ? message.epochs : []
    for (const epoch of epochs) expect(ana.replica.state.epochs.get(epoch)?.author).toBe(cata.device)
  }
  expect(world.linked(ana, cata)).toBe(true)
})
