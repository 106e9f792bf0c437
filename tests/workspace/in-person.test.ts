import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { deviceNames } from '../../src/lib/domain/device-names.ts'
import { people, peopleOf } from '../../src/lib/domain/people.ts'
import type { Space } from '../../src/lib/workspace/types.ts'
import { done, facing, founded, linkOf, neighbourhood, replicaOf, secondPhone } from './neighbourhood.ts'

test('Drago joins beside Alba: both scan, Alba looks at the name, Bruna vouches, and he has what is written', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  addArticle(alba!.space.doc.read(), { title: 'Retenes', kind: 'rule', text: 'Siempre de a dos.' })
  await alba!.space.flush()
  const drago = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, drago.workspace, {
    kind: 'join',
    name: 'Drago',
  })
  // Nothing is said to anybody before Alba has looked.
  expect(inviting.state.read()).toMatchObject({ step: 'here', guest: { name: 'Drago' } })
  expect(joining.state.read()).toEqual({ step: 'waiting', host: 'Alba' })
  expect(bruna!.space.membership.read().decisions).toEqual([])
  inviting.confirmWords('', true)
  await valley.live()
  expect(inviting.state.read()).toMatchObject({ step: 'vouching', name: 'Drago', have: 1, needed: 2 })
  expect(joining.state.read()).toEqual({ step: 'vouching', have: 1, needed: 2 })
  const [decision] = bruna!.space.membership.read().decisions
  expect(decision).toMatchObject({ action: 'admit', name: 'Drago', mayApprove: true })
  expectOk(await bruna!.space.approve(decision!.id))
  await valley.live(8000)
  const space = done(joining)
  expect(done(inviting)).toBe(alba!.space)
  expect(articles(space.doc.read()).read()).toMatchObject([{ title: 'Retenes' }])
  for (const one of [space, ceiba!.space])
    expect(
      people(one.doc.read())
        .read()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Alba', 'Bruna', 'Ceiba', 'Drago'])
})

test('three in one room found by scanning each other: no hub, no words but those of the genesis, and all of them are checked', async () => {
  const valley = neighbourhood()
  const homes = [valley.arrive(), valley.arrive(), valley.arrive()] as const
  const [alba, bruna, ceiba] = homes
  const notebook = await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  const host = await alba.workspace.proposeFounding(notebook, { title: 'Valle', myName: 'Alba' })
  const guests = []
  for (const [home, name] of [
    [bruna, 'Bruna'],
    [ceiba, 'Ceiba'],
  ] as const) {
    const shown = expectOk(await valley.during(host.showCode!()))
    const guest = expectOk(await valley.during(home.workspace.joinHere('found', name)))
    expectOk(shown.take(guest.encounter!.code))
    expectOk(guest.encounter!.take(shown.code))
    await valley.live()
    expect(shown.state.read().step).toBe('met')
    expect(guest.state.read()).toEqual({ step: 'waiting', host: 'Alba' })
    guests.push(guest)
  }
  expect(host.state.read()).toMatchObject({
    step: 'inviting',
    guests: [
      { name: 'Bruna', state: 'verified', words: null },
      { name: 'Ceiba', state: 'verified', words: null },
    ],
  })
  host.proposeGenesis()
  await valley.live()
  const words = [host, ...guests].map(({ state }) => {
    const now = state.read()
    return now.step === 'genesis' ? now.words.join(' ') : now.step
  })
  expect(words[0]!.split(' ')).toHaveLength(4)
  expect(new Set(words).size).toBe(1)
  for (const flow of [host, ...guests]) flow.signGenesis()
  await valley.live(8000)
  for (const flow of [host, ...guests]) {
    const { members } = done(flow).membership.read()
    expect(members.map(({ trust }) => trust).sort()).toEqual(['me', 'verified', 'verified'])
  }
})

