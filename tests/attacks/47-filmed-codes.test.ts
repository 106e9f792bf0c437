import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { done, founded, neighbourhood, scanEachOther } from '../workspace/neighbourhood.ts'

const meetingAtADoor = async (kind: 'join' | 'device') => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const inviting = expectOk(await valley.during(alba!.space.inviteHere(kind)))
  const drago = expectOk(await valley.during(valley.arrive().workspace.joinHere(kind, 'Drago')))
  const mallory = expectOk(await valley.during(valley.arrive().workspace.joinHere(kind, 'Drago')))
  return { valley, alba: alba!, bruna: bruna!, ceiba: ceiba!, inviting, drago, mallory }
}

test.each(['join', 'device'] as const)(
  'attack 47: Mallory films Alba’s code (%s) and connects first, under Drago’s name: Alba sees nobody, and nobody is proposed',
  async (kind) => {
    const { valley, bruna, inviting, drago, mallory } = await meetingAtADoor(kind)
    // Alba has scanned Drago. Mallory has filmed both codes, and is there before he is.
    expectOk(inviting.encounter!.take(drago.encounter!.code))
    expectOk(mallory.encounter!.take(inviting.encounter!.code))
    await valley.live(5000)
    expect(inviting.state.read()).toEqual({ step: 'here', guest: null })
    expect(mallory.state.read().step).not.toBe('waiting')
    inviting.confirmWords('', true)
    await valley.live()
    expect(bruna.space.membership.read().decisions).toEqual([])
  },
)

test('attack 47: after Mallory tried, Drago still comes in by the same codes, and she does not', async () => {
  const { valley, bruna, inviting, drago, mallory } = await meetingAtADoor('join')
  expectOk(mallory.encounter!.take(inviting.encounter!.code))
  await valley.live()
  await scanEachOther(valley, inviting, drago)
  expect(inviting.state.read()).toMatchObject({ step: 'here', guest: { name: 'Drago' } })
  inviting.confirmWords('', true)
  await valley.live()
  const [decision] = bruna.space.membership.read().decisions
  expectOk(await bruna.space.approve(decision!.id))
  await valley.live(8000)
  expect(done(drago).membership.read().members).toHaveLength(4)
  expect(mallory.state.read().step).not.toBe('done')
})

test('attack 47: Mallory relays Drago’s code as her own and is not who Alba’s phone promised itself to', async () => {
  const { valley, inviting, drago, mallory } = await meetingAtADoor('join')
  // She stands between: each of the two scanned her screen, on which the other’s code is shown.
  expectOk(inviting.encounter!.take(drago.encounter!.code))
  expectOk(drago.encounter!.take(inviting.encounter!.code))
  expectOk(mallory.encounter!.take(drago.encounter!.code))
  await valley.live(5000)
  // Then they are linked with each other and not with her, and that is all a picture of a code can do.
  expect(inviting.state.read()).toMatchObject({ step: 'here', guest: { name: 'Drago' } })
  expect(drago.state.read()).toEqual({ step: 'waiting', host: 'Alba' })
  expect(mallory.state.read().step).not.toBe('waiting')
})
