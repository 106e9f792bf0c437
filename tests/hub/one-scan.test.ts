import { createSocket } from 'node:dgram'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keptCertificate, makeCertificate } from '../../src/hub/certificate.ts'
import { hubCodeText, isLocal, isNear, isScannable } from '../../src/hub/lan.ts'
import { createOneScan } from '../../src/hub/one-scan.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import type { HubClient } from '../../src/lib/net/hub-client.ts'
import { createScannedHub, readHubCode } from '../../src/lib/net/hub-scan.ts'
import { encodeIceName } from '../../src/lib/wire/one-scan.ts'
import { createNodeRtc } from '../net/node-rtc.ts'
import { until } from './devices.ts'
import { knockOf } from './first-packet.ts'
import { later, openHub, visit, type OpenHub } from './open-hub.ts'

const THIS_MACHINE = '127.0.0.1'
const mailbox = (n: number) => new Uint8Array(32).fill(n)

const openLanHub = async (certificate = makeCertificate(), port = 0): Promise<OpenHub & { code: string }> => {
  const hub = await openHub({ port, lan: { certificate, addresses: () => [THIS_MACHINE] } })
  const { fingerprint } = certificate
  return { ...hub, code: hubCodeText({ addresses: [THIS_MACHINE], port: hub.port, fingerprint }) }
}

const scan = (code: string): HubClient => {
  const client = createScannedHub({
    code: expectOk(readHubCode(code)),
    rtc: createNodeRtc(),
    clock: systemClock,
    random: systemRandom,
  })
  later(() => client.close())
  return client
}
const isOpen = (hub: HubClient) => until(hub.state, (state) => state === 'open')

test('one scan joins: what Bea puts, who scanned, reaches Ana, who came by the page, and the other way', async () => {
  const hub = await openLanHub()
  const [ana, bea] = [await visit(hub), scan(hub.code)]
  await isOpen(bea)
  ana.say({ type: 'subscribe', mailbox: mailbox(1) })
  bea.put(mailbox(1), Uint8Array.of(7))
  expect(await ana.next()).toEqual({ type: 'blob', mailbox: mailbox(1), blob: Uint8Array.of(7) })
  const heard = new Promise<Uint8Array>((resolve) => bea.subscribe(mailbox(2), resolve))
  ana.say({ type: 'put', mailbox: mailbox(2), blob: Uint8Array.of(8) })
  expect([...(await heard)]).toEqual([8])
})

test('many scan the same code, each has a line of its own', async () => {
  const hub = await openLanHub()
  const phones = Array.from({ length: 6 }, () => scan(hub.code))
  await Promise.all(phones.map(isOpen))
  const heard = phones.map(
    (phone, i) => new Promise<Uint8Array>((resolve) => phone.subscribe(mailbox(i), resolve)),
  )
  phones.forEach((phone, i) => phone.put(mailbox((i + 1) % phones.length), Uint8Array.of(i)))
  expect((await Promise.all(heard)).map(([first]) => first)).toEqual([5, 0, 1, 2, 3, 4])
})

test('whoever stands where the hub should be, with another certificate, is not taken for it', async () => {
  const [scanned, impostor] = [makeCertificate(), makeCertificate()]
  const hub = await openLanHub(impostor)
  const code = hubCodeText({ addresses: [THIS_MACHINE], port: hub.port, fingerprint: scanned.fingerprint })
  const rtc = createNodeRtc()
  let asked = 0
  const states: string[] = []
  const client = createScannedHub({
    code: expectOk(readHubCode(code)),
    rtc: {
      createConnection: (way) => {
        asked++
        const connection = rtc.createConnection(way)
        connection.addEventListener('connectionstatechange', () => states.push(connection.connectionState))
        return connection
      },
    },
    clock: systemClock,
    random: systemRandom,
  })
  later(() => client.close())
  const opened = isOpen(client).then(() => 'open')
  const refusedTwice = new Promise<string>((resolve) => {
    const look = () => (asked >= 3 ? resolve('refused') : setTimeout(look, 20))
    look()
  })
  expect(await Promise.race([opened, refusedTwice])).toBe('refused')
  expect(states).not.toContain('connected')
}, 60_000)

