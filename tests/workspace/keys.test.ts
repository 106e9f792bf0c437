import { beforeEach, expect, test } from 'vitest'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { openBox, parseBoxSet } from '../../src/lib/ledger/boxes.ts'
import { openGrant } from '../../src/lib/ledger/grants.ts'
import { exportBundle, readBundleFile } from '../../src/lib/workspace/bundles.ts'
import { KemKeys } from '../../src/lib/workspace/kem-keys.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { World, type Person } from '../world/cast.ts'

const DAY = 24 * 3_600_000

let world: World
let ana: Person
let bea: Person
let cata: Person

beforeEach(async () => {
  world = new World()
  ;[ana, bea, cata] = (await world.found('Ana', 'Bea', 'Cata')) as [Person, Person, Person]
})

const epochs = (person: Person): readonly EpochId[] => [...person.replica.state.epochs.keys()]
const kemOf = (person: Person) => ana.replica.state.devices.get(person.device)!.kemPk
const settleFor = async (ms: number) => {
  for (let passed = 0; passed < ms; passed += DAY / 2) {
    world.clock.pass(DAY / 2)
    await world.settle()
  }
}
/** The same on phones that mostly sleep. */
const sleepsFor = async (days: number) => {
  for (let passed = 0; passed < days; passed += 2) {
    world.clock.sleep(2 * DAY)
    await world.settle()
  }
}
/** Long enough to see that nothing more comes from anybody. */
const aMinute = async () => {
  for (let round = 0; round < 3; round++) {
    world.clock.pass(20_000)
    await world.settle()
  }
}
const settlesAll = async (): Promise<void> => {
  await ana.replica.flush()
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  for (const person of world.people)
    if (person !== ana && person.replica.state.members.get(person.member)?.votes)
      expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
}

test('nobody does anything for a month: there is a new key every week all the same, and one of it, not three', async () => {
  const before = epochs(ana).length
  await settleFor(29 * DAY)
  const made = epochs(ana).length - before
  expect(made).toBeGreaterThanOrEqual(3)
  expect(made).toBeLessThanOrEqual(5)
  for (const person of world.people)
    for (const epoch of epochs(ana).slice(-1)) expect(person.replica.keyring.has(epoch)).toBe(true)
})

test('whoever rotates takes a new key of their own, and everybody boxes to it from then on', async () => {
  const first = kemOf(ana)
  ana.replica.rotate()
  await world.settle()
  expect(kemOf(ana)).not.toEqual(first)
  const epoch = bea.replica.rotate()
  await world.settle()
  expect(ana.replica.keyring.has(epoch)).toBe(true)
})

test('attack 43: Eva copied Ana’s phone in silence; once Ana has a new key and there is a rotation, the copy opens nothing new', async () => {
  const copy = await ana.copied()
  world.cut(copy)
  ana.replica.rotate()
  await world.settle()
  const epoch = bea.replica.rotate()
  await world.settle()
  expect(ana.replica.keyring.has(epoch)).toBe(true)
  // Eva gets hold of everything that travels.
  copy.replica.absorbEntries(ana.replica.ledger.since([]).map(({ wire }) => wire))
  const boxes = expectOk(parseBoxSet((await bea.replica.boxes(epoch))!))
  for (const own of copy.replica.kem.holders())
    expect(openBox({ ledger: copy.replica.ledger, own, epoch, boxes })).toMatchObject({ ok: false })
})

test('Bea missed three rotations and as many of Ana’s keys; she is not locked out, and what she wrote alone arrives', async () => {
  world.cut(bea)
  await bea.writes('sola ')
  for (const words of ['uno ', 'dos ', 'tres ']) {
    ana.replica.rotate()
    await ana.writes(words)
    await world.settle()
  }
  world.connectAll()
  await world.settle()
  for (const person of world.people)
    for (const words of ['sola', 'uno', 'dos', 'tres']) expect(person.reads(), person.name).toContain(words)
  await bea.writes('de vuelta ')
  await world.settle()
  expect(cata.reads()).toContain('de vuelta')
})

test('somebody boxes to a key Ana had until yesterday: she still opens it', async () => {
  world.cut(cata)
  ana.replica.rotate()
  await world.settle()
  const late = cata.replica.rotate()
  world.connectAll()
  await world.settle()
  expect(ana.replica.keyring.has(late)).toBe(true)
})

