import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../src/lib/sync/ports.ts'
import { encodeBackup, parseBackup, rowsToCopy, writesOf } from '../../src/lib/workspace/backup-rows.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { Replica } from '../../src/lib/workspace/replica.ts'
import { Person, World } from '../world/cast.ts'
import { createDisk } from '../world/frail-storage.ts'
import { reads, Village, writes, type Phone } from './circle-cast.ts'

/** A copy as it stands in a file, before it is sealed. */
const copyOf = async (person: Person): Promise<Uint8Array> => {
  await person.replica.flush()
  return encodeBackup({ at: 0, rows: expectOk(await rowsToCopy(person.storage)) })
}

/** A phone that begins again from a copy. */
const restore = async (
  copy: Uint8Array,
  of: Person,
  storage: Storage = createMemoryStorage(),
): Promise<Person> => {
  expectOk(await storage.commit(writesOf(expectOk(parseBackup(copy)))))
  return open(of, storage)
}

const open = async (of: Person, storage: Storage): Promise<Person> => {
  const { world, clock } = of
  const { random } = world
  const replica = expectOk(await Replica.restore({ row: of.replica.row, storage, clock, random }))
  const person = new Person(`${of.name}, again`, replica, storage, world)
  world.people.push(person)
  return person
}

/** The phone is gone: at the bottom of a river. */
const loses = (person: Person): void => {
  const { world } = person
  world.cut(person)
  person.syncing.stop()
  person.replica.close()
  world.people.splice(world.people.indexOf(person), 1)
}

const actsOf = (person: Person, of = person) =>
  person.replica.ledger.entriesOf(of.device).map(({ act }) => act?.type)

/** What was boxed for a key that is lost is asked for, and handed over again, within minutes. */
const minutes = async (world: World, n: number): Promise<void> => {
  for (let i = 0; i < 2 * n; i++) {
    world.clock.pass(30_000)
    await world.settle()
  }
}

const forksSeenBy = (...people: readonly Person[]) => people.flatMap(({ replica }) => replica.feeds.forks())

test('a phone that begins again from a copy is read, and signs nothing before it has heard from somebody', async () => {
  const world = new World()
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Nos vemos a las seis. ')
  await world.settle()
  const copy = await copyOf(alba)
  loses(alba)
  const before = actsOf(bruna, alba)

  const again = await restore(copy, alba)
  expect(again.reads()).toBe('Nos vemos a las seis. ')
  expect(again.replica.awaitsOthers).toBe(true)
  expect(again.replica.mayAct()).toBe(false)
  world.clock.pass(2 * 24 * 3_600_000)
  await world.settle()
  expect(actsOf(again)).toEqual(before)
  expect(() => again.replica.rotate()).toThrow()

  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(false)
  await again.writes('Ya estoy. ')
  await world.settle()
  expect(bruna.reads()).toBe('Nos vemos a las seis. Ya estoy. ')
  world.link(again, cira)
  await world.settle()
  expect(cira.reads()).toBe(bruna.reads())
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
  expect(bruna.replica.state.devices.get(alba.device)?.standing).toBe('active')
})

test('what the old phone wrote, decided and changed after the copy was made comes back from the others, and nothing forks', async () => {
  const world = new World(2)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Uno. ')
  await world.settle()
  const copy = await copyOf(alba)
  // A suspension and its rotation, so also a new key; and records.
  await alba.writes('Dos. ')
  const suspension = alba.replica.suspend(cira.device, 'lost')
  await world.settle()
  alba.replica.act({ type: 'withdraw', target: suspension })
  alba.replica.rotate()
  await alba.writes('Tres. ')
  await world.settle()
  const acts = actsOf(bruna, alba)
  loses(alba)

  const again = await restore(copy, alba)
  expect(again.reads()).toBe('Uno. ')
  world.link(again, bruna)
  await world.settle()
  await minutes(world, 3)
  expect(again.reads()).toBe('Uno. Dos. Tres. ')
  await again.writes('Cuatro. ')
  await world.settle()
  world.link(again, cira)
  world.link(bruna, cira)
  await world.settle()
  for (const person of [bruna, cira, again]) expect(person.reads()).toBe('Uno. Dos. Tres. Cuatro. ')
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
  // One chain: what the old phone signed, and above it what this one does.
  expect(actsOf(bruna, alba).slice(0, acts.length)).toEqual(acts)
  expect(bruna.replica.state.devices.get(alba.device)?.standing).toBe('active')
  expect(bruna.replica.state.suspensions.size).toBe(0)
})

