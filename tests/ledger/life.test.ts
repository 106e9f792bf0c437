import { expect, test } from 'vitest'
import { memberIdFrom } from '../../src/lib/core/ids.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { createDevice, signBinding } from '../../src/lib/crypto/device.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { openBox } from '../../src/lib/ledger/boxes.ts'
import { assembleGenesis, createGenesis, signGenesis } from '../../src/lib/ledger/genesis.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { seededRandom } from '../world/time.ts'

const random = seededRandom(9)
const member = () => memberIdFrom(random.bytes(16))!

const founded = (n: number) => {
  const devices = Array.from({ length: n }, () => createDevice(random))
  const members = devices.map(member)
  const draft = createGenesis({
    author: devices[0]!.id,
    founders: devices.map(({ device }, i) => ({ member: members[i]!, device })),
    nonce: random.bytes(16),
    policy: { admit: 2 },
  })
  const genesis = expectOk(
    assembleGenesis(
      draft,
      devices.map((own) => signGenesis(own, draft)),
    ),
  )
  return { ledger: expectOk(createLedger(genesis.wire)), devices, members }
}

test('three found a collective, two of them admit a fourth, and the fourth has a box', () => {
  const { ledger, devices } = founded(3)
  const [alba, bruna] = devices
  const drago = createDevice(random)
  const who = member()
  const act = (own: typeof drago, entry: Parameters<typeof createEntry>[0]['act']) => {
    const signed = createEntry({ ledger, own, act: entry })
    expect(ledger.add([signed.wire]).refused).toEqual([])
    return signed.id
  }
  const proposal = act(alba!, {
    type: 'propose',
    proposal: {
      action: 'admit',
      member: who,
      device: drago.device,
      deviceId: drago.id,
      binding: signBinding(drago, ledger.coll, who),
      proof: null,
      verified: 'scan',
    },
  })
  act(alba!, { type: 'enact', proposal })
  expect(ledger.state().members.size).toBe(3) // one voucher is not enough
  act(bruna!, { type: 'approve', proposal, seen: [] })
  act(bruna!, { type: 'enact', proposal })
  expect(ledger.state().members.size).toBe(4)
  expect(ledger.state().members.get(who)?.votes).toBe(false)
  const { entry, key, boxes } = createRotate({ ledger, own: bruna! })
  expect(ledger.add([entry.wire]).refused).toEqual([])
  const opened = openBox({ ledger, own: drago, epoch: entry.id as EpochId, boxes })
  expect(opened.ok && opened.value).toEqual(key)
  act(bruna!, { type: 'suspend', device: drago.id, frontier: [], reason: 'lost', evidence: null })
  expect(ledger.state().devices.get(drago.id)?.standing).toBe('suspended')
})
