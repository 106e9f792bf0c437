import { expect, test } from 'vitest'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { createSlowDisk } from '../world/slow-storage.ts'

/** Ana, on a disk that can be told to take its time, is linked with Bea and nobody else. */
const two = async () => {
  const world = new World(70)
  const disk = createSlowDisk()
  world.storageOf = (name) => (name === 'Ana' ? disk : null)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
  world.network.sent.splice(0)
  /** What somebody was sent, Bea if nobody is named. */
  const kinds = (whom = bea) =>
    world.network.sent.flatMap(({ to, message }) => {
      const parsed = parseSyncMessage(message)
      return to === whom.device && parsed.ok ? [parsed.value.type] : []
    })
  const turns = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resume) => setImmediate(resume))
  }
  /** Ana’s disk takes its time from here on, and has not taken what she types. */
  const halts = (text: string) => {
    disk.halt()
    ana.doc.getText('notes').insert(0, text)
    ana.replica.documents.flush()
  }
  /** Ana says that she begins anew, and only then her disk goes on; nothing of that has reached Bea. */
  const beginsAnew = async () => {
    ana.syncing.pause()
    ana.syncing.resume()
    disk.goOn()
    await turns()
    expect(kinds().at(-1)).toBe('again')
  }
  return { world, ana, bea, kinds, turns, halts, beginsAnew }
}

test('a welcome is made while two begin anew: it goes when both hold the same acts again, not before, when it would be dropped', async () => {
  const { world, ana, bea, kinds, turns, halts, beginsAnew } = await two()
  world.link(ana, bea)
  await world.settle()
  halts('Vamos de a dos. ')
  for (const link of bea.judged.keys()) link.send('records', encodeSyncMessage({ type: 'wantWelcome' }))
  for (const link of world.network.all()) link.deliver()
  await turns()
  await beginsAnew()
  await world.network.settle()
  expect(kinds().filter((kind) => kind === 'welcome')).toHaveLength(1)
  expect(kinds().indexOf('welcome')).toBeGreaterThan(kinds().lastIndexOf('ready'))
  expect(bea.reads()).toBe('Vamos de a dos. ')
})

test('records are read for a peer while the two begin anew: they too go when both hold the same acts, and need not be asked for again', async () => {
  const { world, ana, bea, kinds, turns, halts, beginsAnew } = await two()
  await ana.writes('sola. ')
  world.link(ana, bea)
  // Up to where Bea’s word on what she holds is on its way.
  const answers = () => kinds(ana).filter((kind) => kind === 'have').length
  for (let round = 0; round < 40 && answers() < 1; round++) {
    for (const link of world.network.all()) link.deliver()
    await turns()
  }
  halts('Vamos de a dos. ')
  for (const link of world.network.all()) link.deliver()
  await turns()
  await beginsAnew()
  await world.network.settle()
  expect(bea.reads()).toBe('Vamos de a dos. sola. ')
})
