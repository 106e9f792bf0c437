import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { rootsOf } from '../../src/lib/domain/document.ts'
import { peopleOf } from '../../src/lib/domain/people.ts'
import type { GuestFlow, Space } from '../../src/lib/workspace/types.ts'
import { done, facingBack, founded, linkOf, neighbourhood, replicaOf, sameWords } from './neighbourhood.ts'

const recoveryOn = (space: Space) =>
  space.membership.read().decisions.find(({ action }) => action === 'recover')
const memberOf = (space: Space, of: Space) =>
  space.membership.read().members.find(({ id }) => id === of.me.member)!
const waiting = (flow: GuestFlow) => {
  const state = flow.state.read()
  if (state.step !== 'agreeing') throw new Error(`not waiting: ${JSON.stringify(state)}`)
  return state
}

/** Five found; Elva writes and votes, then loses her phone. */
const elvaLosesHers = async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba, dalia, elva] = await founded(valley, 'Alba', 'Bruna', 'Ceiba', 'Dalia', 'Elva')
  addArticle(elva!.space.doc.read(), { title: 'Lo de Elva', kind: 'rule', text: 'Queda.' })
  await elva!.space.flush()
  await valley.live()
  return { valley, alba: alba!, bruna: bruna!, ceiba: ceiba!, dalia: dalia!, elva: elva! }
}

test('Elva comes back beside Alba: two make sure, a third agrees, and her name, place and words are there', async () => {
  const { valley, alba, bruna, ceiba, dalia, elva } = await elvaLosesHers()
  const fresh = valley.arrive()
  const as = { member: elva.space.me.member, name: 'Elva' }
  const { receiving, returning } = await facingBack(valley, alba.space, fresh.workspace, as)
  expect(receiving.state.read()).toMatchObject({ step: 'here', guest: { name: 'Elva' } })
  expect(recoveryOn(bruna.space)).toBeUndefined()
  receiving.confirmWords('', true)
  await valley.live()
  expect(receiving.state.read()).toMatchObject({ step: 'vouching', have: 1, needed: 3 })
  expect(waiting(returning)).toMatchObject({ person: 'Elva', host: 'Alba', have: 1, needed: 3, checked: 1 })
  expect(waiting(returning).missing.toSorted()).toEqual(['Bruna', 'Ceiba', 'Dalia'])

  // Bruna may not simply say yes: only one has made sure.
  const decision = recoveryOn(bruna.space)!
  expect(decision).toMatchObject({
    subject: elva.space.me.member,
    mayApprove: true,
    mayTrust: false,
    checks: [{ member: alba.space.me.member, how: 'beside' }],
  })
  expect(await bruna.space.approve(decision.id)).toEqual({ ok: false, error: { type: 'NeedsCheck' } })
  // On the phone: the same four words on both screens.
  expect(await bruna.space.returnWords(decision.id)).toEqual(waiting(returning).words)
  expectOk(await bruna.space.approve(decision.id, 'voice'))
  await valley.live()
  expect(waiting(returning)).toMatchObject({ have: 2, checked: 2 })
  // Elva herself is not asked, from no phone of hers.
  expect(recoveryOn(elva.space)).toMatchObject({ mayApprove: false })
  await elva.space.approve(decision.id, 'voice')
  await valley.live()
  expect(waiting(returning)).toMatchObject({ have: 2 })

  expect(recoveryOn(ceiba.space)).toMatchObject({ mayTrust: true })
  expectOk(await ceiba.space.approve(decision.id))
  await valley.live(8000)
  const back = done(returning)
  expect(done(receiving)).toBe(alba.space)
  expect(back.me.member).toBe(elva.space.me.member)
  for (const { space } of [alba, bruna, ceiba, dalia]) {
    const her = memberOf(space, elva.space)
    expect(her).toMatchObject({ votes: true, founder: true })
    expect(new Map(her.devices.map(({ id, standing }) => [id, standing]))).toEqual(
      new Map([
        [elva.space.me.device, 'revoked'],
        [back.me.device, 'active'],
      ]),
    )
    expect(peopleOf(space.doc.read(), [elva.space.me.member])[0]).toMatchObject({ name: 'Elva' })
    expect(articles(space.doc.read()).read()).toMatchObject([{ title: 'Lo de Elva' }])
  }
  // Two of those who agreed said how far they hold the old phone’s feed: up to there it counts.
  expect(replicaOf(alba.space).state.devices.get(elva.space.me.device)!.frontier).toHaveLength(1)
  expect(memberOf(alba.space, elva.space).trust).toBe('verified')
  expect(articles(back.doc.read()).read()).toMatchObject([{ title: 'Lo de Elva' }])

  // Whoever has the old phone learns that it is out, and gets nothing written since.
  addArticle(back.doc.read(), { title: 'De vuelta', kind: 'rule', text: 'Aquí estoy.' })
  await back.flush()
  await valley.live(8000)
  expect(elva.space.membership.read().me).toBe('revoked')
  expect(elva.space.readOnly.read()).toBe(true)
  expect(articles(elva.space.doc.read()).read()).toHaveLength(1)
  expect(articles(dalia.space.doc.read()).read()).toHaveLength(2)
})

