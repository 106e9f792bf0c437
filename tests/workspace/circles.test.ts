import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { Village, reads, writes } from './circle-cast.ts'

test('three of five found a circle: what one writes the others of it read, and nobody else has it', async () => {
  const village = new Village(1)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago', 'Elma')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  expect(new Set([hers, brunas, ceibas].map((one) => one!.replica.coll)).size).toBe(1)
  await writes(hers!, 'solo entre nosotras')
  await village.settle()
  expect([hers, brunas, ceibas].map((one) => reads(one!))).toEqual(Array(3).fill('solo entre nosotras'))
  expect(drago!.circles.all.read()).toEqual([])
  expect(drago!.shelf.ids('carried').length).toBeGreaterThan(0)
})

test('two of a circle who are never linked: Drago, who is not in it, carries for them both ways', async () => {
  const village = new Village(2)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas] = await village.circle(alba!, bruna!, ceiba!)
  await village.onlyLinked([alba!, drago!])
  await writes(hers!, 'ida ')
  await village.settle()
  expect(reads(brunas!)).toBe('')
  await village.onlyLinked([drago!, bruna!])
  expect(reads(brunas!)).toBe('ida ')
  await writes(brunas!, 'y vuelta')
  await village.settle()
  await village.onlyLinked([drago!, alba!])
  expect(reads(hers!)).toBe('ida y vuelta')
})

test('Bruna misses three rotations, never links anybody of the circle, and reads everything all the same', async () => {
  const village = new Village(3)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas] = await village.circle(alba!, bruna!, ceiba!)
  await village.onlyLinked([alba!, drago!])
  for (const word of ['uno ', 'dos ', 'tres']) {
    hers!.replica.rotate()
    await writes(hers!, word)
    await village.settle()
  }
  await village.onlyLinked([drago!, bruna!])
  await village.settle()
  expect(reads(brunas!)).toBe('uno dos tres')
})

test('what Ceiba heard from Alba alone reaches Bruna, though Alba’s phone is gone before it gave anything to carry', async () => {
  const village = new Village(4)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  await village.onlyLinked([alba!, ceiba!])
  await writes(hers!, 'dicho al oído')
  for (let i = 0; i < 6; i++) await village.world.network.settle()
  village.world.cut(alba!.person)
  await hers!.close()
  expect(reads(ceibas!)).toBe('dicho al oído')
  await village.onlyLinked([ceiba!, drago!])
  await village.longLater()
  await village.onlyLinked([drago!, bruna!])
  expect(reads(brunas!)).toBe('dicho al oído')
})

test('a phone that is suspended in the collective is suspended in the circle, gets no key of it, and comes back with a lift', async () => {
  const village = new Village(5)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  const pause = drago!.person.replica.suspend(ceiba!.person.device, 'lost')
  await village.settle()
  const inside = ceibas!.replica.own.id
  for (const circle of [hers!, brunas!])
    expect(circle.replica.state.devices.get(inside)?.standing).toBe('suspended')
  await writes(hers!, 'ya sin ella')
  await village.settle()
  expect(reads(brunas!)).toBe('ya sin ella')
  expect(reads(ceibas!)).toBe('')
  const epochs = [...hers!.replica.state.epochs.values()]
  expect(epochs.at(-1)!.recipients).not.toContain(inside)
  expect(epochs.filter(({ id }) => !ceibas!.replica.keyring.has(id)).length).toBeGreaterThan(0)
  drago!.person.replica.act({ type: 'withdraw', target: pause })
  drago!.person.replica.rotate()
  await village.settle()
  for (const circle of [hers!, brunas!])
    expect(circle.replica.state.devices.get(inside)?.standing).toBe('active')
  await village.longLater()
  const [newest] = [...hers!.replica.state.epochs.values()].sort((a, b) => b.depth - a.depth)
  expect(newest!.recipients).toContain(inside)
  expect(ceibas!.replica.keyring.has(newest!.id)).toBe(true)
  await writes(ceibas!, 'de vuelta')
  await village.settle()
  expect(reads(hers!)).toContain('de vuelta')
})

test('Bruna was away while Ceiba was paused and taken back: she reads what was written in between', async () => {
  const village = new Village(11)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  village.world.cut(bruna!.person)
  const pause = drago!.person.replica.suspend(ceiba!.person.device, 'lost')
  await village.settle()
  await writes(hers!, 'mientras tanto')
  await village.settle()
  drago!.person.replica.act({ type: 'withdraw', target: pause })
  drago!.person.replica.rotate()
  await village.longLater()
  village.world.connectAll()
  await village.longLater()
  expect(reads(brunas!)).toBe('mientras tanto')
  for (const circle of [hers!, brunas!, ceibas!])
    expect(circle.replica.state.devices.get(ceibas!.replica.own.id)?.standing).toBe('active')
  expect(brunas!.replica.missingBoxes()).toEqual([])
})