test('a restart in between loses no key', async () => {
  ana.replica.rotate()
  await world.settle()
  await ana.restarts()
  world.connectAll()
  const epoch = bea.replica.rotate()
  await world.settle()
  expect(ana.replica.keyring.has(epoch)).toBe(true)
})

test('the phone dies between making a key and telling of it: the next start goes on with the old one', async () => {
  const kem = new KemKeys({ coll: ana.replica.coll, own: ana.replica.own, storage: ana.storage })
  await kem.restore()
  await kem.make(world.clock.now())
  await ana.restarts()
  world.connectAll()
  const epoch = bea.replica.rotate()
  await world.settle()
  expect(ana.replica.keyring.has(epoch)).toBe(true)
  ana.replica.rotate()
  await world.settle()
  expect(ana.replica.standing()).toBe('active')
})

test('a month after her last new key Ana makes the next one, and lets go of those before the last, in one breath: neither undoes the other', async () => {
  const now = world.clock.now()
  const kem = new KemKeys({ coll: ana.replica.coll, own: ana.replica.own, storage: ana.storage })
  const last = await kem.make(now)
  const making = kem.make(now + 31 * DAY)
  await kem.tidy(now + 31 * DAY, { isFinal: () => false, inUse: last! })
  const next = await making
  const again = new KemKeys({ coll: ana.replica.coll, own: ana.replica.own, storage: ana.storage })
  await again.restore()
  for (const one of [kem, again])
    expect([...one.holders()].map(({ device }) => device.kemPk)).toEqual([next, last])
})

test('a phone is closed while a key is about to be made: those it has are still there when it is opened again', async () => {
  const { coll, own } = ana.replica
  const kem = new KemKeys({ coll, own, storage: ana.storage })
  const first = await kem.make(world.clock.now())
  const [second, third] = [kem.make(world.clock.now()), kem.make(world.clock.now())]
  kem.forget()
  expect([await second, await third]).toEqual([null, null])
  const again = new KemKeys({ coll, own, storage: ana.storage })
  await again.restore()
  expect([...again.holders()].map(({ device }) => device.kemPk)).toEqual([first, own.device.kemPk])
})

test('the phone died before it told of a key: a month later the one before is still there, since all box to that', async () => {
  ana.replica.rotate()
  await world.settle()
  const told = kemOf(ana)
  const kem = new KemKeys({ coll: ana.replica.coll, own: ana.replica.own, storage: ana.storage })
  await kem.restore()
  const untold = await kem.make(world.clock.now())
  await kem.tidy(world.clock.now() + 31 * DAY, { isFinal: () => false, inUse: told })
  expect([...kem.holders()].map(({ device }) => device.kemPk)).toEqual([untold, told])
  await kem.tidy(world.clock.now() + 31 * DAY, { isFinal: () => false, inUse: untold! })
  expect([...kem.holders()].map(({ device }) => device.kemPk)).toEqual([untold])
})

test('once all have settled on it, the secret of an old key is gone from the phone, the very first one too', async () => {
  ana.replica.rotate()
  await world.settle()
  const first = ana.replica.row.own.kemSk.slice()
  await settlesAll()
  await world.settle()
  expect([...ana.replica.kem.holders()]).toHaveLength(1)
  const secrets = await everythingOn(ana)
  expect(secrets.some((value) => includes(value, first))).toBe(false)
  // And it is still Ana’s phone, before and after a restart.
  await ana.restarts()
  world.connectAll()
  const epoch = bea.replica.rotate()
  await world.settle()
  expect(ana.replica.keyring.has(epoch)).toBe(true)
})

test('a month later it is gone even if nothing was ever settled', async () => {
  ana.replica.rotate()
  await world.settle()
  const first = ana.replica.row.own.kemSk.slice()
  await settleFor(32 * DAY)
  const secrets = await everythingOn(ana)
  expect(secrets.some((value) => includes(value, first))).toBe(false)
})

