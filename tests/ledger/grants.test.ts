import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import type { EpochId } from '../../src/lib/core/ids.ts'
import { generateSecretKey } from '../../src/lib/crypto/hash.ts'
import { createEntry } from '../../src/lib/ledger/authoring.ts'
import { openBox } from '../../src/lib/ledger/boxes.ts'
import { createGrant, MAX_GRANTED, openGrant } from '../../src/lib/ledger/grants.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import { assemble, type Assembly } from './assembly.ts'
import type { Delegate } from './council.ts'

const rotate = (council: Assembly, who: Delegate) => {
  const { entry, key, boxes } = createRotate({ ledger: council.ledger, own: who.own })
  council.ledger.add([entry.wire])
  return { epoch: entry.id as EpochId, key, boxes }
}

test('a key handed over opens for the one it is for, and only if it is the epoch’s key', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const [one, two] = [rotate(council, alba), rotate(council, alba)]
  const keys = new Map([
    [one.epoch, one.key],
    [two.epoch, generateSecretKey()], // not the key this epoch committed to
  ])
  const act = expectOk(createGrant({ ledger: council.ledger, device: bruna.own.id, keys }))
  council.says(alba, act)
  const grant = council.ledger.state().grants[0]!
  const opened = expectOk(openGrant({ ledger: council.ledger, own: bruna.own, grant }))
  expect([...opened]).toEqual([[one.epoch, one.key]])
  expect(openGrant({ ledger: council.ledger, own: cira.own, grant }).ok).toBe(false)
})

test('keys are not handed to a suspended phone, nor to one that nobody admitted', () => {
  const { council, alba, bruna, cira } = assemble(3)
  const { epoch, key } = rotate(council, alba)
  const keys = new Map([[epoch, key]])
  const act = expectOk(createGrant({ ledger: council.ledger, device: bruna.own.id, keys }))
  council.suspend(cira, bruna)
  expect(council.isVoid(council.says(alba, act))).toBe(true)
  expect(council.ledger.state().grants).toEqual([])
  const stranger = council.stranger().own.id
  expect(createGrant({ ledger: council.ledger, device: stranger, keys }).ok).toBe(false)
})

test('as many keys as are allowed fit one entry; more are refused before they are signed', () => {
  const { council, alba, bruna } = assemble(3)
  const epochs = Array.from({ length: MAX_GRANTED }, () => council.rotates(alba))
  const keys = new Map(epochs.map((epoch) => [epoch, generateSecretKey()]))
  const act = expectOk(createGrant({ ledger: council.ledger, device: bruna.own.id, keys }))
  const { wire } = createEntry({ ledger: council.ledger, own: alba.own, act })
  expect(council.ledger.add([wire]).refused).toEqual([])
  keys.set(council.rotates(alba), generateSecretKey())
  expect(createGrant({ ledger: council.ledger, device: bruna.own.id, keys })).toMatchObject({
    error: { type: 'TooManyKeys' },
  })
})

test('a box opens for its own device alone', () => {
  const { council, alba, bruna } = assemble(3)
  const { epoch, key, boxes } = rotate(council, alba)
  const open = (who: Delegate, set = boxes) =>
    openBox({ ledger: council.ledger, own: who.own, epoch, boxes: set })
  expect(expectOk(open(bruna))).toEqual(key)
  expect(open(council.stranger())).toMatchObject({ error: { type: 'NotForMe' } })
  const swapped = boxes.map((box) => (box.device === bruna.own.id ? swap(boxes, bruna) : box))
  expect(open(bruna, swapped)).toMatchObject({ error: { type: 'BadBox' } })
})

/** Bruna’s name on somebody else’s box. */
const swap = (boxes: ReturnType<typeof rotate>['boxes'], who: Delegate) => {
  const { kemCt, sealed } = boxes.find(({ device }) => device !== who.own.id)!
  return { device: who.own.id, kemCt, sealed }
}
