import { expect, test } from 'vitest'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { hash } from '../../src/lib/crypto/hash.ts'
import { parseHubRequest, type HubRequest } from '../../src/lib/wire/hub.ts'
import { noTap, type Tap } from '../../src/hub/tap.ts'
import { linkOf, until, wake } from '../hub/devices.ts'
import { openHub, roundTrip, visit, type OpenHub } from '../hub/open-hub.ts'
import { createPerson } from '../net/people.ts'

const coll = collIdFrom(hash('led', 'whose mail goes astray'))!
const people = [createPerson(), createPerson()] as const
const wakeBoth = (hub: OpenHub) => people.map((own) => wake({ hub, coll, people, own }))

const createRecorder = (): Tap & { readonly puts: HubRequest[] } => {
  const puts: HubRequest[] = []
  return {
    ...noTap,
    puts,
    frame: (direction, frame) => {
      const request = parseHubRequest(frame)
      if (direction === 'in' && request.ok && request.value.type === 'put') puts.push(request.value)
    },
  }
}

test('attack 1: the hub delivers all it ever saw again, backwards and twice: the link stays the one it was', async () => {
  const recorder = createRecorder()
  const hub = await openHub({ tap: recorder })
  const [ana, bea] = wakeBoth(hub)
  const before = await linkOf(ana!, bea!)

  const seen = [...recorder.puts]
  expect(seen.length).toBeGreaterThanOrEqual(3)
  const operator = await visit(hub)
  for (const put of [...seen, ...seen].reverse()) operator.say(put)
  await roundTrip(operator)

  const heard = new Promise((resolve) => bea!.links.read()[0]!.receive('records', resolve))
  ana!.links.read()[0]!.send('records', Uint8Array.of(7))
  expect(await heard).toEqual(Uint8Array.of(7))
  expect(await linkOf(ana!, bea!)).toBe(before)
  expect([ana!.trying.read(), bea!.trying.read()]).toEqual([0, 0])
})

test('attack 1: the hub forgets everybody and starts anew: open links stay, and who reloads is found again', async () => {
  const hub = await openHub()
  const [ana, bea] = wakeBoth(hub)
  const before = await linkOf(ana!, bea!)
  await hub.server.close()
  await openHub({ port: hub.port })
  expect(await linkOf(ana!, bea!)).toBe(before)
  bea!.stop()
  await until(ana!.links, (links) => links.length === 0)
  const again = wake({ hub, coll, people, own: people[1] })
  expect(await linkOf(ana!, again)).not.toBe(before)
})
