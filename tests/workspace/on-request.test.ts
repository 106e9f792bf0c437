import { expect, test } from 'vitest'
import { encodeSyncMessage, parseSyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import { createSlowDisk } from '../world/slow-storage.ts'

test('a welcome is made while two begin anew: it goes when both hold the same acts again, not before, when it would be dropped', async () => {
  const world = new World(70)
  const disk = createSlowDisk()
  world.storageOf = (name) => (name === 'Ana' ? disk : null)
  const [ana, bea] = (await world.found('Ana', 'Bea', 'Caro')) as [Person, Person, Person]
  for (const person of world.people) world.cut(person)
  world.link(ana, bea)
  await world.settle()
  world.network.sent.splice(0)
  const kinds = () =>
    world.network.sent.flatMap(({ to, message }) => {
      const parsed = parseSyncMessage(message)
      return to === bea.device && parsed.ok ? [parsed.value.type] : []
    })
  const turns = async () => {
    for (let i = 0; i < 20; i++) await new Promise((resume) => setImmediate(resume))
  }

  disk.halt()
  ana.doc.getText('notes').insert(0, 'Vamos de a dos. ')
  ana.replica.documents.flush()
  for (const link of bea.judged.keys()) link.send('records', encodeSyncMessage({ type: 'wantWelcome' }))
  for (const link of world.network.all()) link.deliver()
  await turns()
  ana.syncing.pause()
  ana.syncing.resume()
  disk.goOn()
  await turns()
  expect(kinds()).toContain('again')
  expect(kinds()).not.toContain('welcome')
  await world.network.settle()
  expect(kinds().filter((kind) => kind === 'welcome')).toHaveLength(1)
  expect(kinds().indexOf('welcome')).toBeGreaterThan(kinds().indexOf('ready'))
  expect(bea.reads()).toBe('Vamos de a dos. ')
})
