import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { encodeCbor } from '../../src/lib/core/cbor.ts'
import { utf8FromText } from '../../src/lib/core/bytes.ts'
import { MAX_BLOB_BYTES, MAX_HUB_MESSAGE_BYTES } from '../../src/lib/wire/hub.ts'
import { createFileTap } from '../../src/hub/tap.ts'
import { createHandClock } from '../net/hand-clock.ts'
import { later, openHub, roundTrip, visit, type OpenHub } from './open-hub.ts'

const box = new Uint8Array(32).fill(1)
const blob = new Uint8Array(MAX_BLOB_BYTES).fill(7)

test('Ana watches, Bea puts the largest blob there is, Ana has it', async () => {
  const hub = await openHub()
  const [ana, bea] = [await visit(hub), await visit(hub)]
  ana.say({ type: 'subscribe', mailbox: box })
  await roundTrip(ana)
  bea.say({ type: 'put', mailbox: box, blob })
  expect(await ana.next()).toEqual({ type: 'blob', mailbox: box, blob })
})

test('Ana comes after Bea has gone, and has it all the same; after unsubscribing nothing more', async () => {
  const hub = await openHub()
  const bea = await visit(hub)
  bea.say({ type: 'put', mailbox: box, blob })
  await roundTrip(bea)
  bea.socket.close()
  await bea.closed
  const ana = await visit(hub)
  ana.say({ type: 'subscribe', mailbox: box })
  expect(await ana.next()).toMatchObject({ type: 'blob' })
  ana.say({ type: 'unsubscribe', mailbox: box })
  ana.say({ type: 'put', mailbox: box, blob })
  ana.socket.send('what is left?')
  expect(await ana.next()).toEqual({ type: 'refused', code: 0 })
})

const nonsense: readonly (readonly [string, Uint8Array | string])[] = [
  ['nothing', new Uint8Array()],
  ['text', '{"type":"subscribe","topics":["all"]}'],
  ['half of a JSON', '{"type":'],
  ['JSON in bytes', utf8FromText('{"type":"publish"}')],
  ['bytes that are no CBOR', Uint8Array.of(0xff, 0xff, 0xff)],
  ['an array that promises 2^64 items', Uint8Array.of(0x9b, 255, 255, 255, 255, 255, 255, 255, 255)],
  ['arrays in arrays', new Uint8Array(4000).fill(0x81)],
  ['an unknown request', encodeCbor([9, box])],
  ['an answer', encodeCbor([3, box, blob])],
  ['a mailbox of 31 bytes', encodeCbor([0, box.slice(1)])],
  ['one thing too many', encodeCbor([0, box, 1])],
  ['a put without a blob', encodeCbor([2, box])],
  ['a text as a blob', encodeCbor([2, box, 'hello'])],
  ['trailing bytes', new Uint8Array([...encodeCbor([0, box]), 0])],
]

test('attack 5: what the hub cannot read it refuses, and goes on serving that very visitor', async () => {
  const hub = await openHub()
  const mallory = await visit(hub)
  for (const [what, bytes] of nonsense) {
    mallory.socket.send(bytes)
    expect({ what, answer: await mallory.next() }).toEqual({ what, answer: { type: 'refused', code: 0 } })
  }
  mallory.say({ type: 'subscribe', mailbox: box })
  mallory.say({ type: 'put', mailbox: box, blob })
  expect(await mallory.next()).toMatchObject({ type: 'blob' })
})

test('a frame longer than any of ours ends the connection, and only that one', async () => {
  const hub = await openHub()
  const [mallory, ana] = [await visit(hub), await visit(hub)]
  mallory.socket.send(new Uint8Array(MAX_HUB_MESSAGE_BYTES + 1))
  expect(await mallory.closed).toBe(1009)
  await roundTrip(ana)
})

