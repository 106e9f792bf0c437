import { expect, test } from 'vitest'
import { WebSocket as NodeSocket } from 'ws'
import { systemClock } from '../../src/lib/core/clock.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createHub, type HubClient, type HubSocket } from '../../src/lib/net/hub-client.ts'
import { encodeHubAnswer, parseHubRequest, type HubRequest } from '../../src/lib/wire/hub.ts'
import { openHub } from '../hub/open-hub.ts'
import { createHandClock } from './hand-clock.ts'

const mailbox = (n: number) => new Uint8Array(32).fill(n)

/** A browser’s WebSocket as the test wants it: opens, fails or falls silent when told. */
class FakeSocket implements HubSocket {
  binaryType: BinaryType = 'blob'
  readyState = 0
  readonly asked: HubRequest[] = []
  onopen: HubSocket['onopen'] = null
  onmessage: HubSocket['onmessage'] = null
  onclose: HubSocket['onclose'] = null

  open(): void {
    this.readyState = 1
    this.onopen?.call(this as never, new Event('open'))
  }
  send(data: unknown): void {
    const request = parseHubRequest(new Uint8Array(data as Uint8Array))
    if (request.ok) this.asked.push(request.value)
  }
  answer(bytes: Uint8Array | string): void {
    const data = typeof bytes === 'string' ? bytes : bytes.slice().buffer
    this.onmessage?.call(this as never, new MessageEvent('message', { data }))
  }
  close(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.onclose?.call(this as never, new Event('close') as CloseEvent)
  }
}

const createLine = () => {
  const clock = createHandClock()
  const sockets: FakeSocket[] = []
  const hub = createHub({
    url: 'wss://hub.example',
    clock,
    random: systemRandom,
    socket: () => {
      const socket = new FakeSocket()
      sockets.push(socket)
      return socket
    },
  })
  return { clock, sockets, hub }
}

test('everything asked for before the hub is there is asked when it is, and again when it comes back', () => {
  const { clock, sockets, hub } = createLine()
  const got: number[] = []
  hub.subscribe(mailbox(1), (blob) => got.push(blob[0]!))
  const stop = hub.subscribe(mailbox(2), (blob) => got.push(blob[0]!))
  expect(hub.state.read()).toBe('searching')
  sockets[0]!.open()
  expect(hub.state.read()).toBe('open')
  const subscribed = [
    { type: 'subscribe', mailbox: mailbox(1) },
    { type: 'subscribe', mailbox: mailbox(2) },
  ]
  expect(sockets[0]!.asked).toEqual(subscribed)
  sockets[0]!.answer(encodeHubAnswer({ type: 'blob', mailbox: mailbox(1), blob: Uint8Array.of(7) }))
  sockets[0]!.answer(encodeHubAnswer({ type: 'blob', mailbox: mailbox(9), blob: Uint8Array.of(8) }))
  expect(got).toEqual([7])
  sockets[0]!.close()
  expect(hub.state.read()).toBe('searching')
  clock.pass(500)
  sockets[1]!.open()
  expect(sockets[1]!.asked).toEqual(subscribed)
  stop()
  expect(sockets[1]!.asked.at(-1)).toEqual({ type: 'unsubscribe', mailbox: mailbox(2) })
})

test('a hub that stays away is tried ever more rarely, and at once when the page wakes', () => {
  const { clock, sockets, hub } = createLine()
  const failAll = () => sockets.forEach((socket) => socket.close())
  for (let second = 0; second < 600; second++) {
    failAll()
    clock.pass(1000)
  }
  expect(sockets.length).toBeGreaterThan(15)
  expect(sockets.length).toBeLessThan(200)
  failAll()
  const tried = sockets.length
  hub.wake()
  expect(sockets).toHaveLength(tried + 1)
})

test('a socket that never opens is given up', () => {
  const { clock, sockets } = createLine()
  clock.pass(10_000)
  expect(sockets[0]!.readyState).toBe(3)
  clock.pass(500)
  expect(sockets).toHaveLength(2)
})