test('a code for founding opens no other door, and whoever scanned only one way is not in', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = [valley.arrive(), valley.arrive(), valley.arrive()]
  const notebook = await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  const host = await alba.workspace.proposeFounding(notebook, { title: 'Valle', myName: 'Alba' })
  const shown = expectOk(await valley.during(host.showCode!()))
  const newcomer = expectOk(await valley.during(bruna.workspace.joinHere('join', 'Bruna')))
  expect(newcomer.encounter!.take(shown.code)).toMatchObject({
    error: { type: 'CodeOfAnotherKind', kind: 'found' },
  })
  const founder = expectOk(await valley.during(ceiba.workspace.joinHere('found', 'Ceiba')))
  expectOk(founder.encounter!.take(shown.code))
  await valley.live(30_000)
  expect(host.state.read()).toMatchObject({ step: 'inviting', guests: [] })
  host.cancel()
  founder.cancel()
  await valley.live()
})

test('“not yet” reaches the newcomer with a day and without a reason, and leaves no proposal behind', async () => {
  const valley = neighbourhood()
  const [alba, bruna] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const drago = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, drago.workspace, {
    kind: 'join',
    name: 'Drago',
  })
  inviting.confirmWords('', true)
  await valley.live()
  expect(bruna!.space.membership.read().decisions).toHaveLength(1)
  const until = Date.UTC(2030, 2, 3)
  inviting.notYet?.(until)
  await valley.live()
  expect(joining.state.read()).toEqual({ step: 'ended', why: 'not yet', until })
  expect(bruna!.space.membership.read().decisions).toEqual([])
})

test('whoever walks away while the others think is not let in behind their back', async () => {
  const valley = neighbourhood()
  const [alba, bruna] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const drago = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, drago.workspace, {
    kind: 'join',
    name: 'Drago',
  })
  inviting.confirmWords('', true)
  await valley.live()
  joining.cancel()
  await valley.live()
  expect(inviting.state.read()).toMatchObject({ step: 'ended' })
  expect(bruna!.space.membership.read().decisions).toEqual([])
})

test('Alba adds a second phone: Bruna vouches, one person has two phones, and both write', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  addArticle(alba!.space.doc.read(), { title: 'Retenes', kind: 'rule', text: 'Siempre de a dos.' })
  await alba!.space.flush()
  const second = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, second.workspace, {
    kind: 'device',
    name: 'El de la cocina',
  })
  inviting.confirmWords('', true)
  await valley.live()
  // Her own word is no voucher.
  expect(inviting.state.read()).toMatchObject({ step: 'vouching', have: 0, needed: 1 })
  const [mine] = alba!.space.membership.read().decisions
  expect(mine).toMatchObject({ action: 'addDevice', mayApprove: false })
  for (const { space } of [bruna!, ceiba!])
    expect(space.membership.read().decisions).toMatchObject([{ action: 'addDevice', name: 'Alba' }])
  expectOk(await bruna!.space.approve(bruna!.space.membership.read().decisions[0]!.id))
  await valley.live(8000)
  const space = done(joining)
  expect(space.me.member).toBe(alba!.space.me.member)
  expect(articles(space.doc.read()).read()).toMatchObject([{ title: 'Retenes' }])
  const hers = ceiba!.space.membership.read().members.find(({ id }) => id === space.me.member)!
  expect(hers.devices.map(({ standing }) => standing)).toEqual(['active', 'active'])
  expect(deviceNames(ceiba!.space.doc.read()).read().get(space.me.device)).toBe('El de la cocina')
  addArticle(space.doc.read(), { title: 'Desde la cocina', kind: 'rule', text: 'Hay agua.' })
  await space.flush()
  await valley.live()
  expect(
    articles(ceiba!.space.doc.read())
      .read()
      .map(({ title }) => title),
  ).toContain('Desde la cocina')
})

test('Bruna leaves by her own word: she is nobody’s any more here, her name fades, and what she wrote stays', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  addArticle(bruna!.space.doc.read(), { title: 'Lo de Bruna', kind: 'rule', text: 'Queda.' })
  expectOk(await bruna!.space.leave())
  await valley.live(8000)
  for (const { space } of [alba!, ceiba!]) {
    const her = space.membership.read().members.find(({ id }) => id === bruna!.space.me.member)
    expect(her).toMatchObject({ votes: false, devices: [{ standing: 'retired' }] })
    expect(peopleOf(space.doc.read(), [bruna!.space.me.member])[0]).toMatchObject({
      name: 'Bruna',
      state: 'left',
    })
    expect(articles(space.doc.read()).read()).toMatchObject([{ title: 'Lo de Bruna' }])
  }
  addArticle(alba!.space.doc.read(), { title: 'Después', kind: 'rule', text: 'Ya sin ella.' })
  await alba!.space.flush()
  await valley.live(8000)
  expect(articles(ceiba!.space.doc.read()).read()).toHaveLength(2)
  expect(articles(bruna!.space.doc.read()).read()).toHaveLength(1)
  expect(bruna!.space.readOnly.read()).toBe(true)
  expect(await bruna!.space.leave()).toMatchObject({ error: { type: 'NotAMember' } })
})

