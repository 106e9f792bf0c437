import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { makeCertificate } from '../../src/hub/certificate.ts'
import { drawnCode, groupedCode, hubCodeText } from '../../src/hub/lan.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { readHubCode } from '../../src/lib/net/hub-scan.ts'
import { openHub, INDEX } from './open-hub.ts'

/** Linux answers on all of 127/8: these two stand for an address in the room and another one of the same machine. */
const ROOM = '127.0.0.2'
const ELSEWHERE = '127.0.0.3'
const isLinux = process.platform === 'linux'

const openLan = (addresses: () => readonly string[] = () => [ROOM]) =>
  openHub({
    files: { 'index.html': INDEX, 'app.js': 'here()' },
    lan: { certificate: makeCertificate(), addresses },
  })

type Asked = { readonly to: string; readonly host: string; readonly path?: string; readonly origin?: string }

const ask = (
  port: number,
  { to, host, path = '/', origin }: Asked,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const upgrade = {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    }
    const headers = { host, ...(origin ? { origin, ...upgrade } : {}) }
    const asked = request({ host: to, port, path, headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101, text: '' })
    })
    asked.on('error', reject)
    asked.end()
  })

test.runIf(isLinux)(
  'in the room the first page says what plain http does not protect; the app is one tap behind',
  async () => {
    const { port } = await openLan()
    const first = await ask(port, { to: ROOM, host: `${ROOM}:${port}` })
    expect(first.status).toBe(200)
    for (const words of [
      'Esta dirección no va cifrada',
      'This address is not encrypted',
      'href="/index.html"',
    ])
      expect(first.text).toContain(words)
    expect((await ask(port, { to: ROOM, host: `${ROOM}:${port}`, path: '/index.html' })).text).toBe(INDEX)
    expect((await ask(port, { to: ROOM, host: `${ROOM}:${port}`, path: '/app.js' })).text).toBe('here()')
    // On the machine itself the app is the first page, as ever.
    expect((await ask(port, { to: '127.0.0.1', host: `127.0.0.1:${port}` })).text).toBe(INDEX)
  },
)

test.runIf(isLinux)(
  'it answers under the very address it was asked at, and under no other name',
  async () => {
    const { port } = await openLan()
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `evil.example:${port}`,
      `${ELSEWHERE}:${port}`,
      'hub.local',
    ])
      expect([host, (await ask(port, { to: ROOM, host })).status]).toEqual([host, 421])
    for (const host of [`${ROOM}:${port}`, 'evil.example'])
      expect([host, (await ask(port, { to: '127.0.0.1', host })).status]).toEqual([host, 421])
  },
)

test.runIf(isLinux)('only its own page may open the mailboxes', async () => {
  const { port } = await openLan()
  const mine = `http://${ROOM}:${port}`
  const post = { to: ROOM, host: `${ROOM}:${port}`, path: '/post' }
  expect((await ask(port, { ...post, origin: mine })).status).toBe(101)
  for (const origin of [
    'https://example.org',
    `http://127.0.0.1:${port}`,
    `http://${ELSEWHERE}:${port}`,
    'null',
  ])
    expect([origin, (await ask(port, { ...post, origin })).status]).toEqual([origin, 403])
  expect((await ask(port, { ...post, host: 'evil.example', origin: 'http://evil.example' })).status).toBe(403)
})

test.runIf(isLinux)(
  'an address that is not of the room leads to nobody, also when it was one before',
  async () => {
    let addresses = [ROOM]
    const { port } = await openLan(() => addresses)
    const reaches = (to: string) =>
      new Promise<boolean>((resolve) => {
        const socket = connect(port, to, () => socket.write(`GET / HTTP/1.1\r\nhost: ${to}:${port}\r\n\r\n`))
        socket.on('data', () => {
          resolve(true)
          socket.destroy()
        })
        socket.on('close', () => resolve(false)).on('error', () => {})
      })
    expect([await reaches(ROOM), await reaches(ELSEWHERE)]).toEqual([true, false])
    addresses = [ELSEWHERE]
    expect([await reaches(ROOM), await reaches(ELSEWHERE)]).toEqual([false, true])
  },
)

test('the drawn code and the text are of the same hub, and fit into a terminal', () => {
  const { fingerprint } = makeCertificate()
  const text = hubCodeText({ addresses: ['192.168.1.5', '10.0.0.7'], port: 4173, fingerprint })
  const code = expectOk(readHubCode(groupedCode(text).toLowerCase()))
  expect(code).toEqual({
    addresses: [Uint8Array.of(192, 168, 1, 5), Uint8Array.of(10, 0, 0, 7)],
    port: 4173,
    fingerprint,
  })
  const lines = drawnCode(text).split('\n')
  expect(lines.length).toBeLessThan(24)
  for (const line of lines) expect(line.split('▀').length).toBeLessThan(80)
})