test('a hub that no longer hears is noticed, though its socket stays open', () => {
  const { clock, sockets, hub } = createLine()
  sockets[0]!.open()
  clock.pass(30_000)
  const [put, subscribe] = sockets[0]!.asked.slice(-2)
  if (put?.type !== 'put' || subscribe?.type !== 'subscribe') throw new Error('no sign of life was asked for')
  expect(put.mailbox).toEqual(subscribe.mailbox)
  expect(put.blob).toHaveLength(1024)
  sockets[0]!.answer(encodeHubAnswer({ type: 'blob', mailbox: put.mailbox, blob: put.blob }))
  clock.pass(29_000)
  expect(hub.state.read()).toBe('open')
  clock.pass(11_000) // asked again, unheard
  expect(hub.state.read()).toBe('searching')
  expect(sockets[0]!.readyState).toBe(3)
})

test('a page wakes in another wifi: a hub that does not answer is reached for anew within four seconds', () => {
  const { clock, sockets, hub } = createLine()
  sockets[0]!.open()
  clock.pass(20_000)
  hub.wake()
  for (let second = 0; second < 3; second++) {
    clock.pass(1000)
    hub.wake() // said again, it has no longer
  }
  expect(sockets[0]!.readyState).toBe(3)
  clock.pass(500)
  expect(sockets).toHaveLength(2)
})

test('a page wakes, and the hub answers: its socket stays, and nothing is left of having asked', () => {
  const { clock, sockets, hub } = createLine()
  sockets[0]!.open()
  for (let n = 0; n < 3; n++) hub.wake()
  const puts = sockets[0]!.asked.flatMap((request) => (request.type === 'put' ? request : []))
  expect(puts).toHaveLength(1)
  for (const { mailbox, blob } of puts) sockets[0]!.answer(encodeHubAnswer({ type: 'blob', mailbox, blob }))
  clock.pass(25_000)
  expect(hub.state.read()).toBe('open')
  const counted = (type: HubRequest['type']) =>
    sockets[0]!.asked.filter((request) => request.type === type).length
  expect(counted('unsubscribe')).toBe(counted('subscribe'))
})

test('a page wakes while it reaches for a hub over a network that is gone: it begins anew', () => {
  const { clock, sockets, hub } = createLine()
  clock.pass(1000)
  hub.wake()
  expect(sockets).toHaveLength(1) // it has only begun
  clock.pass(3000)
  hub.wake()
  expect(sockets).toHaveLength(2)
  expect(sockets[0]!.readyState).toBe(3)
})

test('nothing a hub may say breaks anything', () => {
  const { sockets, hub } = createLine()
  const got: number[] = []
  hub.subscribe(mailbox(1), (blob) => got.push(blob[0]!))
  sockets[0]!.open()
  sockets[0]!.answer('{"type":"signal"}')
  sockets[0]!.answer(new Uint8Array(0))
  sockets[0]!.answer(new Uint8Array(100_000))
  sockets[0]!.answer(encodeHubAnswer({ type: 'refused', code: 2 }))
  for (let length = 1; length < 60; length++) sockets[0]!.answer(systemRandom.bytes(length))
  sockets[0]!.answer(encodeHubAnswer({ type: 'blob', mailbox: mailbox(1), blob: Uint8Array.of(1) }))
  expect(got).toEqual([1])
})

test('closed is closed', () => {
  const { clock, sockets, hub } = createLine()
  sockets[0]!.open()
  hub.close()
  expect(hub.state.read()).toBe('closed')
  expect(sockets[0]!.readyState).toBe(3)
  clock.pass(120_000)
  hub.wake()
  expect(sockets).toHaveLength(1)
})

test('over a real hub: what is put for somebody away waits for them', async () => {
  const { origin } = await openHub()
  const clients: HubClient[] = []
  const join = async () => {
    const hub = createHub({
      url: `${origin.replace('http', 'ws')}/post`,
      clock: systemClock,
      random: systemRandom,
      socket: (url) => new NodeSocket(url, { origin }) as unknown as HubSocket,
    })
    clients.push(hub)
    await new Promise<void>((resolve) => hub.state.watch(resolve))
    return hub
  }
  const alice = await join()
  alice.put(mailbox(3), Uint8Array.of(1, 2, 3))
  alice.put(mailbox(4), Uint8Array.of(4))
  await new Promise<void>((resolve) => alice.subscribe(mailbox(4), () => resolve()))
  const bea = await join()
  const got = await new Promise<Uint8Array>((resolve) => bea.subscribe(mailbox(3), resolve))
  expect([...got]).toEqual([1, 2, 3])
  for (const client of clients) client.close()
})