test('an agreement that waits for somebody who left does not keep the others from the next one', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  // The first is proposed when they found, and takes all three.
  const first = alba!.space.agreed.state.read().open[0]!
  expect(first).toMatchObject({ needed: 3, gone: [] })
  expect(alba!.space.agreed.state.read().mayPropose).toBe(false)
  expectOk(await bruna!.space.leave())
  await valley.live(8000)
  expect(bruna!.space.status.read()).toEqual({ type: 'out', how: 'left' })
  for (const { space } of [alba!, ceiba!]) {
    const now = space.agreed.state.read()
    expect(now.open).toMatchObject([{ id: first.id, needed: 3, gone: [bruna!.space.me.member] }])
    expect(now.mayPropose).toBe(true)
  }
  expectOk(await alba!.space.agreed.propose())
  await valley.live(8000)
  const second = ceiba!.space.agreed.state.read().open.find(({ id }) => id !== first.id)!
  expect(second).toMatchObject({ needed: 2, gone: [], check: 'same' })
  expectOk(await ceiba!.space.agreed.cosign(second.id))
  await valley.live(8000)
  for (const { space } of [alba!, ceiba!])
    expect(space.agreed.state.read()).toMatchObject({ final: { id: second.id }, open: [] })
})

test('a lost phone is retired for good only by more than half; found in time, a majority gives it back', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const standing = () =>
    alba!.space.membership.read().members.find(({ id }) => id === ceiba!.space.me.member)!.devices[0]!
      .standing
  addArticle(ceiba!.space.doc.read(), { title: 'Lo último', kind: 'rule', text: 'Antes de perderlo.' })
  await ceiba!.space.flush()
  await valley.live()
  expectOk(await alba!.space.suspend(ceiba!.space.me.device, 'lost'))
  await valley.live()
  expect(bruna!.space.lastEdits(ceiba!.space.me.device)).toContainEqual(
    expect.objectContaining({ text: 'Antes de perderlo.', where: { type: 'article', title: 'Lo último' } }),
  )

  // It is found: Bruna proposes to lift it, and Ceiba herself is not asked.
  expectOk(await bruna!.space.propose({ action: 'lift', device: ceiba!.space.me.device }))
  await valley.live()
  expect(standing()).toBe('suspended')
  const [lift] = alba!.space.membership.read().decisions
  expect(lift).toMatchObject({ action: 'lift', subjectDevice: ceiba!.space.me.device, mayApprove: true })
  expectOk(await alba!.space.approve(lift!.id))
  await valley.live(8000)
  expect(standing()).toBe('active')

  // Lost again: to propose its end pauses it at once, and ends nothing by itself.
  expectOk(await bruna!.space.propose({ action: 'revokeDevice', device: ceiba!.space.me.device }))
  await valley.live()
  expect(standing()).toBe('suspended')
  const end = alba!.space.membership.read().decisions.find(({ action }) => action === 'revokeDevice')
  expectOk(await alba!.space.approve(end!.id))
  await valley.live(8000)
  expect(standing()).toBe('revoked')
  expect(articles(alba!.space.doc.read()).read()).toMatchObject([{ title: 'Lo último' }])
})

