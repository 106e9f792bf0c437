import * as encoding from 'lib0/encoding'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Y from 'yjs'
import { concatBytes } from '../../src/lib/core/bytes.ts'
import { Gathering, linkOf, meet, quiet, type Someone } from './live-people.ts'

let gathering: Gathering
let alba: Someone
let bruna: Someone
let eva: Someone

beforeEach(() => {
  gathering = new Gathering()
  ;[alba, bruna, eva] = ['Alba', 'Bruna', 'Eva'].map((name) => gathering.add(name)) as [
    Someone,
    Someone,
    Someone,
  ]
})
afterEach(() => gathering.close())

/** What Eva wants in the round, as y-webrtc would say it on a connection numbered 7. */
const round = (write: (doc: Y.Doc) => void): Uint8Array => {
  const doc = new Y.Doc()
  write(doc)
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, 0)
  encoding.writeVarUint(encoder, 2)
  encoding.writeVarUint8Array(encoder, Y.encodeStateAsUpdate(doc))
  return concatBytes(Uint8Array.of(3, 7), encoding.toUint8Array(encoder))
}

test('Eva fills the round until nobody listens to her any more; the others go on, and a new link of hers helps nothing', async () => {
  const turns = () => alba.live.doc.getArray('turnos').toJSON()
  const arrive = async () => {
    const { first, second } = await linkOf(eva.own, alba.own)
    alba.live.attach(second.link, eva.client)
    await quiet()
    first.link.send('live', Uint8Array.of(1, 7))
    await quiet()
    return first.link
  }
  await meet(bruna, alba)
  const link = await arrive()
  link.send(
    'live',
    round((doc) => doc.getArray('turnos').push(['Eva'])),
  )
  await quiet()
  expect(turns()).toEqual(['Eva'])

  // One thing said again and again takes no memory here, and counts all the same: 16 MiB, and one more for what is not the round itself.
  const large = round((doc) => doc.getText('largo').insert(0, 'x'.repeat(60_000)))
  for (let said = 0; said < 17 * 1024 * 1024; said += large.length) link.send('live', large)
  await quiet()
  for (const from of [link, await arrive()]) {
    from.send(
      'live',
      round((doc) => doc.getArray('turnos').push(['Eva otra vez'])),
    )
    await quiet()
    expect(turns()).toEqual(['Eva'])
  }

  bruna.live.doc.getArray('turnos').push(['Bruna'])
  await quiet()
  expect(turns()).toEqual(['Eva', 'Bruna'])
})
