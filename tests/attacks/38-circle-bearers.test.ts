import { expect, test } from 'vitest'
import { bytesFromHex, hexFromBytes } from '../../src/lib/core/bytes.ts'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { dayOf } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { CARRIED_SIZES, sealCarried } from '../../src/lib/feed/carried.ts'
import { blobIdOf } from '../../src/lib/feed/files.ts'
import { TABLES } from '../../src/lib/sync/ports.ts'
import { encodeSyncMessage } from '../../src/lib/wire/sync.ts'
import { encodeFilesMessage, parseFilesMessage } from '../../src/lib/wire/files.ts'
import { CARRY_DAYS, Exchange } from '../../src/lib/sync/blobs-exchange.ts'
import { Shelf } from '../../src/lib/sync/blobs-shelf.ts'
import { createBoundDevice } from '../../src/lib/workspace/circle-binding.ts'
import { Gate } from '../../src/lib/workspace/circle-gate.ts'
import { TestClock } from '../world/time.ts'
import { Village, namesIn, reads, writes, type Phone } from '../workspace/circle-cast.ts'

const DAY = 86_400_000

const village = async (seed: number) => {
  const all = new Village(seed)
  const phones = (await all.found('Alba', 'Bruna', 'Ceiba', 'Drago')) as [Phone, Phone, Phone, Phone]
  return { village: all, phones, today: dayOf(all.world.clock.now()) }
}

/** Blobs as a circle’s look, of nobody’s circle. */
const noise = (day: number, coll: Parameters<typeof sealCarried>[1]['coll']) =>
  expectOk(sealCarried(new Uint8Array(10), { key: generateSecretKey(), coll, day }))

test('attack 38: all that Drago stores for a circle, and all that reaches Drago, names nobody in it and nothing of it', async () => {
  const { village: all, phones } = await village(1)
  const [alba, bruna, ceiba, drago] = phones
  const [hers, brunas] = await all.circle(alba, bruna, ceiba)
  await all.onlyLinked([alba, drago], [drago, bruna])
  const from = all.world.network.traffic.length
  await writes(hers!, 'solo entre nosotras')
  hers!.replica.rotate()
  await all.settle()
  await writes(brunas!, 'lo leí')
  await all.longLater()
  expect(reads(hers!)).toContain('lo leí')
  const { replica } = hers!
  const secrets = [...namesIn(replica), hexFromBytes(new TextEncoder().encode('solo entre'))]
  const rows = await Promise.all(
    TABLES.map(async (table) => expectOk(await drago.person.storage.all(table)).rows),
  )
  const dump = rows.flat().map(([key, value]) => key + hexFromBytes(value))
  // Every link here has Drago at one end: what travelled is what Drago saw.
  const seen = [...dump, ...all.world.network.traffic.slice(from).map(hexFromBytes)]
  for (const secret of secrets) {
    expect(bytesFromHex(secret).length).toBeGreaterThan(7)
    expect(seen.filter((bytes) => bytes.includes(secret))).toEqual([])
  }
  const carried = rows[TABLES.indexOf('blobs')]!.map(([, value]) => value.length)
  expect(carried.length).toBeGreaterThan(2)
  for (const size of carried) expect(CARRIED_SIZES).toContain(size)
})

test('attack 50: Drago’s phone floods the others with noise: its share is filled, the circle’s words still pass', async () => {
  const { village: all, phones, today } = await village(2)
  const [alba, bruna, ceiba, drago] = phones
  const [hers, brunas] = await all.circle(alba, bruna, ceiba)
  const { coll } = alba.person.replica
  const quota = { file: { bytes: 0, count: 0 }, carried: { bytes: 1_000_000, count: 20 } }
  const shelf = expectOk(await Shelf.open(alba.person.storage, coll, { quota }))
  const by = { kind: 'carried', from: drago.person.device, until: null } as const
  const results = []
  for (let i = 0; i < 40; i++) results.push(await shelf.put(noise(today, coll), by))
  const taken = results.filter(({ ok }) => ok).length
  expect(taken).toBeGreaterThan(10)
  expect(taken).toBeLessThanOrEqual(20)
  expectOk(await shelf.put(noise(today, coll), { ...by, from: bruna.person.device }))
  // What was its own goes out first, then one of each in turn: the flood waits behind the others.
  const mine = noise(today, coll)
  expectOk(await shelf.put(mine, { ...by, from: null }))
  const order = shelf.ids('carried')
  expect(order.indexOf(blobIdOf(mine))).toBeLessThan(order.length - taken)
  await writes(hers!, 'sigue')
  await all.settle()
  expect(reads(brunas!)).toBe('sigue')
})

