import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { idBytes, memberIdFrom } from '../../src/lib/core/ids.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { createSignPair, sign } from '../../src/lib/crypto/sign.ts'
import { founded, linkOf, neighbourhood } from '../workspace/neighbourhood.ts'
import { World } from '../world/cast.ts'

test('attack 48: Mallory opens the stolen link before Drago does: the words are not his, and nobody comes in', async () => {
  const valley = neighbourhood()
  const [alba, bruna] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const inviting = await alba!.space.invite()
  const link = linkOf(inviting)
  const mallory = expectOk(await valley.arrive().workspace.openLink(link, 'Drago'))
  await valley.live()
  const drago = expectOk(await valley.arrive().workspace.openLink(link, 'Drago'))
  await valley.live()
  const [hers, his, theirs] = [inviting.state.read(), drago.state.read(), mallory.state.read()]
  if (hers.step !== 'inviting' || theirs.step !== 'words') throw new Error(`${hers.step}, ${theirs.step}`)
  // Alba reads aloud what her screen shows. On Drago’s there is nothing of the kind.
  expect(hers.guests.map(({ words }) => words)).toEqual([theirs.words])
  expect(his.step).toBe('meeting')
  mallory.confirmWords(true)
  inviting.confirmWords(hers.guests[0]!.id, false)
  await valley.live()
  expect(inviting.state.read()).toEqual({ step: 'ended', why: 'words differ' })
  expect(mallory.state.read().step).toBe('ended')
  expect(bruna!.space.membership.read().decisions).toEqual([])

  // The link is used up with that: whoever holds it now finds nobody behind it.
  const late = expectOk(await valley.arrive().workspace.openLink(link, 'Mallory'))
  await valley.live(30_000)
  expect(late.state.read().step).toBe('meeting')
  expect(alba!.space.membership.read().members).toHaveLength(3)
})

/** What Drago once signed for Alba’s invitation, in one handshake, and a proposal of anybody by anything in it. */
const withProof = async () => {
  const world = new World(48)
  const [alba, bruna, ceiba] = (await world.found('Alba', 'Bruna', 'Ceiba')) as [
    World['people'][number],
    World['people'][number],
    World['people'][number],
  ]
  const keys = createSignPair()
  const invite = alba.replica.act({ type: 'invite', invitePk: keys.publicKey, uses: 1 })
  const { coll } = alba.replica
  const [drago, mallory] = [createDevice(world.random), createDevice(world.random)]
  const th = world.random.bytes(32)
  const proof = {
    invite,
    th,
    sig: sign(keys.secretKey, 'invite', [idBytes(coll), idBytes(invite), idBytes(drago.id), th]),
  }
  const letsIn = async (own: typeof drago, of: typeof proof) => {
    const member = memberIdFrom(world.random.bytes(16))!
    const entrant = { member, device: own.device, deviceId: own.id }
    const binding = signBinding(own, coll, member)
    const proposal = alba.replica.act({
      type: 'propose',
      proposal: { action: 'admit', ...entrant, binding, proof: of, verified: 'words' },
    })
    await world.settle()
    bruna.replica.act({ type: 'approve', proposal, seen: [] })
    bruna.replica.act({ type: 'enact', proposal })
    await world.settle()
    return [alba, bruna, ceiba].map(({ replica }) => replica.state.members.has(member))
  }
  return { world, proof, drago, mallory, letsIn }
}

test('attack 48: a relay that caught Drago’s proof uses it with keys of its own, with two voices for it: nobody comes in', async () => {
  const { proof, mallory, letsIn } = await withProof()
  expect(await letsIn(mallory, proof)).toEqual([false, false, false])
})

test('attack 48: the same proof in another handshake is none', async () => {
  const { world, proof, drago, letsIn } = await withProof()
  expect(await letsIn(drago, { ...proof, th: world.random.bytes(32) })).toEqual([false, false, false])
  // And it does say what Drago signed: with it he comes in.
  expect(await letsIn(drago, proof)).toEqual([true, true, true])
})
