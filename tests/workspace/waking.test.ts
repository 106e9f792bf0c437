import { expect, test } from 'vitest'
import { watchWaking, type NetworkConnection } from '../../src/lib/workspace/waking.ts'
import { createHandClock } from '../net/hand-clock.ts'

/** A page as a browser tells of it. `sleeps`: no timer is called; what fell due is called once, late. */
const openPage = () => {
  const told: string[] = []
  const hand = createHandClock()
  let asleep = 0
  const page = new EventTarget()
  const visible: { visibilityState: DocumentVisibilityState } = { visibilityState: 'visible' }
  const document = Object.assign(new EventTarget(), visible)
  const connection = Object.assign(new EventTarget(), { type: 'wifi' }) as NetworkConnection & {
    type: string
  }
  watchWaking({
    page,
    document,
    connection,
    clock: { now: () => hand.now() + asleep, after: hand.after },
    wake: () => told.push('woke'),
    networkChanged: () => told.push('another network'),
  })
  return {
    told,
    happens: (where: 'page' | 'document' | 'connection', what: string) =>
      ({ page, document, connection })[where].dispatchEvent(new Event(what)),
    shows: (visible: boolean) => {
      document.visibilityState = visible ? 'visible' : 'hidden'
      document.dispatchEvent(new Event('visibilitychange'))
    },
    isOn: (type: string) => {
      connection.type = type
      connection.dispatchEvent(new Event('change'))
    },
    passes: (ms: number) => hand.pass(ms),
    sleeps: (ms: number) => {
      asleep += ms
    },
  }
}

test('somebody looks at the page again: it woke', () => {
  const { told, shows, happens } = openPage()
  shows(false)
  expect(told).toEqual([])
  shows(true)
  happens('page', 'pageshow')
  expect(told).toEqual(['woke', 'woke'])
})

test('from wifi to mobile data without a pause: another network, and estimates of its speed are none', () => {
  const { told, isOn } = openPage()
  isOn('wifi')
  expect(told).toEqual([])
  isOn('cellular')
  isOn('cellular')
  expect(told).toEqual(['another network'])
})

test('the network was gone and is back, or the page was frozen: another network', () => {
  const { told, happens } = openPage()
  happens('page', 'online')
  happens('document', 'resume')
  expect(told).toEqual(['another network', 'another network'])
})

test('a phone that slept is told nothing by anybody: its clock shows it, once', () => {
  const { told, passes, sleeps } = openPage()
  passes(600_000)
  expect(told).toEqual([])
  sleeps(60_000)
  passes(5000)
  expect(told).toEqual(['another network'])
  passes(600_000)
  expect(told).toHaveLength(1)
})

test('while nobody looks nothing is told; that the network changed is told when somebody does', () => {
  const { told, shows, isOn, happens } = openPage()
  shows(false)
  isOn('cellular')
  happens('page', 'online')
  expect(told).toEqual([])
  shows(true)
  shows(true)
  expect(told).toEqual(['another network', 'woke'])
})
