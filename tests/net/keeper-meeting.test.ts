import { expect, test } from 'vitest'
import { hash } from '../../src/lib/crypto/hash.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { askKeeper, awaitMembers, type Answer, type Asked } from '../../src/lib/net/keeper-meeting.ts'
import { keeperInvitationFromText } from '../../src/lib/wire/keeper.ts'
import { collIdFrom } from '../../src/lib/core/ids.ts'
import { createHandClock } from './hand-clock.ts'
import { settle } from './memory-channel.ts'
import { createMemoryHub } from './memory-hub.ts'
import { createMemoryNetwork } from './memory-rtc.ts'
import { createPerson } from './people.ts'

/** A keeper that answers what `answer` says, and a member who holds its text. */
const atTheKeeper = (answer: () => Answer) => {
  const clock = createHandClock()
  const hub = createMemoryHub(clock)
  const network = createMemoryNetwork()
  const world = () => ({ hub: hub.connect(), rtc: network.rtc(), clock, random: systemRandom })
  const keeper = createPerson()
  const heard: Asked[] = []
  const waiting = awaitMembers({
    ...world(),
    own: keeper,
    seed: systemRandom.bytes(16),
    accept: (asked) => {
      heard.push(asked)
      return Promise.resolve(answer())
    },
  })
  const invitation = keeperInvitationFromText(waiting.text)!
  const ask = async () => {
    const asking = askKeeper({ ...world(), own: createPerson(), invitation, coll, pin: null })
    for (let passed = 0; passed < 10_000 && asking.state.read().step === 'meeting'; passed += 250) {
      clock.pass(250)
      for (let turn = 0; turn < 8; turn++) await settle()
    }
    return asking.state.read()
  }
  return { keeper, heard, ask }
}

const coll = collIdFrom(hash('led', 'Las Tres Vertientes'))!

test('a keeper that takes a collective on binds itself, to whoever asks with its text', async () => {
  const { keeper, heard, ask } = atTheKeeper(() => 'kept')
  expect(await ask()).toMatchObject({ step: 'bound', deviceId: keeper.id })
  expect(heard.map((asked) => asked.coll)).toEqual([coll])
})

test('one that keeps for others says so', async () => {
  expect(await atTheKeeper(() => 'keeps for others').ask()).toEqual({ step: 'ended', why: 'taken' })
})

test('one whose disk fails says that and nothing else, and can be asked again', async () => {
  let answer: Answer = 'disk failed'
  const { ask } = atTheKeeper(() => answer)
  expect(await ask()).toEqual({ step: 'ended', why: 'unable' })
  answer = 'kept'
  expect(await ask()).toMatchObject({ step: 'bound' })
})
