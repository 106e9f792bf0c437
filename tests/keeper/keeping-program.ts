import { systemClock, type Clock } from '../../src/lib/core/clock.ts'
import { deviceIdFrom } from '../../src/lib/core/ids.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import type { Link, StreamName } from '../../src/lib/sync/ports.ts'
import { openIdentity } from '../../src/keeper/identity.ts'
import { Keeping } from '../../src/keeper/keeping.ts'
import { Links } from '../../src/keeper/links.ts'
import { openLogStorage } from '../../src/keeper/log-storage.ts'

/**
 * A keeper to be killed: all of it but the network, in a process of its own. FOLDER is what it keeps in, PEER whom it is linked
 * with; what would go over that link goes to the process that began it.
 */
const [, , folder, peerText] = process.argv
const peer = deviceIdFrom(Buffer.from(peerText!, 'hex'))!
/** Its waits are a twentieth as long, so that much happens before it is killed. */
const clock: Clock = { ...systemClock, after: (ms, then) => systemClock.after(ms / 20, then) }

const identity = (await openIdentity(folder!, systemRandom))!
const storage = (await openLogStorage(folder!, systemRandom))!
const keeping = await Keeping.open({ device: identity.own.id, storage, clock, quota: 1e9 })
const links = new Links(keeping, clock)

const handlers = new Map<StreamName, (message: Uint8Array) => void>()
let early: readonly { stream: StreamName; message: Uint8Array }[] = []
process.on('message', (said: { stream: StreamName; message: Uint8Array }) => {
  const handler = handlers.get(said.stream)
  if (handler) handler(new Uint8Array(said.message))
  else early = [...early, said]
})
process.on('disconnect', () => process.exit())
const link: Link = {
  id: 'to who began it',
  peer,
  send: (stream, message) => void process.send!({ stream, message }),
  drained: () => Promise.resolve(),
  receive: (stream, handler) => {
    handlers.set(stream, handler)
    const mine = early.filter((said) => said.stream === stream)
    early = early.filter((said) => said.stream !== stream)
    for (const { message } of mine) handler(new Uint8Array(message))
    return () => void handlers.delete(stream)
  },
  close: () => process.exit(1),
  closed: () => {},
}
links.attach(link, keeping.judge(peer)!.standing)
