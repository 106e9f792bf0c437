import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { agree } from '../../src/lib/crypto/rendezvous.ts'
import { createCardedConnection } from '../../src/lib/net/connection.ts'
import { pairPsk } from '../../src/lib/net/mailboxes.ts'
import type { Card } from '../../src/lib/wire/cards.ts'
import { encodeControlMessage, parseControlMessage } from '../../src/lib/wire/control.ts'
import { createPerson, knows, shake, type Outcome } from '../net/people.ts'
import { createVillage, villageColl, type Neighbour, type Village } from '../net/village.ts'

/** Nobody is reachable for so long that links die, and there is no hub from then on. */
const goneFor = async (village: Village, ms: number): Promise<void> => {
  for (const { rtc, hub } of village.neighbours) {
    rtc.setReachable(false)
    hub.setReachable(false)
  }
  await village.live(ms)
  for (const { rtc } of village.neighbours) rtc.setReachable(true)
}

test.each(['her own name', 'Bea’s name'] as const)(
  'attack 3: Bea lends her spare, and all she and Alba share but her key, to Mallory, who comes under %s: no link',
  async (name) => {
    const village = createVillage(2)
    const [alba, bea] = village.neighbours as [Neighbour, Neighbour]
    const mallory = createPerson()
    await village.live(3_000)
    const connection = expectOk(await createCardedConnection(bea.rtc, village.clock))
    const link = village.linksOf(bea)[0]!
    let card: Card | null = null
    link.receive('control', (bytes) => {
      const message = parseControlMessage(bytes)
      if (message.ok && message.value.type === 'spare') card = message.value.card
    })
    link.send('control', encodeControlMessage({ type: 'spare', card: connection.card }))
    await village.live(1_000)
    expect(card).not.toBeNull()
    let outcome: Outcome | null = null
    connection.opened((channel) => {
      const own = name === 'her own name' ? mallory : { ...mallory, id: bea.own.id }
      const psk = pairPsk(expectOk(agree(bea.own.rvSk, alba.own.device.rvPk)), villageColl)
      const side = { own, psk, context: idBytes(villageColl), judge: knows(alba.own) }
      shake(channel, side, village.clock, (result) => {
        outcome = result
      })
    })
    connection.waitFor(card!)
    await goneFor(village, 40_000)
    await village.live(20_000)
    // The connection came about: it was Bea who said where it is. Who is there Alba asks anew.
    expect(outcome).toMatchObject({ ok: false })
    expect(village.linksOf(alba)).toEqual([])
  },
)

test('attack 3: Bea was put out while nobody was reachable: her spare finds Alba’s, and Alba does not shake hands', async () => {
  const village = createVillage(2)
  const [alba, bea] = village.neighbours as [Neighbour, Neighbour]
  await village.live(3_000)
  for (const { hub } of village.neighbours) hub.setReachable(false)
  await village.live(3_000)
  alba.standing.set(bea.own.id, null)
  await goneFor(village, 40_000)
  await village.live(20_000)
  expect(village.linksOf(alba)).toEqual([])
  expect(village.linksOf(bea)).toEqual([])
  // One try was all a spare is for.
  expect([alba.rtc.open(), bea.rtc.open()]).toEqual([0, 0])
})
