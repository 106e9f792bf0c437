import { expect, test } from 'vitest'
import { idBytes } from '../../src/lib/core/ids.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { inspect } from '../../src/keeper/inspect.ts'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { Acknowledged } from '../../src/lib/workspace/acknowledged.ts'
import { World, type Person } from '../world/cast.ts'
import { House, spellings } from './house.ts'

/** Ana, Bea and Caro, and a keeper they let in. */
const withKeeper = async (about: { readonly quota?: number } = {}) => {
  const world = new World()
  const [ana, bea, caro] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world, about)
  await house.letIn(ana, bea)
  house.link(ana)
  await house.settle()
  house.cut()
  return { world, ana, bea, caro, house }
}

test('a keeper that was let in gets the ledger and everything sealed, and knows whom it keeps for', async () => {
  const world = new World()
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  const house = await House.open(world)
  await house.letIn(ana, bea)
  await ana.writes('escrito antes')
  expect(house.keeping.standing()).toBe('waiting')
  house.link(ana)
  await house.settle()
  expect(house.keeping.standing()).toBe('active')
  expect(house.keeping.ledger!.heads()).toEqual(ana.replica.ledger.heads())
  expect(house.keeping.shelf!.extents().map(({ feed, seq }) => [feed, seq])).toEqual(
    ana.replica.feeds.heads().map(({ feed, seq }) => [feed, seq]),
  )
})

test('two write and go away; a third comes back, meets the keeper alone, and reads it all', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  world.cut(caro)
  house.link(ana)
  house.link(bea)
  await ana.writes('de Ana, ')
  await house.settle()
  // A rotation Caro is not there for: its key reaches her only as a box the keeper cannot open.
  bea.replica.rotate()
  await house.settle()
  await bea.writes('de Bea')
  await house.settle()
  world.cut(ana)
  world.cut(bea)
  await house.restarts()
  expect(caro.reads()).toBe('')
  house.link(caro)
  await house.settle()
  expect(caro.reads()).toBe('de Ana, de Bea')
  await caro.writes('; de Caro')
  await house.settle()
  world.cut(caro)
  house.link(ana)
  await house.settle()
  expect(ana.reads()).toBe('de Ana, de Bea; de Caro')
})

test('what a keeper has of mine is known as soon as it says so, and what I write next within seconds', async () => {
  const { world, ana, house } = await withKeeper()
  const known = new Acknowledged({
    replica: ana.replica,
    syncing: ana.syncing,
    storage: ana.storage,
    clock: world.clock,
    moved: () => {},
  })
  const has = () => known.latest().find(({ device }) => device === house.device)?.upTo
  await ana.writes('antes de encontrarlo')
  expect(has()).toBeNull()
  house.link(ana)
  await house.settle()
  world.clock.pass(1500)
  await house.settle()
  expect(has()).toBe('all')
  await ana.writes(' y después')
  expect(has()).not.toBe('all')
  await house.settle()
  world.clock.pass(1500)
  await house.settle()
  expect(has()).toBe('all')
  expect(known.waiting()).toBe(0)
})

test('a keeper asks nobody for a welcome or a part, is sent none, and no presence and no file', async () => {
  const { world, ana, house } = await withKeeper()
  const before = world.network.sent.length
  house.link(ana)
  await house.settle()
  ana.replica.rotate()
  await ana.writes('algo')
  await house.settle()
  const kinds = new Set(
    world.network.sent.slice(before).map(({ message }) => {
      const parsed = parseSyncMessage(message)
      return parsed.ok ? parsed.value.type : 'no sync message'
    }),
  )
  for (const kind of ['welcome', 'wantWelcome', 'part', 'wantParts', 'box', 'no sync message'])
    expect(kinds).not.toContain(kind)
  expect(kinds).toContain('segment')
  expect(kinds).toContain('boxes')
})

