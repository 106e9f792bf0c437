import { decodeCbor, encodeCbor } from '../../../src/lib/core/cbor.ts'
import { bytesFromHex, hexFromBytes } from '../../../src/lib/core/bytes.ts'
import { systemClock } from '../../../src/lib/core/clock.ts'
import { collIdFrom } from '../../../src/lib/core/ids.ts'
import { Cell } from '../../../src/lib/core/watched.ts'
import { cborFromDevice, createDevice, deviceFromCbor, deviceIdOf } from '../../../src/lib/crypto/device.ts'
import { hash } from '../../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../../src/lib/crypto/random.ts'
import { createCardedConnection } from '../../../src/lib/net/connection.ts'
import { createMesh } from '../../../src/lib/net/mesh.ts'
import { browserRtc, createChangingRtc } from '../../../src/lib/net/rtc.ts'
import type { Hub, Mesh, MetLink, Way } from '../../../src/lib/net/types.ts'

/** One phone with real WebRTC. Its hub is the test, which the browser reaches past the network under test. */
declare const hubPut: (mailbox: string, blob: string) => void
declare const hubSubscribe: (mailbox: string) => void

const coll = collIdFrom(hash('led', 'through a relay point'))!
const own = createDevice(systemRandom)
const handlers = new Map<string, Set<(blob: Uint8Array) => void>>()
/** Every description of the other side this phone was told: what its card said, in SDP. */
const told: string[] = []
const connections: RTCPeerConnection[] = []
let mesh: Mesh | null = null

const hub: Hub = {
  state: new Cell<'open' | 'searching' | 'closed'>('open'),
  subscribe: (mailbox, handler) => {
    const name = hexFromBytes(mailbox)
    handlers.set(name, (handlers.get(name) ?? new Set()).add(handler))
    hubSubscribe(name)
    return () => void handlers.get(name)?.delete(handler)
  },
  put: (mailbox, blob) => hubPut(hexFromBytes(mailbox), hexFromBytes(blob)),
  close: () => {},
}

const rtcOf = (way: Way) =>
  createChangingRtc(
    {
      createConnection: (chosen) => {
        const connection = browserRtc.createConnection(chosen)
        // Of its two shapes the one with callbacks is deprecated; this is the other.
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        const setRemote = connection.setRemoteDescription.bind(connection)
        // eslint-disable-next-line @typescript-eslint/no-deprecated
        connection.setRemoteDescription = (description: RTCSessionDescriptionInit) => {
          told.push(description.sdp ?? '')
          return setRemote(description)
        }
        connections.push(connection)
        return connection
      },
    },
    () => way,
  )

const until = <T>(read: () => T | undefined, watch: (then: () => void) => () => void): Promise<T> =>
  new Promise((resolve) => {
    const look = () => {
      const value = read()
      if (value === undefined) return
      stop()
      resolve(value)
    }
    const stop = watch(look)
    queueMicrotask(look)
  })
const link = (): Promise<MetLink> =>
  until(
    () => mesh!.links.read()[0],
    (then) => mesh!.links.watch(then),
  )

const relay = {
  me: () => hexFromBytes(encodeCbor(cborFromDevice(own.device))),
  deliver: (mailbox: string, blob: string) => {
    for (const handler of [...(handlers.get(mailbox) ?? [])]) handler(bytesFromHex(blob))
  },
  meet: (theirs: string, way: Way) => {
    const decoded = decodeCbor(bytesFromHex(theirs))
    const device = decoded.ok ? deviceFromCbor(decoded.value) : null
    if (!device) throw new Error('that is no device')
    const id = deviceIdOf(device)
    mesh = createMesh({
      coll,
      own,
      hub,
      rtc: rtcOf(way),
      clock: systemClock,
      random: systemRandom,
      judge: (peer) => (peer === id ? { device, standing: 'full' } : null),
    })
    mesh.setPeers([{ id, device }])
  },
  /** Says a word over the link and hears one. */
  talk: async (word: string) => {
    const met = await link()
    const heard = new Promise<string>((resolve) =>
      met.receive('records', (bytes) => resolve(new TextDecoder().decode(bytes))),
    )
    met.send('records', new TextEncoder().encode(word))
    return heard
  },
  told: () => told,
  /** Addresses the other side was reached at or tried, and that of the pair in use. */
  seen: async () => {
    const all: string[] = []
    let used: string | null = null
    for (const connection of connections) {
      const stats = new Map<string, Record<string, unknown>>()
      ;(await connection.getStats()).forEach((one: Record<string, unknown>) =>
        stats.set(String(one['id']), one),
      )
      for (const one of stats.values()) {
        if (one['type'] === 'remote-candidate') all.push(String(one['address']))
        if (
          one['type'] !== 'candidate-pair' ||
          one['nominated'] !== true ||
          connection.connectionState !== 'connected'
        )
          continue
        used = [one['localCandidateId'], one['remoteCandidateId']]
          .map((id) => String(stats.get(String(id))?.['address']))
          .join(' ')
      }
    }
    return { all, used }
  },
  /** What would be on a card made this way: kinds and addresses, or that there is none. */
  card: async (way: Way) => {
    const made = await createCardedConnection(rtcOf(way), systemClock)
    if (!made.ok) return made.error.type
    made.value.close()
    return made.value.card.candidates.map(({ kind, address }) => `${kind} ${address.join('.')}`)
  },
}
;(globalThis as unknown as { relay: typeof relay }).relay = relay
export type RelayPage = typeof relay