test('who is behind the copy does not count as having heard: one who knows, or two who do not', async () => {
  const world = new World(3)
  const [alba, bruna, cira, delia] = (await world.found('Alba', 'Bruna', 'Cira', 'Delia')) as [
    Person,
    Person,
    Person,
    Person,
  ]
  // Bruna and Cira are far away; only Delia hears of what Alba signs from here on.
  world.cut(bruna)
  world.cut(cira)
  alba.replica.rotate()
  await world.settle()
  const copy = await copyOf(alba)
  loses(alba)

  const again = await restore(copy, alba)
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(true)
  // What Bruna knows now she knows from this very phone.
  world.cut(again)
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(true)
  world.link(again, delia)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(false)
})

test('where nobody knows more than the copy, two others are enough', async () => {
  const world = new World(4)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  // Signed and never told: only the copy has it.
  world.cut(alba)
  alba.replica.rotate()
  const copy = await copyOf(alba)
  loses(alba)
  const again = await restore(copy, alba)
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(true)
  world.link(again, cira)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(false)
  await again.writes('Sigo. ')
  await world.settle()
  expect([bruna.reads(), cira.reads()]).toEqual(['Sigo. ', 'Sigo. '])
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
})

test('a copy of a phone that was paused meanwhile learns so at its first contact, and signs nothing', async () => {
  const world = new World(5)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Antes. ')
  await world.settle()
  const copy = await copyOf(alba)
  loses(alba)
  bruna.replica.suspend(alba.device, 'lost')
  await world.settle()
  const acts = actsOf(bruna, alba)

  const again = await restore(copy, alba)
  expect(again.replica.standing()).toBe('active')
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.standing()).toBe('suspended')
  expect(again.replica.mayAct()).toBe(false)
  await minutes(world, 3)
  expect(actsOf(bruna, alba)).toEqual(acts)
  expect(again.reads()).toBe('Antes. ')

  // Found to be hers after all: the others lift it, and it goes on.
  const lift = bruna.replica.propose({ action: 'lift', device: alba.device })
  await world.settle()
  cira.replica.approve(lift)
  cira.replica.act({ type: 'enact', proposal: lift })
  cira.replica.rotate()
  await minutes(world, 3)
  expect(again.replica.standing()).toBe('active')
  expect(again.replica.awaitsOthers).toBe(false)
  await again.writes('Después. ')
  await minutes(world, 1)
  for (const person of [bruna, cira]) expect(person.reads()).toBe('Antes. Después. ')
  expect(forksSeenBy(bruna, cira, again)).toEqual([])
})

test('both phones go on at once: the others hear that one was copied, and so does the phone it was made on', async () => {
  const world = new World(6)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Una. ')
  await world.settle()
  const copy = await copyOf(alba)
  // The old phone is only out of sight.
  world.cut(alba)
  const again = await restore(copy, alba)
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.awaitsOthers).toBe(false)
  await again.writes('Desde la copia. ')
  alba.replica.rotate()
  await alba.writes('Desde el teléfono viejo. ')
  await world.settle()
  world.link(alba, cira)
  await world.settle()
  await minutes(world, 1)
  const known = bruna.replica.state.devices.get(alba.device)
  expect(known?.standing).toBe('suspended')
  // The phone that was copied is told; the one from the copy may have forgotten.
  expect([alba.replica.isCopied, again.replica.isCopied, bruna.replica.isCopied]).toEqual([
    true,
    false,
    false,
  ])
  const reasons = [...bruna.replica.state.suspensions.values()].map(({ reason }) => reason)
  expect(reasons).toEqual(['evidence', 'evidence'])
  // No feed has two records for one place, and nothing that was written is lost to the others.
  expect(forksSeenBy(bruna, cira)).toEqual([])
})

test('the old phone is only shown what the copy signed: it says so, also after it was closed', async () => {
  const world = new World(12)
  const [alba, bruna] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person]
  const copy = await copyOf(alba)
  world.cut(alba)
  const again = await restore(copy, alba)
  world.link(again, bruna)
  await world.settle()
  loses(again)
  expect(alba.replica.isCopied).toBe(false)
  world.link(alba, bruna)
  await world.settle()
  expect(alba.replica.isCopied).toBe(true)
  await alba.restarts()
  expect(alba.replica.isCopied).toBe(true)
  // A copy of it that is opened later begins as every copy does.
  const later = await restore(await copyOf(alba), alba)
  expect([later.replica.awaitsOthers, later.replica.isCopied]).toEqual([true, false])
})