test('no rotation has a box for a keeper, and what was boxed for it by mistake nobody could open', async () => {
  const { ana, house } = await withKeeper()
  house.link(ana)
  ana.replica.rotate()
  await house.settle()
  for (const { recipients } of house.keeping.state!.epochs.values())
    expect(recipients).not.toContain(house.device)
  expect(house.identity.own.kemSk.every((byte) => byte === 0)).toBe(true)
})

test('nothing anybody wrote, no name and no key lies on its disk or in what it lists', async () => {
  const { ana, bea, caro, house } = await withKeeper()
  for (const person of [ana, bea, caro]) house.link(person)
  const words = ['La tormenta llega el jueves', 'Comandante Jaguar', 'Notas de prueba']
  await ana.writes(words[0]!)
  await bea.writes(words[1]!, words[2])
  await house.settle()
  const secrets = [ana, bea, caro].flatMap(({ replica: { own, keyring, state } }) => [
    ...[...state.epochs.keys()].flatMap((epoch) => keyring.key(epoch) ?? []),
    own.signSk,
    own.kemSk,
    own.rvSk,
  ])
  expect(secrets.length).toBeGreaterThan(9)
  const planted = [...words, 'Ana', 'Bea', 'Caro'].filter((word) => word.length > 4)
  const listed = Buffer.from((await inspect(house.folder, systemRandom)).join('\n'))
  const holds = (where: Buffer, word: string) => spellings(word).some((spelling) => where.includes(spelling))
  for (const where of [house.disk(), listed]) {
    for (const word of planted) expect(holds(where, word)).toBe(false)
    for (const secret of secrets) {
      expect(where.includes(Buffer.from(secret))).toBe(false)
      expect(where.includes(Buffer.from(secret).toString('hex'))).toBe(false)
    }
  }
  // The same search finds what does lie there, and each of these where it lies in the clear.
  expect(house.disk().includes(Buffer.from(idBytes(ana.device)))).toBe(true)
  expect(listed.includes(ana.device)).toBe(true)
  for (const word of planted)
    for (const spelling of spellings(word))
      expect(holds(Buffer.concat([house.disk(), Buffer.from(' '), spelling]), word)).toBe(true)
})

test('what it lists is what a keeper sees: members, devices, feeds and epochs by id, with sizes', async () => {
  const { ana, house } = await withKeeper()
  house.link(ana)
  await ana.writes('algo')
  await house.settle()
  const lines = await inspect(house.folder, systemRandom)
  expect(lines).toContain(`keeper   ${house.device}`)
  expect(lines.filter((line) => line.startsWith('member'))).toHaveLength(3)
  expect(lines.filter((line) => line.startsWith('device'))).toHaveLength(4)
  expect(lines.some((line) => line.startsWith(`feed     ${ana.replica.feed}  records 0 to`))).toBe(true)
  expect(lines.some((line) => line.includes('none for this keeper'))).toBe(true)
})

test('one member pauses it: nothing more reaches it, and with the pause taken back it goes on', async () => {
  const { world, ana, bea, house } = await withKeeper()
  house.link(ana)
  house.link(bea)
  await ana.writes('antes')
  await house.settle()
  const pause = bea.replica.suspend(house.device, 'doubtful')
  await house.settle()
  expect(house.linked).toBe(0)
  const sizeThen = house.storage.size
  await ana.writes(' después')
  house.link(ana)
  house.link(bea)
  await house.settle()
  expect(house.linked).toBe(0)
  expect(house.storage.size).toBe(sizeThen)
  expect(ana.replica.state.devices.get(house.device)?.standing).toBe('suspended')
  bea.replica.act({ type: 'withdraw', target: pause })
  await world.settle()
  house.link(ana)
  await house.settle()
  expect(house.keeping.standing()).toBe('active')
  expect(house.keeping.shelf!.recordAt(ana.replica.feed!, 0)).not.toBeNull()
  expect(house.storage.size).toBeGreaterThan(sizeThen)
})