test('a hub keeps its certificate for itself, and shows the same code when it comes back', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumbre-state-'))
  later(() => rm(folder, { recursive: true }))
  const first = await keptCertificate(folder)
  expect((await stat(join(folder, 'hub.pem'))).mode & 0o777).toBe(0o600)
  expect(await keptCertificate(folder)).toEqual(first)
})

test('a damaged certificate is said, and never written over', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lumbre-state-'))
  later(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'hub.pem'), 'half a key')
  await expect(keptCertificate(folder)).rejects.toThrow('damaged')
})

test('a flood of first packets from nobody keeps no one out for long, and nonsense does nothing', async () => {
  const hub = await openLanHub()
  const udp = createSocket('udp4')
  later(() => udp.close())
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => udp.send(bytes, hub.port, THIS_MACHINE, () => resolve()))
  for (let n = 0; n < 400; n++) {
    const name = encodeIceName({ ufrag: `uf${n}`.padEnd(4, '0'), pwd: `${n}`.padStart(24, 'p') })
    await send(knockOf(`${name}:abcd`))
    await send(systemRandom.bytes(20 + (n % 80)))
    await send(knockOf(`LH1zz${'a'.repeat(n % 60)}:abcd`))
  }
  const ana = scan(hub.code)
  await isOpen(ana)
  const heard = new Promise<Uint8Array>((resolve) => ana.subscribe(mailbox(1), resolve))
  ana.put(mailbox(1), Uint8Array.of(1))
  expect([...(await heard)]).toEqual([1])
}, 90_000)

test('a first packet that could not begin a connection may come again', async () => {
  const taken = createSocket('udp4')
  await new Promise<void>((bound) => taken.bind(0, THIS_MACHINE, bound))
  const { port } = taken.address()
  await new Promise<void>((closed) => taken.close(() => closed()))
  let asked = 0
  let more = () => {}
  const oneScan = createOneScan({
    port,
    // Of no use to anybody: every connection fails before it is one.
    certificate: { certificate: 'none', key: 'none', fingerprint: new Uint8Array(32) },
    clock: systemClock,
    mayCome: () => {
      asked++
      more()
      return true
    },
    onLine: () => {},
  })
  later(() => oneScan.close())
  const udp = createSocket('udp4')
  later(() => udp.close())
  const knock = knockOf(`${encodeIceName({ ufrag: 'abcd', pwd: 'p'.repeat(24) })}:abcd`)
  const twice = new Promise<void>((resolve) => {
    more = () => (asked === 2 ? resolve() : udp.send(knock, port, THIS_MACHINE))
  })
  udp.send(knock, port, THIS_MACHINE)
  await twice
})

test('a code that is none is refused kindly', () => {
  for (const text of ['', 'hola', '¡hola!', 'ABCD', 'A'.repeat(5000)])
    expect(readHubCode(text)).toEqual({ ok: false, error: { type: 'BadCode' } })
})

test('only addresses of local networks are ours to serve', () => {
  for (const address of ['10.1.2.3', '192.168.0.9', '172.16.0.1', '172.31.9.9', '169.254.7.7', '100.64.0.1'])
    expect([address, isLocal(address)]).toEqual([address, true])
  for (const address of ['8.8.8.8', '172.32.0.1', '192.169.0.1', '100.128.0.1', '127.0.0.1', '11.0.0.1'])
    expect([address, isLocal(address)]).toEqual([address, false])
})

test('a hub for a room speaks with this machine and with local networks, and with nobody else', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '10.1.2.3', '192.168.0.9'])
    expect([address, isNear(address)]).toEqual([address, true])
  for (const address of ['203.0.113.5', '127.example', '0.0.0.0', '::1', 'fe80::1', '2001:db8::1', ''])
    expect([address, isNear(address)]).toEqual([address, false])
})

test('what an operator puts into a code on purpose is the address of a machine', () => {
  for (const address of ['203.0.113.5', '10.0.0.5', '1.1.1.1'])
    expect([address, isScannable(address)]).toEqual([address, true])
  for (const address of [
    '0.0.0.0',
    '127.0.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '1.2.3',
    'hub.example',
    '::1',
    '',
  ])
    expect([address, isScannable(address)]).toEqual([address, false])
})