test('attack 50: blobs nobody asked for, of a size no circle makes, from the past or from the future, are not taken', async () => {
  const { village: all, phones, today } = await village(3)
  const [alba, , , drago] = phones
  await all.onlyLinked([alba, drago])
  const { coll } = alba.person.replica
  const bad = [noise(today - CARRY_DAYS, coll), noise(today + 30, coll), new Uint8Array(5000)]
  const good = noise(today, coll)
  const [link] = [...drago.person.judged.keys()]
  link!.send('files', encodeFilesMessage({ type: 'blob', blob: good })) // not asked for
  await all.settle()
  expect(alba.shelf.ids('carried')).toEqual([])
  link!.receive('files', (bytes) => {
    const asked = parseFilesMessage(bytes)
    if (asked.ok && asked.value.type === 'want')
      for (const id of asked.value.ids)
        for (const blob of [...bad, good])
          if (blobIdOf(blob) === id) link!.send('files', encodeFilesMessage({ type: 'blob', blob }))
  })
  link!.send('files', encodeFilesMessage({ type: 'carry', ids: [...bad, good].map(blobIdOf) }))
  await all.settle()
  expect(alba.shelf.ids('carried')).toEqual([blobIdOf(good)])
})

test('a phone whose clock is a week ahead hands over what nobody keeps: it is asked once for each, and stays linked', async () => {
  const { village: all, phones, today } = await village(6)
  const [alba, , , drago] = phones
  await all.onlyLinked([alba, drago])
  const { coll } = alba.person.replica
  const ahead = Array.from({ length: 80 }, () => noise(today + 7, coll))
  const ids = ahead.map(blobIdOf)
  const [link] = [...drago.person.judged.keys()]
  let asked = 0
  link!.receive('files', (bytes) => {
    const message = parseFilesMessage(bytes)
    if (!message.ok || message.value.type !== 'want') return
    for (const id of message.value.ids) {
      asked += 1
      link!.send('files', encodeFilesMessage({ type: 'blob', blob: ahead[ids.indexOf(id)]! }))
    }
  })
  for (let twice = 0; twice < 2; twice++) {
    link!.send('files', encodeFilesMessage({ type: 'carry', ids }))
    await all.settle()
  }
  expect(asked).toBe(80)
  expect(alba.shelf.ids('carried')).toEqual([])
  expect([...drago.person.judged.keys()]).toContain(link)
  expect(alba.person.judged.size).toBe(1)
})

test('attack 46: Drago keeps what it carried and plays it all again, months later or to a new phone: nothing changes', async () => {
  const { village: all, phones } = await village(4)
  const [alba, bruna, ceiba, drago] = phones
  const [hers, brunas] = await all.circle(alba, bruna, ceiba)
  await writes(hers!, 'una vez')
  await all.settle()
  const kept = await Promise.all(drago.shelf.ids('carried').map((id) => drago.shelf.read(id)))
  const before = hexFromBytes(brunas!.replica.state.hash)
  await bruna.shelf.drop(bruna.shelf.ids('carried'))
  for (const blob of kept) await drago.exchange.carry(blob!)
  const again = await all.restart(bruna)
  all.world.connectAll()
  await all.settle()
  const [back] = again.circles.all.read()
  expect(reads(back!)).toBe('una vez')
  expect(hexFromBytes(back!.replica.state.hash)).toBe(before)
  const later = new TestClock()
  later.pass((CARRY_DAYS + 1) * DAY)
  const months = new Exchange({ shelf: drago.shelf, clock: later })
  await months.expire()
  expect(drago.shelf.ids('carried')).toEqual([])
  for (const blob of kept) await months.carry(blob!)
  expect(drago.shelf.ids('carried')).toEqual([])
})

