import { expect, test } from 'vitest'
import { Saver } from '../../src/lib/workspace/saver.ts'
import { createDisk } from '../world/frail-storage.ts'
import { createHandClock } from '../net/hand-clock.ts'

const row = (key: string) => [{ table: 'meta', key, value: Uint8Array.of(1) }] as const
const keysOf = async (disk: ReturnType<typeof createDisk>) => {
  const all = await disk.all('meta', '')
  return all.ok ? all.value.rows.map(([key]) => key) : []
}

test('Alba’s phone is full; she makes room, writes nothing more, and what was waiting is saved by itself', async () => {
  const [disk, clock] = [createDisk(), createHandClock()]
  const saver = new Saver(disk, clock)
  disk.dieAfter(0)
  saver.save(row('1'))
  saver.save(row('2'))
  await saver.settled()
  expect(saver.state.read()).toBe('failed')

  clock.pass(15_000)
  await saver.settled()
  expect(saver.state.read()).toBe('failed')

  disk.dieAfter(Number.POSITIVE_INFINITY)
  clock.pass(15_000)
  await saver.settled()
  expect(saver.state.read()).toBe('saved')
  expect(await keysOf(disk)).toEqual(['1', '2'])
})

test('what failed goes before what is saved next, and is called back once', async () => {
  const [disk, clock] = [createDisk(), createHandClock()]
  const saver = new Saver(disk, clock)
  const done: string[] = []
  disk.dieAfter(0)
  saver.save(row('1'), () => done.push('1'))
  await saver.settled()
  disk.dieAfter(Number.POSITIVE_INFINITY)
  saver.save(row('2'), () => done.push('2'))
  await saver.settled()
  clock.pass(60_000)
  await saver.settled()
  expect(done).toEqual(['1', '2'])
})

test('once something can never be written down the person is told so for good, whatever else is saved', async () => {
  const saver = new Saver(createDisk(), createHandClock())
  saver.giveUp()
  saver.save(row('1'))
  await saver.settled()
  expect(saver.state.read()).toBe('failed')
})

test('a notebook that was closed tries nothing any more', async () => {
  const [disk, clock] = [createDisk(), createHandClock()]
  const saver = new Saver(disk, clock)
  disk.dieAfter(0)
  saver.save(row('1'))
  saver.close()
  await saver.settled()
  disk.dieAfter(Number.POSITIVE_INFINITY)
  clock.pass(60_000)
  await saver.settled()
  expect(await keysOf(disk)).toEqual([])
})

// The simulation’s seeds 3091 and 3135 lived through it.
test('what is saved in the very moment the disk is done is not left behind', async () => {
  for (let moment = 0; moment < 12; moment++) {
    const disk = createDisk()
    const saver = new Saver(disk, createHandClock())
    saver.save(row('1'))
    for (let i = 0; i < moment; i++) await Promise.resolve()
    saver.save(row('2'))
    await saver.settled()
    expect(await keysOf(disk)).toEqual(['1', '2'])
    expect(saver.state.read()).toBe('saved')
  }
})

test('who waits for what is on its way to disk, and has nothing to add, is called once it is there', async () => {
  for (let moment = 0; moment < 12; moment++) {
    const saver = new Saver(createDisk(), createHandClock())
    const done: string[] = []
    saver.save(row('1'), () => done.push('1'))
    for (let i = 0; i < moment; i++) await Promise.resolve()
    saver.save([], () => done.push('all'))
    await saver.settled()
    expect(done).toEqual(['1', 'all'])
  }
})