test('what Bea said against a keeper the others lift by a majority, and it keeps on keeping', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  house.link(ana)
  bea.replica.suspend(house.device, 'doubtful')
  await house.settle()
  expect(house.linked).toBe(0)
  const proposal = ana.replica.propose({ action: 'lift', device: house.device })
  await world.settle()
  expect(ana.replica.state.devices.get(house.device)?.standing).toBe('suspended')
  caro.replica.act({ type: 'approve', proposal, seen: [] })
  caro.replica.act({ type: 'enact', proposal })
  await world.settle()
  expect(bea.replica.state.devices.get(house.device)?.standing).toBe('active')
  await ana.writes('de nuevo')
  house.link(ana)
  await house.settle()
  expect(house.keeping.standing()).toBe('active')
  expect(house.keeping.shelf!.recordAt(ana.replica.feed!, 0)).not.toBeNull()
})

test('put to all from the screen of one, a keeper is retired for good by a majority', async () => {
  const { world, ana, bea, house } = await withKeeper()
  house.link(ana)
  ana.replica.suspend(house.device, 'doubtful')
  const proposal = ana.replica.propose({ action: 'revokeDevice', device: house.device })
  await world.settle()
  bea.replica.act({ type: 'approve', proposal, seen: [] })
  bea.replica.act({ type: 'enact', proposal })
  await house.settle()
  expect(ana.replica.state.devices.get(house.device)?.standing).toBe('revoked')
  house.link(ana)
  expect(house.linked).toBe(0)
})

test('a majority ends it: it looks for nobody and serves nobody', async () => {
  const { world, ana, bea, house } = await withKeeper()
  house.link(ana)
  await house.settle()
  const proposal = ana.replica.act({
    type: 'propose',
    proposal: { action: 'revokeDevice', device: house.device, frontier: [], annul: [] },
  })
  await world.settle()
  bea.replica.act({ type: 'approve', proposal, seen: [] })
  bea.replica.act({ type: 'enact', proposal })
  await house.settle()
  expect(ana.replica.state.devices.get(house.device)?.standing).toBe('revoked')
  expect(house.linked).toBe(0)
  house.link(ana)
  expect(house.linked).toBe(0)
})

test('a paused member gives its own late work to a keeper, and gets nothing of anybody from it', async () => {
  const { world, ana, bea, caro, house } = await withKeeper()
  for (const person of [ana, bea, caro]) house.link(person)
  await house.settle()
  world.cut(caro)
  ana.replica.suspend(caro.device, 'lost')
  await ana.writes('no para ese teléfono')
  await house.settle()
  const before = world.network.sent.length
  house.link(caro)
  await caro.writes('escrito por quien lo tiene')
  await house.settle()
  const reached = world.network.sent.slice(before).filter(({ to }) => to === caro.device)
  for (const { message } of reached) {
    const parsed = parseSyncMessage(message)
    expect(['heads', 'want', 'entries', 'ready', 'have']).toContain(parsed.ok ? parsed.value.type : '')
    if (parsed.ok && parsed.value.type === 'have')
      for (const { feed } of parsed.value.heads)
        expect(house.keeping.state!.feeds.get(feed)?.device).toBe(caro.device)
  }
  expect(caro.reads()).not.toContain('no para')
  expect(house.keeping.shelf!.recordAt(caro.replica.feed!, 0)).not.toBeNull()
})

test('the first who asks decides for whom it keeps', async () => {
  const { world, ana, house } = await withKeeper()
  const [eve] = await new World(7).found('Eve', 'Mal', 'Otro')
  const asked = { coll: eve!.replica.coll, pin: null, by: eve!.replica.own.device }
  expect(await house.keeping.accept(asked)).toBe('keeps for others')
  expect(house.keeping.coll).toBe(ana.replica.coll)
  expect(house.keeping.judge(eve!.device)).toBeNull()
  await world.settle()
})

