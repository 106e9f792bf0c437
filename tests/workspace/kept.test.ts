import { expect, test } from 'vitest'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { addThreat } from '../../src/lib/domain/threats.ts'
import { LiveWorkspace } from '../../src/lib/workspace/workspace.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { settle } from '../net/memory-channel.ts'
import { createMemoryHub } from '../net/memory-hub.ts'
import { createMemoryNetwork } from '../net/memory-rtc.ts'
import { createDisk } from '../world/frail-storage.ts'

const opened = async (about: { readonly guest?: boolean } = {}) => {
  const [clock, storage] = [createHandClock(), createDisk()]
  const workspace = new LiveWorkspace({
    storage,
    hub: createMemoryHub(clock).connect(),
    rtc: createMemoryNetwork().rtc(),
    clock,
    random: systemRandom,
    language: () => 'es',
    ...about,
  })
  const space = await workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  const passes = async (ms: number) => {
    clock.pass(ms)
    for (let turn = 0; turn < 20; turn++) await settle()
  }
  return { storage, space, passes }
}

test('Alba sees that what she writes is on its way to her disk, and then that it is there', async () => {
  const { space, passes } = await opened()
  await passes(5000)
  const seen = [space.kept.read()]
  space.kept.watch(() => seen.at(-1) !== space.kept.read() && seen.push(space.kept.read()))
  addThreat(space.doc.read(), { title: 'Vigilancia' })
  expect(space.kept.read()).toBe('on its way')
  await passes(5000)
  expect(seen).toEqual(['on disk', 'on its way', 'on disk'])
})

test('a disk that takes nothing is told of until it takes something again, and nobody is told in between that it did', async () => {
  const { storage, space, passes } = await opened()
  await passes(5000)
  storage.dieAfter(0)
  addThreat(space.doc.read(), { title: 'Vigilancia' })
  await passes(5000)
  const seen = [space.kept.read()]
  space.kept.watch(() => seen.at(-1) !== space.kept.read() && seen.push(space.kept.read()))
  for (let tries = 0; tries < 3; tries++) await passes(15_000)
  addThreat(space.doc.read(), { title: 'Rumores' })
  await passes(5000)
  expect(seen).toEqual(['failing'])
  storage.dieAfter(Number.POSITIVE_INFINITY)
  await passes(15_000)
  expect(seen).toEqual(['failing', 'on disk'])
})

test('a guest is never told that anything is kept', async () => {
  const { space, passes } = await opened({ guest: true })
  expect(space.kept.read()).toBe('memory only')
  addThreat(space.doc.read(), { title: 'Vigilancia' })
  await passes(5000)
  expect(space.kept.read()).toBe('memory only')
})
