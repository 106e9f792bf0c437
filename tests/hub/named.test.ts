import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { makeCertificate } from '../../src/hub/certificate.ts'
import { INDEX, later, openHub, type OpenHub } from './open-hub.ts'

const NAME = 'fuego.example'
const OTHERS = ['agua.example', `www.${NAME}`, `${NAME}.example`, `${NAME}:8443`, 'hub.local', '10.77.0.11']
/** Linux answers on all of 127/8: this stands for an address in the room. */
const ROOM = '127.0.0.2'

/** What speaks TLS for a hub on the same machine and hands on what it hears, as docs/guide/gathering.en.md says. */
const openFront = async (hub: OpenHub): Promise<number> => {
  const { certificate: cert, key } = makeCertificate()
  const front = createServer({ cert, key }, (outside) => {
    const inside = connect(hub.port, '127.0.0.1')
    for (const [one, other] of [
      [outside, inside],
      [inside, outside],
    ] as const)
      one.on('error', () => {}).on('close', () => other.destroy())
    outside.pipe(inside).pipe(outside)
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  later(() => front.close())
  return (front.address() as AddressInfo).port
}

type Asked = { readonly to: string; readonly port: number; readonly host: string }

const asks = (
  { to, port, host }: Asked,
  over: 'http' | 'https',
): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const request = over === 'http' ? requestHttp : requestHttps
    const options = { host: to, port, headers: { host }, agent: false, rejectUnauthorized: false }
    const asked = request(options, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode, text }))
    })
    asked.on('error', reject)
    asked.end()
  })

test('a hub with a name serves its pages under it, through what speaks TLS for it, and under no other', async () => {
  const port = await openFront(await openHub({ name: `wss://${NAME}` }))
  const over = (host: string) => asks({ to: '127.0.0.1', port, host }, 'https')
  for (const host of [NAME, NAME.toUpperCase()])
    expect(await over(host)).toEqual({ status: 200, text: INDEX })
  for (const host of OTHERS) expect({ host, ...(await over(host)) }).toEqual({ host, status: 421, text: '' })
})

test('a hub without that name serves nothing under it', async () => {
  for (const hub of [await openHub(), await openHub({ name: 'wss://agua.example' })]) {
    const port = await openFront(hub)
    expect(await asks({ to: '127.0.0.1', port, host: NAME }, 'https')).toEqual({ status: 421, text: '' })
  }
})

test('its page opens the mailboxes through the same; a page of elsewhere, or under another name, does not', async () => {
  const port = await openFront(await openHub({ name: `wss://${NAME}` }))
  const opens = (host: string, origin: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`wss://127.0.0.1:${port}/post`, {
        ...{ origin, headers: { host }, rejectUnauthorized: false },
      })
      socket.on('open', () => {
        resolve('opened')
        socket.close()
      })
      socket.on('error', ({ message }) => resolve(message))
    })
  expect(await opens(NAME, `https://${NAME}`)).toBe('opened')
  for (const [host, origin] of [
    [NAME, 'https://agua.example'],
    [NAME, `http://${NAME}`],
    ['agua.example', `https://${NAME}`],
  ] as const)
    expect([host, origin, await opens(host, origin)]).toEqual([host, origin, expect.stringContaining('403')])
})

test.runIf(process.platform === 'linux')(
  'in the room, without TLS, it answers to its address and not to its name',
  async () => {
    const lan = { certificate: makeCertificate(), addresses: () => [ROOM] }
    const { port } = await openHub({ name: `wss://${NAME}`, lan })
    const at = async (to: string, host: string) => (await asks({ to, port, host }, 'http')).status
    expect(await at(ROOM, `${ROOM}:${port}`)).toBe(200)
    for (const host of [NAME, `${NAME}:${port}`, 'hub.local']) expect(await at(ROOM, host)).toBe(421)
    expect(await at('127.0.0.1', NAME)).toBe(200)
  },
)
