import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { parseRecord } from '../../src/lib/feed/record.ts'
import { parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { followMissing } from '../../src/lib/workspace/missing.ts'
import { joined, Valley } from '../feed/valley.ts'
import { World, type Person } from '../world/cast.ts'

test('attack 10: a record dropped from a chain holds up what follows, says so, and everything resumes when it comes', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
  const [first, dropped] = [alba.says('uno '), alba.says('dos ')]
  const [third, fourth] = [alba.says('tres '), alba.says('cuatro ')]
  bruna.hear(first, fourth, third)
  expect(bruna.reads()).toBe('uno ')
  expect(bruna.feeds.waiting().gaps).toBe(1)
  expect(bruna.feeds.heads().map(({ seq }) => seq)).toEqual([0])
  const offered = expectOk(bruna.feeds.offer(dropped))
  expect(offered.fresh).toEqual(joined(dropped, third, fourth).records)
  expect(offered.seal).toEqual(fourth.seal)
  bruna.merge()
  expect(bruna.reads()).toBe('uno dos tres cuatro ')
  expect(bruna.feeds.waiting().gaps).toBe(0)
})

test('attack 10: a flood above a gap is bounded, and what was dropped comes in when it is sent again', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const [alba, bruna] = [valley.get('Alba'), valley.get('Bruna')]
  const said = Array.from({ length: 200 }, (_, i) => alba.says(`${i} `))
  bruna.hear(...said.slice(1))
  expect(bruna.feeds.waiting()).toEqual({ keys: 0, deps: 0, heads: 0, gaps: 1 })
  bruna.hear(said[0]!)
  const held = bruna.feeds.nextSeq(alba.feed!)
  expect(held).toBeGreaterThan(1)
  expect(held).toBeLessThan(100)
  bruna.hear(joined(...said.slice(held)))
  expect(bruna.reads()).toBe(alba.reads())
})

/** Eva between Ceiba and Ana: what `isHeldBack` she never passes on to Ana, everything else she does. */
const evaBetween = async (isHeldBack: (of: { readonly author: Person; readonly seq: number }) => boolean) => {
  const world = new World(10)
  const people = (await world.found('Ana', 'Eva', 'Ceiba')) as [Person, Person, Person]
  const [ana, eva, ceiba] = people
  for (const person of people) world.cut(person)
  const meddles = { holds: true }
  const links = () => {
    world.link(eva, ceiba)
    world.link(eva, ana)
    for (const link of eva.judged.keys()) {
      if (link.peer !== ana.device) continue
      const send = link.send.bind(link)
      link.send = (stream, bytes) => {
        const message = stream === 'records' ? parseSyncMessage(bytes) : null
        const records = message?.ok && message.value.type === 'segment' ? message.value.records : []
        const isHeld = records.some((wire) => {
          const record = parseRecord(wire)
          const author = record.ok
            ? people.find(({ replica }) => replica.feed === record.value.pub.feed)
            : null
          return record.ok && author && isHeldBack({ author, seq: record.value.pub.seq })
        })
        if (!isHeld || !meddles.holds) send(stream, bytes)
      }
    }
  }
  links()
  await world.settle()
  const missing = followMissing({ replica: ana.replica, clock: world.clock })
  const named = () => missing.members.read().map((id) => people.find(({ member }) => member === id)!.name)
  const minutesPass = async (minutes: number) => {
    for (let half = 0; half < 2 * minutes; half++) {
      world.clock.pass(30_000)
      await world.settle()
    }
  }
  return { world, ana, eva, ceiba, named, minutesPass, meddles }
}

test('attack 10: Eva never passes on one thing Ceiba wrote: Ana’s phone says that something of Ceiba is missing, and when it comes, no more', async () => {
  const { world, ana, ceiba, named, minutesPass, meddles } = await evaBetween(
    ({ author, seq }) => author.name === 'Ceiba' && seq === 1,
  )
  for (const words of ['uno ', 'dos ', 'tres ']) {
    await ceiba.writes(words)
    await world.settle()
  }
  expect(ana.reads()).toBe('uno ')
  // Not at once: what is on its way is no news.
  expect(named()).toEqual([])
  await minutesPass(2)
  expect(named()).toEqual(['Ceiba'])
  meddles.holds = false
  await minutesPass(1)
  expect(ana.reads()).toBe('uno dos tres ')
  expect(named()).toEqual([])
})

test('attack 10: Eva passes on nothing of Ceiba’s any more, and what others wrote upon it: it is Ceiba who is named', async () => {
  const { world, ana, eva, ceiba, named, minutesPass, meddles } = await evaBetween(
    ({ author }) => author.name === 'Ceiba',
  )
  await ceiba.writes('uno ')
  await world.settle()
  await eva.writes('y dos ')
  await world.settle()
  expect(ana.reads()).toBe('')
  await minutesPass(2)
  expect(named()).toEqual(['Ceiba'])
  meddles.holds = false
  await minutesPass(2)
  expect(ana.reads()).toBe('uno y dos ')
  expect(named()).toEqual([])
})

test('attack 10: who is out is not waited for', async () => {
  const { world, ana, ceiba, named, minutesPass } = await evaBetween(
    ({ author, seq }) => author.name === 'Ceiba' && seq === 1,
  )
  for (const words of ['uno ', 'dos ', 'tres ']) {
    await ceiba.writes(words)
    await world.settle()
  }
  await minutesPass(2)
  expect(named()).toEqual(['Ceiba'])
  ana.replica.suspend(ceiba.device, 'lost')
  await world.settle()
  expect(named()).toEqual([])
})
