import { expect, test } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createMemoryStorage } from '../../src/lib/store/memory-storage.ts'
import { LeftLink } from '../../src/lib/workspace/left-link.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { done, founded, linkOf, neighbourhood, sameWords } from './neighbourhood.ts'

const DAY_MS = 86_400_000

test('Drago’s notebook locks while he waits: he opens it, goes on with the same link, and comes in', async () => {
  const valley = neighbourhood()
  const [alba, bruna] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const inviting = await alba!.space.invite()
  const link = linkOf(inviting)
  const drago = valley.arrive()
  await drago.workspace.restore()
  expect(drago.workspace.leftLink).toBe(null)
  const first = expectOk(await drago.workspace.openLink(link, 'Drago'))
  await valley.live()
  expect(first.state.read().step).toBe('words')
  // A lock: every key is let go of, and the page is a new one.
  await drago.workspace.close()
  drago.workspace.forgetKeys()
  await valley.live()
  const again = drago.open()
  await again.restore()
  expect(again.leftLink).toBe(link)
  const joining = expectOk(await again.openLink(again.leftLink!, 'Drago'))
  await valley.live(8000)
  sameWords(inviting, joining)
  await valley.live()
  const [decision] = bruna!.space.membership.read().decisions
  expectOk(await bruna!.space.approve(decision!.id))
  await valley.live(8000)
  done(joining)
  // It came to its end: nothing of it is kept.
  await again.close()
  const later = drago.open()
  await later.restore()
  expect(later.leftLink).toBe(null)
  await later.close()
})

test('a link that was put away is not offered again, nor one of two days ago, nor what is no link', async () => {
  const valley = neighbourhood()
  const [alba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const link = linkOf(await alba!.space.invite())
  const drago = valley.arrive()
  const flow = expectOk(await drago.workspace.openLink(link, 'Drago'))
  await valley.live()
  flow.cancel()
  await valley.live()
  await drago.workspace.close()
  const again = drago.open()
  await again.restore()
  expect(again.leftLink).toBe(null)
  await again.close()

  const [storage, clock] = [createMemoryStorage(), createHandClock()]
  const left = new LeftLink({ storage, clock })
  await left.keep(link)
  expect(await left.take()).toBe(link)
  expect(await left.take()).toBe(null)
  await left.keep(link)
  clock.pass(2 * DAY_MS)
  expect(await left.take()).toBe(null)
  for (const value of [new Uint8Array(), encodeCbor([7, 7]), encodeCbor([link]), encodeCbor({ link })]) {
    expectOk(await storage.commit([{ table: 'meta', key: 'device/link', value }]))
    expect(await left.take()).toBe(null)
    expect(await left.take()).toBe(null)
  }
})
