import { openDB } from 'idb'
import { WebrtcProvider } from 'y-webrtc'
import * as Y from 'yjs'
import { bytesFromHex, hexFromBytes } from '../../../src/lib/core/bytes.ts'
import { systemClock } from '../../../src/lib/core/clock.ts'
import { memberIdFrom, type CollId } from '../../../src/lib/core/ids.ts'
import { expectOk } from '../../../src/lib/core/result.ts'
import { cborFromDevice, createDevice, deviceFromCbor, deviceIdOf } from '../../../src/lib/crypto/device.ts'
import { decodeCbor, encodeCbor } from '../../../src/lib/core/cbor.ts'
import { generateSecretKey } from '../../../src/lib/crypto/hash.ts'
import { encapsulate } from '../../../src/lib/crypto/kem.ts'
import { systemRandom } from '../../../src/lib/crypto/random.ts'
import { createRowSealer } from '../../../src/lib/crypto/vault.ts'
import { activeDevices } from '../../../src/lib/ledger/epochs.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../../src/lib/ledger/genesis.ts'
import { createLedger } from '../../../src/lib/ledger/graph.ts'
import { createRotate } from '../../../src/lib/ledger/rotation.ts'
import { createHub } from '../../../src/lib/net/hub-client.ts'
import { browserRtc } from '../../../src/lib/net/rtc.ts'
import { openDisk } from '../../../src/lib/store/idb-storage.ts'
import { createMemoryStorage } from '../../../src/lib/store/memory-storage.ts'
import type { Storage } from '../../../src/lib/sync/ports.ts'
import { Replica } from '../../../src/lib/workspace/replica.ts'
import type { SpaceRow } from '../../../src/lib/workspace/rows.ts'
import { LiveSpace } from '../../../src/lib/workspace/space.ts'
import { AssemblyHistory } from '../assembly-history.ts'

/**
 * What the benches do inside a page: the same document once through plain y-webrtc and once through a pair of ours, so
 * that both are measured in the same two browsers in one run.
 */

/** Somebody at the other end answers each number it sees; the asker measures there and back and halves it. */
const echo = (doc: Y.Doc) => {
  const pings = doc.getArray<number>('ping')
  const pongs = doc.getArray<number>('pong')
  pings.observe((event) => {
    if (!event.transaction.local) pongs.push([pings.get(pings.length - 1)])
  })
}

const ask = async (doc: Y.Doc, times: number, flush: () => void): Promise<number[]> => {
  const pings = doc.getArray<number>('ping')
  const pongs = doc.getArray<number>('pong')
  const taken: number[] = []
  for (let i = 0; i < times; i++) {
    const answered = new Promise<void>((resume) => {
      const look = () => {
        if (pongs.get(pongs.length - 1) !== i) return
        pongs.unobserve(look)
        resume()
      }
      pongs.observe(look)
    })
    const start = performance.now()
    pings.push([i])
    flush()
    await answered
    taken.push((performance.now() - start) / 2)
  }
  return taken
}

const until = async (holds: () => boolean, ms: number): Promise<boolean> => {
  const end = performance.now() + ms
  while (!holds()) {
    if (performance.now() > end) return false
    await new Promise((resume) => setTimeout(resume, 5))
  }
  return true
}

type Edit = readonly [at: number, removed: number, inserted: string]

const writeInto = async (replica: Replica, edits: readonly Edit[], batch: number) => {
  const doc = replica.documents.doc.read()
  const text = doc.getText('big')
  for (let i = 0; i < edits.length; i += batch) {
    doc.transact(() => {
      for (const [at, removed, inserted] of edits.slice(i, i + batch)) {
        if (removed > 0) text.delete(at, removed)
        if (inserted) text.insert(at, inserted)
      }
    })
    replica.documents.flush()
    if (i % (batch * 50) === 0) await replica.settled()
  }
  await replica.flush()
}

const gathered = (pc: RTCPeerConnection) => until(() => pc.iceGatheringState === 'complete', 5000)

/** From the first byte until the state is in a document. */
const receiveBare = (channel: RTCDataChannel) =>
  new Promise<number>((resolve) => {
    let expected = -1
    let start = 0
    const parts: Uint8Array[] = []
    let got = 0
    channel.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      if (expected < 0) {
        start = performance.now()
        expected = new Uint32Array(data)[0]!
        return
      }
      parts.push(new Uint8Array(data))
      got += data.byteLength
      if (got < expected) return
      const all = new Uint8Array(got)
      let at = 0
      for (const part of parts) {
        all.set(part, at)
        at += part.length
      }
      Y.applyUpdate(new Y.Doc(), all)
      resolve(performance.now() - start)
    }
  })

