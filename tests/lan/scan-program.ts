import { createSocket } from 'node:dgram'
import { writeSync } from 'node:fs'
import { makeCertificate } from '../../src/hub/certificate.ts'
import { hubCodeText, lanAddresses } from '../../src/hub/lan.ts'
import { createHub } from '../../src/hub/serve.ts'
import { systemClock } from '../../src/lib/core/clock.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { createScannedHub, readHubCode } from '../../src/lib/net/hub-scan.ts'
import { encodeIceName } from '../../src/lib/wire/one-scan.ts'
import { knockOf } from '../hub/first-packet.ts'
import { createNodeRtc } from '../net/node-rtc.ts'

/**
 * A program for a machine in a network of namespaces. `hub`, `afar HERE`: a hub, that says its code. `phone CODE`: one
 * that scanned it, and says what came back of what it put. `knock TO FROM TO FROM …`: sends the first packet of a
 * stranger each way, one after the other, and says which were spoken back to once the last has been, three times.
 */
const [, , what, ...args] = process.argv
const PORT = 4173
const say = (text: string): void => void writeSync(1, `${text}\n`)

const runHub = async (of: 'room' | 'afar', addresses: readonly string[]): Promise<void> => {
  const certificate = makeCertificate()
  const hub = createHub({
    pages: new Map(),
    clock: systemClock,
    lan: of === 'room' ? { certificate, addresses: lanAddresses } : null,
    afar: of === 'afar' ? { certificate } : null,
  })
  const port = await hub.listen(PORT)
  say(hubCodeText({ addresses, port, fingerprint: certificate.fingerprint }))
}

const runPhone = async (code: string): Promise<void> => {
  const client = createScannedHub({
    code: expectOk(readHubCode(code)),
    rtc: createNodeRtc(),
    clock: systemClock,
    random: systemRandom,
  })
  const mailbox = systemRandom.bytes(32)
  const heard = new Promise<Uint8Array>((resolve) => client.subscribe(mailbox, resolve))
  await new Promise<void>((open) =>
    client.state.watch(() => {
      if (client.state.read() === 'open') open()
    }),
  )
  client.put(mailbox, Uint8Array.of(7))
  say(`heard ${(await heard).join()}`)
  process.exit()
}

const runKnocks = async (ways: readonly string[]): Promise<void> => {
  const answers = new Map<string, number>()
  const sockets = []
  for (let i = 0; i < ways.length; i += 2) sockets.push({ to: ways[i]!, from: ways[i + 1]! })
  const last = sockets.at(-1)!.from
  for (const { to, from } of sockets) {
    const udp = createSocket('udp4')
    udp.on('message', () => {
      answers.set(from, (answers.get(from) ?? 0) + 1)
      if ((answers.get(last) ?? 0) < 3) return
      say([...answers.keys()].sort().join())
      process.exit()
    })
    await new Promise<void>((bound) => udp.bind(0, from, bound))
    const name = encodeIceName({ ufrag: `uf${from.replaceAll('.', '')}`, pwd: 'p'.repeat(24) })
    await new Promise<void>((sent) => udp.send(knockOf(`${name}:abcd`), PORT, to, () => sent()))
  }
}

if (what === 'hub') await runHub('room', lanAddresses())
else if (what === 'afar') await runHub('afar', args)
else if (what === 'phone') await runPhone(args[0]!)
else await runKnocks(args)