test('what is typed before anybody was seen is not lost when somebody is', async () => {
  const world = new World(7)
  const [alba, bruna] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person]
  await alba.writes('Una. ')
  await world.settle()
  const copy = await copyOf(alba)
  loses(alba)
  const again = await restore(copy, alba)
  await again.writes('Dos. ')
  expect(again.replica.saving.read()).toBe('saving')
  world.link(again, bruna)
  await world.settle()
  await world.settle()
  expect(again.replica.saving.read()).toBe('saved')
  expect(bruna.reads()).toBe('Una. Dos. ')
})

test('a notebook of one person goes on at once, under a new feed', async () => {
  const world = new World(8)
  const [alba] = (await world.found('Alba')) as [Person]
  await alba.writes('Sola. ')
  const before = alba.replica.feed
  const copy = await copyOf(alba)
  loses(alba)
  const again = await restore(copy, alba)
  expect(again.replica.awaitsOthers).toBe(false)
  expect(again.replica.feed).not.toBe(before)
  await again.writes('Todavía. ')
  await again.restarts()
  expect(again.reads()).toBe('Sola. Todavía. ')
})

test('wherever the phone stops while it begins again, it begins again once more, and nothing forks', async () => {
  const waited = new Set<boolean>()
  for (let stops = 0; stops < 12; stops++) {
    const world = new World(20 + stops)
    const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
    await alba.writes('Uno. ')
    await world.settle()
    const copy = await copyOf(alba)
    await alba.writes('Dos. ')
    alba.replica.rotate()
    await alba.writes('Tres. ')
    await world.settle()
    loses(alba)

    const disk = createDisk()
    const again = await restore(copy, alba, disk)
    disk.dieAfter(stops)
    world.link(again, bruna)
    await minutes(world, 2)
    waited.add(again.replica.awaitsOthers)
    loses(again)
    const last = await open(alba, disk.nextStart())
    world.link(last, bruna)
    world.link(last, cira)
    await minutes(world, 3)
    expect({ stops, awaits: last.replica.awaitsOthers }).toEqual({ stops, awaits: false })
    await last.writes('Cuatro. ')
    await minutes(world, 2)
    for (const person of [bruna, cira, last])
      expect({ stops, reads: person.reads() }).toEqual({ stops, reads: 'Uno. Dos. Tres. Cuatro. ' })
    expect(forksSeenBy(bruna, cira, last)).toEqual([])
    expect({ stops, standing: bruna.replica.state.devices.get(alba.device)?.standing }).toEqual({
      stops,
      standing: 'active',
    })
  }
  // Before and behind the step itself.
  expect(waited).toEqual(new Set([true, false]))
})

test('keys that were handed over for a key that is lost are handed over again when they are asked for', async () => {
  const world = new World(9)
  const [alba, bruna, dora] = (await world.found('Alba', 'Bruna', 'Dora')) as [Person, Person, Person]
  await dora.writes('Dora. ')
  await world.settle()
  const copy = await copyOf(dora)
  // A new key of Dora’s that the copy lacks; then an epoch she is no recipient of, and is handed for that key.
  dora.replica.rotate()
  await world.settle()
  const pause = bruna.replica.suspend(dora.device, 'doubtful')
  const epochs = [...bruna.replica.state.epochs.keys()]
  await alba.writes('Mientras. ')
  await world.settle()
  bruna.replica.act({ type: 'withdraw', target: pause })
  bruna.replica.rotate()
  await minutes(world, 2)
  expect(dora.reads()).toContain('Mientras. ')
  const handed = bruna.replica.state.grants.filter(({ device }) => device === dora.device)
  expect(handed.flatMap((grant) => grant.epochs)).toContain(epochs.at(-1))
  loses(dora)

  const again = await restore(copy, dora)
  world.link(again, bruna)
  await world.settle()
  expect(again.replica.keyring.has(epochs.at(-1)!)).toBe(false)
  await minutes(world, 4)
  expect(again.replica.keyring.has(epochs.at(-1)!)).toBe(true)
  expect(again.reads()).toBe(bruna.reads())
  await again.writes('Otra vez. ')
  await minutes(world, 1)
  expect(bruna.reads()).toContain('Otra vez. ')
  expect(forksSeenBy(bruna, again)).toEqual([])
})