let bare: RTCPeerConnection | null = null
let bareChannel: RTCDataChannel | null = null
let bareArrival: Promise<number> | null = null

let plainDoc = new Y.Doc()
let provider: WebrtcProvider | null = null
let space: LiveSpace | null = null

/** A notebook in a sealed vault in IndexedDB, and the bare state beside it. */
const kept = {
  vault: { key: generateSecretKey() },
  replica: null as Replica | null,
  row: null as SpaceRow | null,
  storage: null as Storage | null,
  async make() {
    const disk = expectOk(await openDisk('bench'))
    this.storage = disk.rows(createRowSealer(this.vault))
    const draft = createGenesis({
      author: own.id,
      founders: [{ member, device: own.device }],
      nonce: systemRandom.bytes(16),
      policy: { admit: 2 },
    })
    const genesis = expectOk(assembleGenesis(draft, [signGenesis(own, draft)]))
    this.row = { coll: genesis.id as CollId, own, member, myName: 'bench', movedTo: null, newcomer: false }
    const world = { row: this.row, storage: this.storage, clock: systemClock, random: systemRandom }
    this.replica = expectOk(await Replica.begin({ ...world, entries: [genesis.wire] }))
    this.replica.rotate()
  },
  async open() {
    const start = performance.now()
    const world = { row: this.row!, storage: this.storage!, clock: systemClock, random: systemRandom }
    const replica = expectOk(await Replica.restore(world))
    const length = replica.documents.doc.read().getText('big').length
    if (length === 0) throw new Error('nothing was kept')
    const taken = performance.now() - start
    await replica.whole()
    await replica.keepStart()
    replica.close()
    return taken
  },
  async writeBare(state: Uint8Array) {
    const db = await openDB('bench-bare', 1, { upgrade: (fresh) => void fresh.createObjectStore('bare') })
    await db.put('bare', state, 'state')
    db.close()
  },
  async openBare() {
    const db = await openDB('bench-bare', 1)
    const start = performance.now()
    const state = (await db.get('bare', 'state')) as Uint8Array
    Y.applyUpdate(new Y.Doc(), state)
    const taken = performance.now() - start
    db.close()
    return taken
  },
}

const own = createDevice(systemRandom)
const member = memberIdFrom(systemRandom.bytes(16))!