test('a keeper whose disk fails while it is asked keeps for nobody yet, says so, and may be asked again', async () => {
  const world = new World(11)
  const [ana] = await world.found('Ana', 'Bea', 'Caro')
  const house = await House.open(world)
  const asked = { coll: ana!.replica.coll, pin: null, by: ana!.replica.own.device }
  house.full.add('meta')
  expect(await house.keeping.accept(asked)).toBe('disk failed')
  expect(house.keeping.coll).toBeNull()
  expect(house.keeping.standing()).toBe('idle')
  house.full.clear()
  expect(await house.keeping.accept(asked)).toBe('kept')
  expect(house.keeping.coll).toBe(asked.coll)
})

test('what others no longer hold is not held against it: a feed without its beginning is taken, and completed by whoever has it', async () => {
  const { world, ana, bea, house } = await withKeeper()
  const feed = ana.replica.feed!
  house.link(ana)
  await house.settle()
  world.cut(ana)
  world.link(ana, bea)
  await world.settle()
  for (const word of ['uno ', 'dos ', 'tres ', 'cuatro ']) {
    await ana.writes(word)
    await world.settle()
  }
  // Bea has let go of the beginning, as one does under a final checkpoint.
  const { seq, rec } = ana.replica.feeds.heads().find((head) => head.feed === feed)!
  const base = new Map([[feed, { seq: seq - 2, rec, clocks: new Map() }]])
  await bea.replica.packs.prune(base)
  world.cut(bea)
  house.link(bea)
  await house.settle()
  const extent = () => house.keeping.shelf!.extents().find((one) => one.feed === feed)!
  expect(extent().from).toBeGreaterThan(0)
  expect(extent().seq).toBe(seq)
  house.link(ana)
  await house.settle()
  expect(extent().from).toBe(0)
})

test('room used up: it says so, keeps what it has, serves it, and the ledger still comes', async () => {
  const { world, ana, bea, caro, house } = await withKeeper({ quota: 120_000 })
  world.cut(caro)
  house.link(ana)
  await ana.writes('cabe')
  await house.settle()
  const before = world.network.sent.length
  for (let n = 0; n < 8; n++) {
    await ana.writes(Buffer.from(systemRandom.bytes(9000)).toString('hex'))
    await house.settle()
  }
  expect(house.keeping.room.state.read()).toBe('used up')
  expect(house.storage.size).toBeLessThan(120_000)
  const told = world.network.sent.slice(before).filter(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === ana.device && parsed.ok && parsed.value.type === 'full'
  })
  expect(told).toHaveLength(1)
  expect(ana.syncing.isFull(house.device)).toBe(true)
  bea.replica.act({ type: 'merge' })
  await house.settle()
  expect(house.keeping.ledger!.heads()).toEqual(ana.replica.ledger.heads())
  world.cut(ana)
  house.link(caro)
  await house.settle()
  expect(caro.reads()).toMatch(/^cabe/)
})

test('attack 50: Caro’s phone asks a keeper for the boxes of every epoch, thousands of times: each comes once, then by the measure', async () => {
  const { world, ana, caro, house } = await withKeeper()
  world.cut(caro)
  house.link(ana)
  for (let i = 0; i < 3; i++) ana.replica.rotate()
  await house.settle()
  world.cut(ana)
  house.link(caro)
  await house.settle()
  const known = [...house.keeping.state!.epochs.keys()]
  world.network.sent.splice(0)
  const epochs = Array.from({ length: 4096 }, (_, i) => known[i % known.length]!)
  for (let minute = 0; minute < 5; minute++) {
    for (const link of caro.judged.keys())
      link.send('records', encodeSyncMessage({ type: 'wantBoxes', epochs }))
    await house.settle()
    world.clock.pass(60_000)
    await house.settle()
  }
  const boxes = world.network.sent.filter(({ to, message }) => {
    const parsed = parseSyncMessage(message)
    return to === caro.device && parsed.ok && parsed.value.type === 'boxes'
  })
  expect(boxes.length).toBeGreaterThanOrEqual(known.length)
  expect(boxes.length).toBeLessThan(2 * known.length + 64 + 5 * 30)
})