test('from afar: by link and words with Alba, and what was asked outlives the lock of both phones', async () => {
  const { valley, alba, bruna, ceiba, elva } = await elvaLosesHers()
  const fresh = valley.arrive()
  const receiving = expectOk(await alba.space.letBack(elva.space.me.member, 'far'))
  const returning = expectOk(await fresh.workspace.returnByLink(linkOf(receiving), 'Elva'))
  await valley.live()
  sameWords(receiving, returning)
  await valley.live()
  expect(waiting(returning)).toMatchObject({ have: 1, needed: 3, checked: 1 })
  const words = waiting(returning).words
  expect(recoveryOn(bruna.space)).toMatchObject({ checks: [{ how: 'voice' }] })

  await fresh.workspace.close()
  await alba.workspace.close()
  await valley.live()
  expectOk(await bruna.space.approve(recoveryOn(bruna.space)!.id, 'beside'))
  await valley.live()
  const [albaAgain, freshAgain] = [alba.open(), fresh.open()]
  await albaAgain.restore()
  await freshAgain.restore()
  const goesOn = freshAgain.flow.read() as GuestFlow
  expect(waiting(goesOn)).toMatchObject({ person: 'Elva', host: 'Alba', needed: 0 })
  await valley.live(8000)
  expect(waiting(goesOn)).toMatchObject({ have: 2, needed: 3, checked: 2, words })
  expectOk(await ceiba.space.approve(recoveryOn(ceiba.space)!.id))
  await valley.live(12_000)
  const back = done(goesOn)
  expect(articles(back.doc.read()).read()).toMatchObject([{ title: 'Lo de Elva' }])
  // It is over: nothing is waited for after the next lock.
  await freshAgain.close()
  const later = fresh.open()
  await later.restore()
  expect(later.flow.read()).toBeNull()
  expect(later.spaces.read()).toHaveLength(1)
})

test('whoever waits can stop, and whoever received can say “not yet”: no proposal is left behind', async () => {
  const { valley, alba, bruna, elva } = await elvaLosesHers()
  const as = { member: elva.space.me.member, name: 'Elva' }
  const stopped = await facingBack(valley, alba.space, valley.arrive().workspace, as)
  stopped.receiving.confirmWords('', true)
  await valley.live()
  expect(recoveryOn(bruna.space)).toBeDefined()
  stopped.returning.cancel()
  await valley.live()
  expect(recoveryOn(bruna.space)).toBeUndefined()
  expect(stopped.receiving.state.read()).toMatchObject({ step: 'ended' })

  const later = await facingBack(valley, alba.space, valley.arrive().workspace, as)
  later.receiving.confirmWords('', true)
  await valley.live()
  const until = Date.UTC(2030, 2, 3)
  later.receiving.notYet?.(until)
  await valley.live()
  expect(later.returning.state.read()).toEqual({ step: 'ended', why: 'not yet', until })
  expect(recoveryOn(bruna.space)).toBeUndefined()
  expect(memberOf(alba.space, elva.space).devices).toMatchObject([{ standing: 'active' }])
})

