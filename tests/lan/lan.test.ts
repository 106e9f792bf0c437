import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createLan, whyNoLan, whyNoLoss, type Lan, type Machine } from './lan.ts'

const why = whyNoLan()
if (why) process.stdout.write(`skipped: the wifi of namespaces, because ${why}\n`)
const whyNot = whyNoLoss()
if (whyNot) process.stdout.write(`skipped: a wifi that loses packets, because ${whyNot}\n`)

const lans: Lan[] = []
afterEach(async () => {
  for (const lan of lans.splice(0)) await lan.close()
})
const openLan = (): Lan => {
  const lan = createLan()
  lans.push(lan)
  return lan
}

/** Answers every TCP connection to port 7000, and every UDP packet to port 7001, with a word. */
const ECHO = `
  require('net').createServer((socket) => socket.end('here')).listen(7000, '0.0.0.0', () => console.log('ready'))
  const udp = require('dgram').createSocket('udp4')
  udp.on('message', (_, { port, address }) => udp.send('here', port, address)).bind(7001)
`
const answering = async (machine: Machine): Promise<Machine> => {
  const { stdout } = machine.run(process.execPath, ['-e', ECHO])
  await once(stdout!, 'data')
  return machine
}

const says = async (machine: Machine, script: string, ...args: readonly string[]): Promise<string> => {
  const child = machine.run(process.execPath, ['-e', script, ...args])
  let said = ''
  child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await once(child, 'close')
  return said
}

const REACH = `
  const socket = require('net').connect(7000, process.argv[1])
  const end = (word) => { console.log(word); process.exit() }
  socket.on('data', () => end('reached')).on('error', () => end('not'))
  setTimeout(() => end('not'), 1500)
`
const reaches = async (from: Machine, address: string): Promise<boolean> =>
  (await says(from, REACH, address)).trim() === 'reached'

test.skipIf(why)('machines on one wifi reach each other, and nobody else', async () => {
  const lan = openLan()
  const [ana, bea] = [lan.machine(), await answering(lan.machine())]
  expect(await reaches(ana, bea.address)).toBe(true)
  expect(await says(ana, `console.log(require('fs').readFileSync('/proc/net/route', 'utf8'))`)).not.toMatch(
    /^eth0\s+00000000/m,
  )
})

test.skipIf(why)(
  'client isolation, a cut network and a pulled plug part who they should, and only them',
  async () => {
    const lan = openLan()
    const [ana, bea, hub] = [lan.machine(), await answering(lan.machine()), await answering(lan.machine())]
    lan.cut([ana])
    expect(await reaches(ana, hub.address)).toBe(false)
    lan.heal()
    expect(await reaches(ana, hub.address)).toBe(true)
    ana.isolate()
    bea.isolate()
    expect(await Promise.all([reaches(ana, bea.address), reaches(ana, hub.address)])).toEqual([false, true])
    hub.plug('out')
    expect(await reaches(ana, hub.address)).toBe(false)
    hub.plug('in')
    expect(await reaches(ana, hub.address)).toBe(true)
  },
)

test.skipIf(why)('the internet is there until it is gone', async () => {
  const server = createServer((_, response) => response.end('the app')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const lan = openLan()
  const ana = lan.machine()
  await lan.internet('there', { port })
  const fetching = `
    require('http').get('http://127.0.0.1:${port}', (answer) => answer.on('data', (text) => console.log(String(text))))
      .on('error', () => console.log('gone'))
  `
  expect(await says(ana, fetching)).toBe('the app\n')
  await lan.internet('gone')
  expect(await says(ana, fetching)).toBe('gone\n')
  server.closeAllConnections()
  server.close()
})

const COUNT = `
  const udp = require('dgram').createSocket('udp4')
  let heard = 0
  udp.on('message', () => heard++)
  const more = (left) => {
    if (left === 0) return setTimeout(() => { console.log(heard); process.exit() }, 300)
    udp.send('?', 7001, process.argv[1], () => setTimeout(more, 1, left - 1))
  }
  more(200)
`

test.skipIf(whyNot)('a machine that loses half of what comes hears about half', async () => {
  const lan = openLan()
  const [ana, bea] = [lan.machine(), await answering(lan.machine())]
  expect(Number(await says(ana, COUNT, bea.address))).toBe(200)
  ana.loses(50)
  const heard = Number(await says(ana, COUNT, bea.address))
  expect(heard).toBeGreaterThan(50)
  expect(heard).toBeLessThan(150)
})

/** Waits for one word, said to all or to this machine alone, and repeats it. */
const LISTEN = `
  const udp = require('dgram').createSocket({ type: 'udp4', reuseAddr: true })
  udp.on('message', (word) => { console.log(String(word)); process.exit() })
  udp.bind(7002, () => { udp.addMembership('224.0.0.251'); console.log('ready') })
`
const CALL_ALL = `
  const udp = require('dgram').createSocket('udp4')
  const send = (word, to) => new Promise((sent) => udp.send(word, 7002, to, sent))
  udp.bind(async () => {
    await send('to all', '224.0.0.251')
    await send('to you', process.argv[1])
    udp.close()
  })
`

test.skipIf(why)(
  'without multicast nobody hears what is said to all, and everybody what is said to them',
  async () => {
    const lan = openLan()
    const [ana, bea] = [lan.machine(), lan.machine()]
    for (const machine of [ana, bea]) machine.gateway()
    const hears = async (): Promise<string> => {
      const child = bea.run(process.execPath, ['-e', LISTEN])
      let said = ''
      child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
      await once(child.stdout!, 'data')
      const ended = once(child, 'close')
      await says(ana, CALL_ALL, bea.address)
      await ended
      return said
    }
    expect(await hears()).toBe('ready\nto all\n')
    lan.noMulticast()
    expect(await hears()).toBe('ready\nto you\n')
  },
)