const bench = {
  // plain y-webrtc
  plainStart(room: string, signaling: string) {
    provider?.destroy()
    plainDoc = new Y.Doc()
    provider = new WebrtcProvider(room, plainDoc, {
      signaling: [signaling],
      peerOpts: { config: { iceServers: [] } },
      filterBcConns: false,
    })
  },
  plainConnected: () =>
    until(
      () =>
        (provider?.room?.webrtcConns.size ?? 0) > 0 &&
        [...(provider?.room?.webrtcConns.values() ?? [])].some((c) => c.connected),
      15_000,
    ),
  plainEcho: () => echo(plainDoc),
  plainAsk: (times: number) => ask(plainDoc, times, () => {}),
  plainPaste: (bytes: number) => void plainDoc.getText('big').insert(0, 'x'.repeat(bytes)),
  plainArrives: (bytes: number, ms: number) => until(() => plainDoc.getText('big').length >= bytes, ms),

  // a pair of ours
  card: () => ({ device: hexFromBytes(encodeCbor(cborFromDevice(own.device))), member }),
  draft(cards: readonly { device: string; member: string }[], nonce: string) {
    const founders = cards.map((card) => ({
      member: memberIdFrom(bytesFromHex(card.member))!,
      device: deviceFromCbor(expectOk(decodeCbor(bytesFromHex(card.device))))!,
    }))
    const draft = createGenesis({
      author: deviceIdOf(founders[0]!.device),
      founders,
      nonce: bytesFromHex(nonce),
      policy: { admit: 2 },
    })
    return { draft, sig: signGenesis(own, draft) }
  },
  sign: (cards: readonly { device: string; member: string }[], nonce: string) =>
    hexFromBytes(bench.draft(cards, nonce).sig),
  async begin(
    cards: readonly { device: string; member: string }[],
    nonce: string,
    sigs: readonly string[],
    hubUrl: string,
  ) {
    const { draft } = bench.draft(cards, nonce)
    const genesis = expectOk(assembleGenesis(draft, sigs.map(bytesFromHex)))
    const storage = createMemoryStorage()
    const row = { coll: genesis.id as CollId, own, member, myName: 'bench', movedTo: null, newcomer: false }
    const replica = expectOk(
      await Replica.begin({
        row,
        entries: [genesis.wire],
        storage,
        clock: systemClock,
        random: systemRandom,
      }),
    )
    const hub = createHub({ url: hubUrl, clock: systemClock, random: systemRandom })
    space = new LiveSpace(replica, {
      storage,
      hub,
      rtc: browserRtc,
      clock: systemClock,
      random: systemRandom,
      language: () => 'en',
    })
    if (member === cards[0]!.member) replica.rotate()
  },
  ready: () =>
    until(
      () =>
        space!.status.read().type === 'upToDate' &&
        [...space!.replica.state.epochs.keys()].some((id) => space!.replica.keyring.has(id)),
      20_000,
    ),
  echo() {
    const doc = space!.doc.read()
    echo(doc)
    // The answer leaves at once: the wait of a batch is measured apart.
    doc.on('update', (_: Uint8Array, __: unknown, ___: Y.Doc, change: Y.Transaction) => {
      if (change.local) queueMicrotask(() => space!.replica.documents.flush())
    })
  },
  ask: (times: number, batched: boolean) =>
    ask(space!.doc.read(), times, () => {
      if (!batched) space!.replica.documents.flush()
    }),
  paste: (bytes: number) => void space!.doc.read().getText('big').insert(0, 'x'.repeat(bytes)),
  arrives: (bytes: number, ms: number) => until(() => space!.doc.read().getText('big').length >= bytes, ms),
  plainWait: (ms: number) => new Promise((resume) => setTimeout(resume, ms)),

  /** Writes an editing history, `batch` edits a record. */
  async write(edits: readonly Edit[], batch: number) {
    await writeInto(space!.replica, edits, batch)
  },
  length: () => space!.doc.read().getText('big').length,
  /** Milliseconds from the first link until the whole text is here. */
  async firstSync(length: number) {
    await until(
      () => space!.membership.read().members.some(({ devices }) => devices.some(({ linked }) => linked)),
      20_000,
    )
    const start = performance.now()
    await until(() => space!.doc.read().getText('big').length >= length, 120_000)
    return performance.now() - start
  },

  // the same state, bare
  async bareOffer() {
    bare = new RTCPeerConnection()
    bareChannel = bare.createDataChannel('bare')
    await bare.setLocalDescription()
    await gathered(bare)
    return bare.localDescription!.sdp
  },
  async bareAnswer(offer: string) {
    bare = new RTCPeerConnection()
    bare.ondatachannel = ({ channel }) => {
      bareChannel = channel
      channel.binaryType = 'arraybuffer'
      bareArrival = receiveBare(channel)
    }
    await bare.setRemoteDescription({ type: 'offer', sdp: offer })
    await bare.setLocalDescription()
    await gathered(bare)
    return bare.localDescription!.sdp
  },
  async bareSend(answer: string) {
    await bare!.setRemoteDescription({ type: 'answer', sdp: answer })
    const channel = bareChannel!
    await until(() => channel.readyState === 'open', 20_000)
    const state = Y.encodeStateAsUpdate(space!.doc.read())
    channel.send(new Uint8Array(new Uint32Array([state.length]).buffer))
    for (let at = 0; at < state.length; at += 16_384) {
      while (channel.bufferedAmount > 1 << 20) await new Promise((resume) => setTimeout(resume, 1))
      channel.send(state.slice(at, at + 16_384))
    }
  },
  async bareReceive() {
    await until(() => bareArrival !== null, 20_000)
    return bareArrival!
  },

  // at rest
  async keep(edits: readonly Edit[], batch: number) {
    await kept.make()
    await writeInto(kept.replica!, edits, batch)
    const state = Y.encodeStateAsUpdate(kept.replica!.documents.doc.read())
    await kept.writeBare(state)
    await kept.replica!.flush()
    // A first start writes down where the next begins; what is measured is every start after it.
    await kept.open()
  },
  /** New keys for `devices`, and bare encapsulations to the same keys, in turns. */
  rotate(devices: number, rounds: number) {
    const history = new AssemblyHistory({ acts: 0, members: devices, devices })
    const ledger = expectOk(createLedger(history.genesis))
    ledger.add(history.wires)
    const state = ledger.state()
    const keys = activeDevices(state).map((id) => state.devices.get(id)!.kemPk)
    const timed = (work: () => unknown) => {
      const start = performance.now()
      work()
      return performance.now() - start
    }
    const [ours, bare]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round++) {
      bare.push(timed(() => keys.map((key) => encapsulate(key))))
      ours.push(timed(() => createRotate({ ledger, own: history.founder })))
    }
    return { ours, bare }
  },

  openKept: () => kept.open(),
  openBare: () => kept.openBare(),
}

Object.assign(globalThis, { bench })