test('who is removed from the collective is out of every circle, whoever of them hears of it first', async () => {
  const village = new Village(6)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  const { replica } = drago!.person
  const proposal = replica.act({
    type: 'propose',
    proposal: { action: 'removeMember', member: ceiba!.person.member, annul: [] },
  })
  await village.settle()
  for (const { person } of [alba!, bruna!]) person.replica.act({ type: 'approve', proposal, seen: [] })
  await village.settle()
  if (!replica.state.devices.get(ceiba!.person.device)!.revokedBy.length)
    replica.act({ type: 'enact', proposal })
  await village.settle()
  for (const circle of [hers!, brunas!])
    expect(circle.replica.state.devices.get(ceibas!.replica.own.id)?.standing).toBe('revoked')
})

test('Drago is asked into the circle, two of it vouch, and Drago reads and writes there', async () => {
  const village = new Village(7)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas] = await village.circle(alba!, bruna!, ceiba!)
  await writes(hers!, 'antes ')
  await village.settle()
  const flow = expectOk(alba!.circles.invite(hers!, { title: 'Sal', device: drago!.person.device }))
  await village.settle()
  drago!.circles.invitations.read()[0]!.accept()
  await village.settle()
  const proposal = flow.proposal()!
  expect(drago!.circles.all.read()).toEqual([]) // one voice is not enough
  brunas!.replica.act({ type: 'approve', proposal, seen: [] })
  await village.settle()
  await village.longLater()
  const [dragos] = drago!.circles.all.read()
  expect(reads(dragos!)).toBe('antes ')
  await writes(dragos!, 'después')
  await village.settle()
  expect(reads(brunas!)).toBe('antes después')
})

test('Bruna leaves the circle and stays in the collective', async () => {
  const village = new Village(8)
  const [alba, bruna, ceiba] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers, brunas, ceibas] = await village.circle(alba!, bruna!, ceiba!)
  brunas!.replica.act({ type: 'retire', frontier: [] })
  await village.settle()
  await writes(hers!, 'sin Bruna')
  await village.settle()
  expect(reads(ceibas!)).toBe('sin Bruna')
  expect(reads(brunas!)).toBe('')
  expect(bruna!.person.replica.standing()).toBe('active')
})

test('two are too few: a circle is founded by three or more, and who declines is not asked why', async () => {
  const village = new Village(9)
  const [alba, bruna, ceiba] = await village.found('Alba', 'Bruna', 'Ceiba')
  const flow = expectOk(
    alba!.circles.found({ title: 'Sal', devices: [bruna!, ceiba!].map((p) => p.person.device) }),
  )
  await village.settle()
  bruna!.circles.invitations.read()[0]!.accept()
  ceiba!.circles.invitations.read()[0]!.decline()
  await village.settle()
  expect(flow.state.read()).toEqual({ step: 'ended', why: 'too few' })
  for (const { circles } of village.phones) expect(circles.all.read()).toEqual([])
  expect(bruna!.circles.invitations.read()).toEqual([])
})

test('after a restart the circle is there, with who belongs to whom, and goes on', async () => {
  const village = new Village(10)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const [hers] = await village.circle(alba!, bruna!, ceiba!)
  await writes(hers!, 'uno ')
  await village.settle()
  const again = await village.restart(bruna!)
  const [brunas] = again.circles.all.read()
  expect(reads(brunas!)).toBe('uno ')
  village.world.connectAll()
  await village.settle()
  await writes(brunas!, 'dos')
  await village.settle()
  expect(reads(hers!)).toBe('uno dos')
  drago!.person.replica.suspend(again.person.device, 'lost')
  await village.settle()
  expect(hers!.replica.state.devices.get(brunas!.replica.own.id)?.standing).toBe('suspended')
})

test('a circle settles what stands in it: over links among its own, and whoever has only carriers waits for one', async () => {
  const village = new Village(13)
  const [alba, bruna, ceiba, drago] = await village.found('Alba', 'Bruna', 'Ceiba', 'Drago')
  const circles = await village.circle(alba!, bruna!, ceiba!)
  await writes(circles[0]!, 'entre tres ')
  await village.settle()
  await village.onlyLinked([alba!, bruna!], [alba!, drago!], [drago!, ceiba!])
  const { replica } = circles[0]!
  await replica.flush()
  const id = expectOk(replica.checkpoints.propose())
  await village.longLater()
  const checks = () => circles.map((circle) => circle.replica.checkpoints.checkOf(id))
  expect(circles[2]!.replica.state.checkpoints.get(id)?.status).toBe('open')
  expect(checks()).toEqual(['same', 'same', 'missing'])
  expect(circles[2]!.replica.checkpoints.cosign(id)).toMatchObject({
    error: { type: 'CheckpointIncomplete' },
  })

  await village.onlyLinked([alba!, bruna!], [alba!, ceiba!], [drago!, ceiba!])
  village.world.clock.pass(26_000)
  await village.longLater()
  expect(checks()).toEqual(['same', 'same', 'same'])
  for (const circle of circles.slice(1)) expectOk(circle.replica.checkpoints.cosign(id))
  await village.longLater()
  for (const circle of circles) {
    expect(circle.replica.ledger.pin).toBe(id)
    expect(reads(circle)).toBe('entre tres ')
  }
  // Outside it nobody knows that anything was settled.
  expect(drago!.person.replica.ledger.pin).toBe(null)
})