test('a phone that has the collective already does not come in a second time', async () => {
  const { valley, alba, bruna, elva } = await elvaLosesHers()
  const as = { member: elva.space.me.member, name: 'Elva' }
  const { receiving, returning } = await facingBack(valley, alba.space, elva.workspace, as)
  expect(returning.state.read()).toEqual({ step: 'ended', why: 'already here' })
  await valley.live(6000)
  expect(receiving.state.read()).toMatchObject({ step: 'ended' })
  expect(recoveryOn(bruna.space)).toBeUndefined()
})

test('in a notebook nobody can be let back, and nobody lets themselves back', async () => {
  const valley = neighbourhood()
  const [alba, bruna] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  expect(await alba!.space.letBack(alba!.space.me.member, 'far')).toMatchObject({
    error: { type: 'NotYours' },
  })
  const alone = valley.arrive()
  const notebook = await alone.workspace.lightNotebook({ title: 'Mío', purpose: '', myName: 'Ema' })
  expect(await notebook.letBack(bruna!.space.me.member, 'far')).toMatchObject({ error: { type: 'TooFew' } })
})

test('the rehearsal says what it would really take, and leaves no trace', async () => {
  const { valley, alba, bruna, elva } = await elvaLosesHers()
  const before = replicaOf(alba.space).ledger.heads()
  const text = rootsOf(alba.space.doc.read())
  const rehearsal = alba.space.rehearse()
  expect(rehearsal).toMatchObject({ isPossible: true, needed: 3, voices: 5, checks: 2 })
  expect(rehearsal.people).toHaveLength(4)
  // Two practise: the same words on both phones today, others tomorrow.
  expect(bruna.space.rehearse().words).toEqual(rehearsal.words)
  await valley.live(8000)
  expect(replicaOf(alba.space).ledger.heads()).toEqual(before)
  expect(rootsOf(alba.space.doc.read())).toBe(text)
  expect(bruna.space.membership.read().decisions).toEqual([])

  const as = { member: elva.space.me.member, name: 'Elva' }
  const { receiving } = await facingBack(valley, alba.space, valley.arrive().workspace, as)
  receiving.confirmWords('', true)
  await valley.live()
  expect(recoveryOn(bruna.space)!.needed).toBe(rehearsal.needed)
})

test('whoever receives her puts a phone of their own in her place: its words are not those on her screen', async () => {
  const { valley, alba, bruna, elva } = await elvaLosesHers()
  const as = { member: elva.space.me.member, name: 'Elva' }
  const { receiving, returning } = await facingBack(valley, alba.space, valley.arrive().workspace, as)
  receiving.confirmWords('', true)
  await valley.live()
  const hers = waiting(returning).words
  // Alba’s altered app says nothing of it to Elva and proposes a phone that is in a drawer.
  const replica = replicaOf(alba.space)
  const planted = createDevice(systemRandom)
  const proposal = replica.act({
    type: 'propose',
    proposal: {
      action: 'recover',
      member: as.member,
      device: planted.device,
      deviceId: planted.id,
      binding: signBinding(planted, replica.coll, as.member),
    },
  })
  await valley.live()
  const asked = bruna.space.membership.read().decisions.find(({ id }) => id === proposal)
  expect(asked).toMatchObject({ action: 'recover', mayApprove: true, mayTrust: false })
  expect(await bruna.space.returnWords(proposal)).not.toEqual(hers)
})