test('Ceiba’s phone was retired and she comes in again with it: not over what it holds, and in a notebook apart she does', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const { device } = ceiba!.space.me
  expectOk(await alba!.space.propose({ action: 'revokeDevice', device }))
  await valley.live()
  const open = () => bruna!.space.membership.read().decisions
  expectOk(await bruna!.space.approve(open().find(({ action }) => action === 'revokeDevice')!.id))
  await valley.live(8000)
  expect(ceiba!.space.membership.read().me).toBe('revoked')
  const before = replicaOf(ceiba!.space).row
  for (const kind of ['join', 'device'] as const) {
    const { inviting, joining } = await facing(valley, alba!.space, ceiba!.workspace, { kind, name: 'Ceiba' })
    expect(joining.state.read()).toEqual({ step: 'ended', why: 'already here' })
    inviting.cancel()
    await valley.live(2000)
  }
  const link = await alba!.space.invite()
  const far = expectOk(await ceiba!.workspace.openLink(linkOf(link), 'Ceiba'))
  await valley.live()
  expect(far.state.read()).toEqual({ step: 'ended', why: 'already here' })
  link.cancel()
  await valley.live(2000)
  // Nothing was asked of anybody, and what she had is as it was.
  expect(open()).toEqual([])
  await ceiba!.workspace.close()
  const again = ceiba!.open()
  await again.restore()
  const kept = again.spaces.read().find(({ id }) => id === ceiba!.space.id)!
  expect(replicaOf(kept).row).toEqual(before)

  const apart = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, apart.workspace, {
    kind: 'join',
    name: 'Ceiba',
  })
  inviting.confirmWords('', true)
  await valley.live()
  expectOk(await bruna!.space.approve(open()[0]!.id))
  await valley.live(8000)
  expect(done(joining).membership.read().me).toBe('active')
})

test('Alba pauses the phone that brought in her other one, from that other one: it says so before, and nobody is said to have copied it', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const other = await secondPhone(valley, alba!.space, bruna!.space)
  const phone = (at: typeof other, id: typeof other.me.device) =>
    at.membership
      .read()
      .members.flatMap(({ devices }) => devices)
      .find((device) => device.id === id)!
  const first = alba!.space.me.device
  const [beside, both] = [other.me.device, [other, bruna!.space, ceiba!.space]]
  for (const at of both) expect(phone(at, first).brought).toEqual([beside])
  expectOk(await other.suspend(first, 'lost'))
  await valley.live(8000)
  for (const at of both) {
    expect(phone(at, first)).toMatchObject({
      standing: 'suspended',
      copied: false,
      suspensions: [{ through: false }],
    })
    expect(phone(at, beside)).toMatchObject({
      standing: 'suspended',
      copied: false,
      suspensions: [{ through: true }],
    })
  }
  // A decision about a phone says whose it is.
  expectOk(await bruna!.space.propose({ action: 'revokeDevice', device: first }))
  await valley.live()
  expect(ceiba!.space.membership.read().decisions).toMatchObject([{ action: 'revokeDevice', name: 'Alba' }])
})

test('two who never compared words read each other’s codes at a gathering: each is checked for the other, nobody else is, and it stays so', async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const dragos = valley.arrive()
  const { inviting, joining } = await facing(valley, alba!.space, dragos.workspace, {
    kind: 'join',
    name: 'Drago',
  })
  inviting.confirmWords('', true)
  await valley.live()
  expectOk(await bruna!.space.approve(bruna!.space.membership.read().decisions[0]!.id))
  await valley.live(8000)
  const drago = done(joining)
  const trusts = (who: Space, whom: Space) =>
    who.membership.read().members.find(({ id }) => id === whom.me.member)?.trust
  const both = () => [trusts(drago, ceiba!.space), trusts(ceiba!.space, drago)]
  // Drago was beside Alba, and beside nobody else.
  expect([trusts(drago, alba!.space), ...both()]).toEqual(['verified', 'unverified', 'unverified'])
  const mine = expectOk(await valley.during(drago.encounter()))
  const theirs = expectOk(await valley.during(ceiba!.space.encounter()))
  expectOk(mine.take(theirs.code))
  await valley.live()
  // One of two readings says nothing yet.
  expect(both()).toEqual(['unverified', 'unverified'])
  expectOk(theirs.take(mine.code))
  await valley.live()
  expect(mine.state.read()).toEqual({ step: 'met', member: ceiba!.space.me.member })
  expect(both()).toEqual(['verified', 'verified'])
  await dragos.workspace.close()
  const again = dragos.open()
  await again.restore()
  await valley.live()
  const [of, later] = [again.current.read()!, ceiba!.space]
  expect([trusts(of, later), trusts(of, bruna!.space)]).toEqual(['verified', 'unverified'])
})