test('attack 19: Ceiba’s phone is suspended in the collective: with all its keys it opens nothing the circle says from then on', async () => {
  const { village: all, phones } = await village(5)
  const [alba, bruna, ceiba, drago] = phones
  const [hers, , ceibas] = await all.circle(alba, bruna, ceiba)
  drago.person.replica.suspend(ceiba.person.device, 'seized')
  await all.settle()
  const acts = ceibas!.replica.ledger.since([]).length
  await writes(hers!, 'fuera de su alcance')
  await all.longLater()
  // The thief is handed everything that Drago carries.
  for (const id of drago.shelf.ids('carried'))
    expectOk(
      await ceiba.shelf.put((await drago.shelf.read(id))!, { kind: 'carried', from: null, until: null }),
    )
  const thief = await all.restart(ceiba)
  await all.settle()
  const [stolen] = thief.circles.all.read()
  expect(reads(stolen!)).toBe('')
  const held = hers!.replica.feeds.heads()
  const last = hers!.replica.feed!
  expect(held.some(({ feed }) => feed === last)).toBe(true)
  expect(stolen!.replica.feeds.nextSeq(last)).toBeLessThan(hers!.replica.feeds.nextSeq(last))
  expect(stolen!.replica.ledger.since([]).length).toBeGreaterThanOrEqual(acts)
  const newest = [...hers!.replica.state.epochs.values()].sort((a, b) => b.depth - a.depth)[0]!
  expect(stolen!.replica.keyring.has(newest.id)).toBe(false)
})

test('attack 30: a device says it belongs to Alba’s: without Alba’s word it is never spoken of in a circle', async () => {
  const { village: all, phones } = await village(6)
  const [alba, bruna, ceiba, drago] = phones
  const { parent, random } = { parent: alba.person.replica, random: all.world.random }
  const [hers] = await all.circle(alba, bruna, ceiba)
  const gate = new Gate(parent.ledger, hers!.gate.bindings)
  const forged = createBoundDevice(random, parent.coll, drago.person.replica.own)
  const device = { deviceId: forged.own.id, device: forged.own.device }
  expect(gate.binds(device, { ...forged.binding, above: alba.person.device })).toBe(false)
  const other = createBoundDevice(random, parent.coll, alba.person.replica.own)
  expect(gate.binds(device, { ...other.binding, device: forged.own.id })).toBe(false)
  expect(gate.binds(device, forged.binding)).toBe(true)
  expect(gate.devicesOf(drago.person.device)).toEqual([forged.own.id])
})