test('attack 59: Dora has no key older than her admission; once that is final, whoever invited her hands them over', async () => {
  const old = epochs(ana)
  const dora = await world.admit('Dora', ana, bea)
  expect(old.some((epoch) => dora.replica.keyring.has(epoch))).toBe(false)
  await settleFor(2 * DAY)
  expect(old.some((epoch) => dora.replica.keyring.has(epoch))).toBe(false)
  await settlesAll()
  world.clock.pass(61_000)
  await world.settle()
  expect(old.every((epoch) => dora.replica.keyring.has(epoch))).toBe(true)
  const granted = [...ana.replica.state.grants].filter(({ device }) => device === dora.device)
  expect(granted.map(({ author }) => author)).toEqual([ana.device])
})

test('Bea was away for nine days: within a minute of her return there is a new key', async () => {
  world.cut(bea)
  bea.syncing.stop()
  bea.replica.close()
  await settleFor(4 * DAY)
  const before = epochs(ana)
  world.clock.pass(5 * DAY)
  const reopened = expectOk(
    await Replica.restore({
      row: bea.replica.row,
      storage: bea.storage,
      clock: world.clock,
      random: world.random,
    }),
  )
  world.clock.pass(61_000)
  await reopened.settled()
  expect(
    [...reopened.state.epochs.values()].some(
      ({ id, author }) => author === bea.device && !before.includes(id),
    ),
  ).toBe(true)
})

test('attack 42: a month after all settled, the keys of before are on no phone, and nothing recorded then can be opened', async () => {
  await ana.writes('antes ')
  await world.settle()
  const old = epochs(ana)
  ana.replica.rotate()
  await world.settle()
  const keys = old.map((epoch) => ana.replica.keyring.key(epoch)!.slice())
  await settlesAll()
  ana.replica.rotate()
  await world.settle()
  await sleepsFor(32)
  for (const person of world.people) await person.restarts()
  for (const person of world.people) {
    for (const epoch of old) expect(person.replica.keyring.has(epoch)).toBe(false)
    const rows = await everythingOn(person)
    for (const key of keys) expect(rows.some((value) => includes(value, key))).toBe(false)
    for (const epoch of old) expect(await person.replica.boxes(epoch)).toBe(null)
  }
  world.connectAll()
  await world.settle()
  for (const epoch of old) expect(ana.replica.keyring.has(epoch)).toBe(false)
  // And life goes on.
  await bea.writes('después ')
  await world.settle()
  for (const person of world.people) expect(person.reads()).toBe('antes después ')
}, 300_000)

test('Cata is away for longer than a month from just after an agreement: she comes back, reads all, can agree again, and only then lets go', async () => {
  await settlesAll()
  const [then] = epochs(cata).slice(-1) as [EpochId]
  world.cut(cata)
  // Under the key of the agreement, and later under others.
  await bea.writes('al otro día ')
  await sleepsFor(34)
  await ana.writes('semanas después ')
  await world.settle()
  await cata.restarts()
  expect(cata.replica.keyring.has(then)).toBe(true)
  world.connectAll()
  await world.settle()
  expect(cata.reads()).toBe('al otro día semanas después ')
  await settlesAll()
  expect(cata.replica.ledger.pin).toBe(cata.replica.state.finals.at(-1))
  await sleepsFor(2)
  await aMinute()
  for (const person of world.people) {
    expect(person.replica.keyring.has(then)).toBe(false)
    await person.restarts()
    expect(person.replica.keyring.has(then)).toBe(false)
  }
}, 300_000)

test('Cata comes back after more than a month, hears the acts, and her phone is closed before a word comes: the keys wait until she has read', async () => {
  await settlesAll()
  const [then] = epochs(cata).slice(-1) as [EpochId]
  world.cut(cata)
  await bea.writes('al otro día ')
  await sleepsFor(34)
  await cata.restarts()
  // Nothing written passes: held back here; on a slow way it comes after the acts as well.
  cata.syncing.pause()
  world.connectAll()
  await aMinute()
  expect(cata.replica.ledger.heads()).toEqual(ana.replica.ledger.heads())
  expect(cata.reads()).toBe('')
  await sleepsFor(2)
  expect(cata.replica.keyring.has(then)).toBe(true)
  await cata.restarts()
  expect(cata.replica.keyring.has(then)).toBe(true)
  world.connectAll()
  await world.settle()
  expect(cata.reads()).toBe('al otro día ')
  await settlesAll()
  expect(cata.replica.ledger.pin).toBe(cata.replica.state.finals.at(-1))
  await aMinute()
  expect(cata.replica.keyring.has(then)).toBe(false)
}, 300_000)