test('circles come back with the phone, and wait for somebody of the circle', async () => {
  const village = new Village(35)
  const [ana, bea, delia] = (await village.found('Ana', 'Bea', 'Delia')) as [Phone, Phone, Phone]
  const [circle, beas] = (await village.circle(ana, bea, delia)) as [Circle, Circle]
  await writes(circle, 'Uno. ')
  await village.settle()
  await ana.circles.settled()
  const backup = { at: 0, rows: expectOk(await rowsToCopy(ana.person.storage)) }
  await writes(circle, 'Dos. ')
  await village.settle()

  await village.onlyLinked()
  const storage = createMemoryStorage()
  expectOk(await storage.commit(writesOf(backup)))
  ana.person.storage = storage
  const again = await village.restart(ana)
  const mine = again.circles.all.read()[0]!
  expect([again.person.replica.awaitsOthers, mine.replica.awaitsOthers]).toEqual([true, true])
  expect(reads(mine)).toBe('Uno. ')
  await village.onlyLinked([again, bea])
  for (let i = 0; i < 4; i++) await village.longLater()
  expect([again.person.replica.awaitsOthers, mine.replica.awaitsOthers]).toEqual([false, false])
  expect(reads(mine)).toBe('Uno. Dos. ')
  await writes(mine, 'Tres. ')
  await village.longLater()
  expect(reads(beas)).toBe('Uno. Dos. Tres. ')
  expect(beas.replica.feeds.forks()).toEqual([])
  expect([...beas.replica.state.suspensions]).toEqual([])
})

test('a person with two phones who loses one goes on with the other, and adds a third', async () => {
  const world = new World(10)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  await alba.writes('Desde el primero. ')
  const second = await addsPhone(world, alba, bruna)
  await second.writes('Desde el segundo. ')
  await world.settle()
  loses(second)
  alba.replica.suspend(second.device, 'lost')
  await world.settle()
  const third = await addsPhone(world, alba, cira)
  await third.writes('Desde el tercero. ')
  await minutes(world, 1)
  for (const person of [alba, bruna, cira, third])
    expect(person.reads()).toBe('Desde el primero. Desde el segundo. Desde el tercero. ')
  expect(standingsOf(alba, cira)).toEqual(['active', 'active', 'suspended'])
})

test('whoever loses the phone that brought in the other one needs a majority once', async () => {
  const world = new World(11)
  const [alba, bruna, cira] = (await world.found('Alba', 'Bruna', 'Cira')) as [Person, Person, Person]
  const second = await addsPhone(world, alba, bruna)
  loses(alba)
  bruna.replica.suspend(alba.device, 'lost')
  await world.settle()
  // Whoever had the lost phone could have brought in one of their own with it.
  expect(standingsOf(alba, cira)).toEqual(['suspended', 'suspended'])
  const lift = bruna.replica.propose({ action: 'lift', device: second.device })
  await world.settle()
  cira.replica.approve(lift)
  cira.replica.act({ type: 'enact', proposal: lift })
  cira.replica.rotate()
  await minutes(world, 1)
  expect(second.replica.standing()).toBe('active')
  expect(bruna.replica.state.devices.get(alba.device)?.standing).toBe('suspended')
  const third = await addsPhone(world, second, cira)
  await third.writes('Desde el tercero. ')
  await minutes(world, 1)
  for (const person of [bruna, cira, second]) expect(person.reads()).toBe('Desde el tercero. ')
})

const standingsOf = (person: Person, by: Person) =>
  by.replica.state.members
    .get(person.member)!
    .devices.map((device) => by.replica.state.devices.get(device)?.standing)
    .sort()

/** A further phone of the same person; another member vouches for it. */
const addsPhone = async (world: World, host: Person, voucher: Person): Promise<Person> => {
  const own = createDevice(world.random)
  const { coll } = host.replica
  const proposal = host.replica.act({
    type: 'propose',
    proposal: {
      action: 'addDevice',
      member: host.member,
      device: own.device,
      deviceId: own.id,
      binding: signBinding(own, coll, host.member),
      proof: null,
      verified: 'scan',
    },
  })
  await world.settle()
  voucher.replica.act({ type: 'approve', proposal, seen: [] })
  voucher.replica.act({ type: 'enact', proposal })
  voucher.replica.rotate()
  await world.settle()
  const entries = host.replica.ledger.since([]).map(({ wire }) => wire)
  const phone = await world.enter(
    `${host.name}, another`,
    { coll, own, member: host.member, newcomer: true, pin: host.replica.ledger.pin },
    entries,
  )
  world.connectAll()
  await world.settle()
  return phone
}