test('attack 38: they settle what stands in their circle by Drago’s phone alone, and all that lies on it and reached it tells neither who they are nor a word of it', async () => {
  const all = new Village(7)
  const phones = (await all.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elma')) as [Phone, ...Phone[]]
  const [alba, bruna, ceiba, drago, elma] = phones as [Phone, Phone, Phone, Phone, Phone]
  const circles = await all.circle(alba, bruna, ceiba)
  await all.onlyLinked()
  // From here on, so that only what passes now is counted.
  for (const { shelf } of [drago, elma]) await shelf.drop(shelf.ids('carried'))
  const from = all.world.network.traffic.length
  const planted = ['La reunión es el jueves', 'Comandante Jaguar']
  await writes(circles[0]!, planted.join(' '))
  const id = expectOk(circles[0]!.replica.checkpoints.propose())
  const goesRound = async (...round: Phone[]) => {
    for (const phone of round) {
      // Alba never meets Drago: Elma, who is in no circle either, carries between the two.
      await all.onlyLinked(phone === alba ? [elma, alba] : [drago, phone])
      await all.settle()
      await all.onlyLinked([elma, drago])
      if (phone === alba) await all.onlyLinked([elma, alba])
      await all.settle()
    }
  }
  await goesRound(alba, bruna, ceiba)
  for (const { replica } of circles.slice(1)) expectOk(replica.checkpoints.cosign(id))
  await goesRound(bruna, ceiba, alba, bruna, ceiba)
  for (const { replica } of circles) expect(replica.ledger.pin).toBe(id)
  const { replica } = circles[0]!
  const parts = replica.checkpoints.carriable()
  expect(parts.length).toBeGreaterThan(1)
  const ids = [
    replica.coll,
    ...replica.state.devices.keys(),
    ...replica.state.members.keys(),
    ...replica.state.feeds.keys(),
    ...replica.state.epochs.keys(),
    ...replica.ledger.since([]).map((one) => one.id),
    ...[...replica.state.devices.values()].map(({ device }) => hexFromBytes(device.signPk)),
    ...parts.map(({ digest }) => hexFromBytes(digest)),
  ].map((one) => Buffer.from(one, 'hex'))
  // A part itself, without the layer around it, would say which documents there are and how far everybody wrote.
  const bare = parts.map(({ digest }) => Buffer.from(replica.checkpoints.blob(digest)!).subarray(0, 48))
  const words = planted.map((word) => Buffer.from(word, 'utf8'))
  const secrets = [...ids, ...bare, ...words]
  const rows = await Promise.all(
    TABLES.map(async (table) => expectOk(await drago.person.storage.all(table)).rows),
  )
  const dump = rows.flat().map(([key, value]) => Buffer.concat([Buffer.from(key), value]))
  for (const where of [...dump, ...all.world.network.traffic.slice(from).map((one) => Buffer.from(one))])
    for (const secret of secrets) expect(where.includes(secret)).toBe(false)
  // The same search finds one where it does lie.
  expect(Buffer.from(replica.checkpoints.blob(parts[0]!.digest)!).includes(bare[0]!)).toBe(true)

  // Of each blob a day, one of six sizes, and from whom it came: Elma is in no circle, and Alba is in one.
  const shelved = drago.shelf.all()
  expect(shelved.length).toBeGreaterThan(5)
  for (const { size } of shelved) expect(CARRIED_SIZES).toContain(size)
  const by = (phone: Phone) => drago.shelf.heldFrom('carried', phone.person.device).count
  expect([by(alba), by(elma) > 0, by(bruna) > 0]).toEqual([0, true, true])
})

test('attacks 12, 13, 37: a phone inside the circle gives parts that are damaged, too many or of nothing: nothing is taken of them, nothing throws, and the rest goes on', async () => {
  const { village: all, phones, today } = await village(8)
  const [alba, bruna, ceiba, drago] = phones
  const circles = await all.circle(alba, bruna, ceiba)
  await writes(circles[0]!, 'lo nuestro')
  await all.onlyLinked([alba, drago])
  const id = expectOk(circles[0]!.replica.checkpoints.propose())
  const { replica } = circles[0]!
  const [epoch] = [...replica.state.epochs.values()].sort((a, b) => b.depth - a.depth)
  const sealed = { key: replica.keyring.key(epoch!.id)!, coll: replica.coll, day: today }
  const genuine = replica.checkpoints.carriable().map(({ digest }) => replica.checkpoints.blob(digest)!)
  const flipped = genuine.flatMap((part) =>
    [0, 1, part.length >> 1, part.length - 1].map((at) =>
      part.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    ),
  )
  const part = (bytes: Uint8Array) => encodeSyncMessage({ type: 'part', part: bytes })
  const random = (length: number) => all.world.random.bytes(length)
  const contents = [
    encodeCbor([
      1,
      [],
      [...flipped, ...genuine.map((one) => one.subarray(0, 40)), new Uint8Array()].map(part),
    ]),
    encodeCbor([1, [], Array.from({ length: 5000 }, () => part(random(8)))]),
    encodeCbor([
      1,
      [],
      [encodeCbor([11]), encodeCbor([11, 'x']), encodeCbor([11, random(9), 1]), random(30)],
    ]),
    encodeCbor([2, [], genuine.map(part)]),
    encodeCbor([1, 'x', 'y']),
    random(200),
  ]
  for (const content of contents) await alba.exchange.carry(expectOk(sealCarried(content, sealed)))
  for (const phone of [drago, bruna, ceiba]) {
    await all.onlyLinked([alba, drago], [drago, phone])
    await all.longLater()
  }
  for (const circle of circles) {
    expect(circle.replica.checkpoints.checkOf(id)).toBe('same')
    expect(reads(circle)).toBe('lo nuestro')
  }
  // What nobody asked for is nowhere but in the blob it came in.
  const rows = expectOk(await bruna.person.storage.all('snapshots', `${replica.coll}/blob/`)).rows
  expect(rows.length).toBe(genuine.length)
})
