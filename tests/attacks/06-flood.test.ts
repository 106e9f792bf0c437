import { expect, test } from 'vitest'
import { createHandClock } from '../net/hand-clock.ts'
import { openHub, roundTrip, visit } from '../hub/open-hub.ts'

const pairBox = new Uint8Array(32).fill(1)
const card = new Uint8Array(1024).fill(7)

const randomBox = (): Uint8Array => crypto.getRandomValues(new Uint8Array(32))

test('attack 6: Mallory knows the mailbox and floods it: refused after a burst, while Bea’s card reaches Ana', async () => {
  const hub = await openHub({ clock: createHandClock() })
  const [ana, bea, mallory] = [await visit(hub), await visit(hub), await visit(hub)]
  ana.say({ type: 'subscribe', mailbox: pairBox })
  await roundTrip(ana)
  const junk = new Uint8Array(1024)
  for (let n = 0; n < 1000; n++) mallory.say({ type: 'put', mailbox: pairBox, blob: junk })
  await roundTrip(mallory)
  bea.say({ type: 'put', mailbox: pairBox, blob: card })
  let arrived = 0
  for (;;) {
    const answer = await ana.next()
    if (answer.type !== 'blob') continue
    arrived++
    if (answer.blob[0] === card[0]) break
  }
  // Everything before Bea’s card was Mallory’s, and far from all of it.
  expect(arrived - 1).toBe(256)
  expect(await mallory.next()).toEqual({ type: 'refused', code: 1 })
})

test('attack 6: Mallory goes on regardless: cut off, and nobody else is', async () => {
  const hub = await openHub({ clock: createHandClock() })
  const [ana, mallory] = [await visit(hub), await visit(hub)]
  for (let n = 0; n < 3000; n++) mallory.say({ type: 'put', mailbox: pairBox, blob: card })
  expect(await mallory.closed).toBe(1008)
  ana.say({ type: 'subscribe', mailbox: randomBox() })
  await roundTrip(ana)
})

test('attack 6: Mallory watches mailboxes without end: refused at 512, and room is left for Ana', async () => {
  const hub = await openHub({ clock: createHandClock() })
  const [ana, mallory] = [await visit(hub), await visit(hub)]
  for (let n = 0; n < 600; n++) mallory.say({ type: 'subscribe', mailbox: randomBox() })
  expect(await mallory.next()).toEqual({ type: 'refused', code: 2 })
  ana.say({ type: 'subscribe', mailbox: pairBox })
  ana.say({ type: 'put', mailbox: pairBox, blob: card })
  expect(await ana.next()).toMatchObject({ type: 'blob' })
})

test('attack 6: Mallory opens connections without end: refused at 256, the open ones go on, and one closed makes room', async () => {
  const hub = await openHub()
  const ana = await visit(hub)
  const others = []
  for (let n = 0; n < 255; n++) others.push(await visit(hub))
  await expect(visit(hub)).rejects.toThrow('503')
  await roundTrip(ana)
  others[0]!.socket.close()
  await others[0]!.closed
  // The hub may hear of the closing a moment after we do: until then there is no room.
  while (!(await visit(hub).catch(() => null))) await roundTrip(ana)
})

test('attack 6: Mallory reads nothing of what is sent: cut off before it fills the memory', async () => {
  const hub = await openHub()
  const [bea, mallory] = [await visit(hub), await visit(hub)]
  mallory.say({ type: 'subscribe', mailbox: pairBox })
  await roundTrip(mallory)
  mallory.socket.pause()
  const large = new Uint8Array(4096)
  // Bea has a burst of 256 a connection: many Beas, 4 KiB each, against 1 MiB of backlog and what the sockets hold.
  for (let n = 0; n < 64 && mallory.socket.readyState === mallory.socket.OPEN; n++) {
    const one = n === 0 ? bea : await visit(hub)
    for (let i = 0; i < 256; i++) one.say({ type: 'put', mailbox: pairBox, blob: large })
    await roundTrip(one)
    one.socket.close()
  }
  mallory.socket.resume()
  expect(await mallory.closed).toBe(1006)
})