test('bytes that are no WebSocket, no HTTP or no end of a request trouble nobody', async () => {
  const hub = await openHub()
  for (const text of [
    '\x00\x01\x02\r\n\r\n',
    'GET / HTTP/9\r\n\r\n',
    `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
  ]) {
    const socket = connect(hub.port, '127.0.0.1')
    const over = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {}).resume()
    socket.write(text)
    await over
  }
  const mallory = await visit(hub)
  // A frame with reserved bits set, unmasked: two breaches of RFC 6455 in two bytes.
  const { _socket: raw } = mallory.socket as unknown as {
    readonly _socket: { write(bytes: Uint8Array): void }
  }
  raw.write(Uint8Array.of(0xff, 0x7f))
  await mallory.closed
  await roundTrip(await visit(hub))
})

const refusedWith = (hub: OpenHub, headers: Record<string, string>, path = '/post'): Promise<number> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port: hub.port,
      path,
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    })
    request.on('response', (response) => resolve(response.statusCode ?? 0))
    request.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve(101)
    })
    request.on('error', reject)
    request.end()
  })

test('only a page of this very hub may open the mailboxes', async () => {
  const hub = await openHub()
  const host = `127.0.0.1:${hub.port}`
  expect(await refusedWith(hub, { host, origin: hub.origin })).toBe(101)
  expect(await refusedWith(hub, { host })).toBe(403)
  expect(await refusedWith(hub, { host, origin: 'https://example.org' })).toBe(403)
  expect(await refusedWith(hub, { host, origin: 'null' })).toBe(403)
  expect(await refusedWith(hub, { host, origin: `http://127.0.0.1:${hub.port + 1}` })).toBe(403)
  expect(await refusedWith(hub, { host, origin: hub.origin }, '/post/')).toBe(404)
  // A name of a stranger's that was made to lead to this machine: page and host agree, and still it is not ours.
  expect(await refusedWith(hub, { host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
  expect(
    await refusedWith(hub, { host: `localhost:${hub.port}`, origin: `http://localhost:${hub.port}` }),
  ).toBe(101)
})

test('a visitor who no longer answers is let go; one who answers stays', async () => {
  const clock = createHandClock()
  const hub = await openHub({ clock })
  const [ana, silent] = [await visit(hub), await visit(hub, { autoPong: false })]
  const asked = (visitor: typeof ana) => new Promise((resolve) => visitor.socket.once('ping', resolve))
  const bothAsked = Promise.all([asked(ana), asked(silent)])
  clock.pass(30_000)
  await bothAsked
  await roundTrip(ana)
  clock.pass(30_000)
  expect(await silent.closed).toBe(1006)
  await roundTrip(ana)
})

test('when the hub stops it says so to everybody, then nothing is left of it', async () => {
  const hub = await openHub()
  const ana = await visit(hub)
  await hub.server.close()
  expect(await ana.closed).toBe(1001)
  await expect(visit(hub)).rejects.toThrow()
  // The port is free again.
  await visit(await openHub({ port: hub.port }))
})

test('the hub writes down nothing: no address, no mailbox, no word', async () => {
  const ways = [
    ...(['stdout', 'stderr'] as const).map((name) => vi.spyOn(process[name], 'write')),
    ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name)),
  ]
  later(() => vi.restoreAllMocks())
  const hub = await openHub()
  const ana = await visit(hub)
  ana.say({ type: 'subscribe', mailbox: box })
  ana.socket.send('nonsense')
  await ana.next()
  await refusedWith(hub, { host: 'evil.example', origin: 'http://evil.example' })
  await fetch(`${hub.origin}/not-there`)
  await hub.server.close()
  expect(ways.map(({ mock }) => mock.calls)).toEqual(ways.map(() => []))
})

test('a tap, which only tests have, gets requests and frames as they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumbre-tap-'))
  later(() => rm(folder, { recursive: true }))
  const hub = await openHub({ tap: createFileTap(join(folder, 'tap')) })
  await fetch(`${hub.origin}/a-path-somebody-asked-for`)
  const ana = await visit(hub)
  ana.say({ type: 'subscribe', mailbox: box })
  ana.say({ type: 'put', mailbox: box, blob: utf8FromText('a planted word') })
  await ana.next()
  await hub.server.close()
  const tapped = (await readFile(join(folder, 'tap'))).toString('latin1')
  expect(tapped).toContain('GET /a-path-somebody-asked-for')
  expect(tapped.split('a planted word')).toHaveLength(3)
})