test('Cata meets nobody for more than a month: a file of everything that Ana gives her is as good, and then the keys go', async () => {
  await settlesAll()
  const [then] = epochs(cata).slice(-1) as [EpochId]
  world.cut(cata)
  await sleepsFor(34)
  await ana.writes('semanas después ')
  await cata.restarts()
  await aMinute()
  expect(cata.replica.keyring.has(then)).toBe(true)
  const { replica } = ana
  const { file } = expectOk(await exportBundle({ replica, random: world.random, now: world.clock.now() }))
  const secrets = [...cata.replica.kem.holders()].map(({ kemSk }) => kemSk)
  const target = { replica: cata.replica }
  const found = expectOk(await readBundleFile(file, { secrets, targetOf: () => target }))
  expect((await found.apply()).waits).toBe(false)
  await world.settle()
  expect(cata.reads()).toBe('semanas después ')
  expect(cata.replica.keyring.has(then)).toBe(false)
}, 300_000)

test('attack 42: what Dora was handed of the time before goes with the rest, and the act that handed it over never brings it back', async () => {
  const old = epochs(ana)
  const dora = await world.admit('Dora', ana, bea)
  await settlesAll()
  world.clock.pass(61_000)
  await world.settle()
  const keys = old.map((epoch) => dora.replica.keyring.key(epoch)!.slice())
  await sleepsFor(32)
  const isForgotten = async () => {
    const rows = await everythingOn(dora)
    expect(old.some((epoch) => dora.replica.keyring.has(epoch))).toBe(false)
    expect(keys.some((key) => rows.some((value) => includes(value, key)))).toBe(false)
  }
  await isForgotten()
  // It lies in the ledger still, and every act has it looked at again.
  const hers = dora.replica.state.grants.filter(({ device }) => device === dora.device)
  expect(old.every((epoch) => hers.some((grant) => grant.epochs.includes(epoch)))).toBe(true)
  ana.replica.rotate()
  await world.settle()
  await isForgotten()
  // Nor does any secret that is left on her phone open it.
  for (const grant of hers)
    for (const own of dora.replica.kem.holders())
      expect(openGrant({ ledger: dora.replica.ledger, own, grant })).toMatchObject({ ok: false })
  await dora.restarts()
  world.connectAll()
  await world.settle()
  await isForgotten()
}, 300_000)

test('attack 42: whoever settles again within the month puts off nothing, and what is gone is neither asked for nor complained of', async () => {
  const old = epochs(ana)
  ana.replica.rotate()
  await world.settle()
  await settlesAll()
  await sleepsFor(20)
  await settlesAll()
  await sleepsFor(12)
  const isForgotten = () => {
    for (const person of world.people) {
      for (const epoch of old) expect(person.replica.keyring.has(epoch), person.name).toBe(false)
      expect(person.replica.missingBoxes(), person.name).toEqual([])
    }
    expect(ana.replica.state.complaints).toEqual([])
  }
  isForgotten()
  await settlesAll()
  for (let minute = 0; minute < 2; minute++) {
    world.clock.pass(61_000)
    await world.settle()
  }
  isForgotten()
  for (const person of world.people) await person.restarts()
  world.connectAll()
  for (let minute = 0; minute < 2; minute++) {
    world.clock.pass(61_000)
    await world.settle()
  }
  isForgotten()
  await bea.writes('seguimos ')
  await world.settle()
  for (const person of world.people) expect(person.reads()).toBe('seguimos ')
}, 300_000)

const everythingOn = async (person: Person): Promise<readonly Uint8Array[]> => {
  const values: Uint8Array[] = []
  for (const table of ['meta', 'keys', 'boxes', 'snapshots', 'heads'] as const) {
    const { rows } = expectOk(await person.storage.all(table))
    values.push(...rows.map(([, value]) => value))
  }
  return values
}

const includes = (bytes: Uint8Array, part: Uint8Array): boolean =>
  Buffer.from(bytes).includes(Buffer.from(part))
