import { base32nopad } from '@scure/base'
import { expect, test } from 'vitest'
import { expectOk } from '../../src/lib/core/result.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { problemKey } from '../../src/lib/i18n/problems.ts'
import { loadSpeech } from '../../src/lib/i18n/speech.ts'
import { recogniseScanned, type ScannedKind } from '../../src/lib/net/scanned.ts'
import { encodeHubCode } from '../../src/lib/wire/hub-code.ts'
import { textFromKeeperInvitation } from '../../src/lib/wire/keeper.ts'
import { founded, linkOf, neighbourhood } from '../workspace/neighbourhood.ts'

/** One of everything that can be scanned, pasted or typed, as real devices show it. */
const oneOfEach = async () => {
  const valley = neighbourhood()
  const [alba, bruna, ceiba] = await founded(valley, 'Alba', 'Bruna', 'Ceiba')
  const home = valley.arrive()
  const notebook = await home.workspace.lightNotebook({ title: 'Mío', purpose: '', myName: 'Ema' })
  const join = expectOk(await valley.during(alba!.space.inviteHere('join')))
  const device = expectOk(await valley.during(bruna!.space.inviteHere('device')))
  const recover = expectOk(await valley.during(ceiba!.space.letBack(bruna!.space.me.member, 'here')))
  const meet = expectOk(await valley.during(ceiba!.space.encounter()))
  const shown: Readonly<Record<Exclude<ScannedKind, 'found'>, string>> = {
    meet: meet.code,
    join: join.encounter!.code,
    device: device.encounter!.code,
    recover: recover.encounter!.code,
    hub: base32nopad.encode(
      encodeHubCode({
        addresses: [systemRandom.bytes(4)],
        port: 4433,
        fingerprint: systemRandom.bytes(32),
      }),
    ),
    recoverLink: linkOf(expectOk(await bruna!.space.letBack(alba!.space.me.member, 'far'))),
    joinLink: linkOf(await alba!.space.invite()),
    foundLink: linkOf(await home.workspace.proposeFounding(notebook, { title: 'Otro', myName: 'Ema' })),
    keeper: textFromKeeperInvitation({
      commitment: systemRandom.bytes(32),
      seed: systemRandom.bytes(16),
    }),
  }
  return { valley, alba: alba!, bruna: bruna!, ceiba: ceiba!, join, device, recover, meet, shown }
}

test('attack 49: whatever is scanned in a flow it was not made for is refused, and called by its name', async () => {
  const { valley, alba, join, device, recover, meet, shown } = await oneOfEach()
  const guest = valley.arrive().workspace
  const flows: Readonly<Record<string, (text: string) => unknown>> = {
    meet: (text) => meet.take(text),
    join: (text) => join.encounter!.take(text),
    device: (text) => device.encounter!.take(text),
    recover: (text) => recover.encounter!.take(text),
    keeper: (text) => alba.space.addKeeper(text),
    hub: (text) => guest.joinHub(text),
  }
  for (const [flow, take] of Object.entries(flows))
    for (const [kind, text] of Object.entries(shown)) {
      if (kind === flow) continue
      const refused = take(text)
      expect({ flow, kind, refused }).toMatchObject({ flow, kind, refused: { ok: false } })
      // A hub is tried for beside another flow, which then says what it was.
      if (flow !== 'hub')
        expect({ flow, refused }).toEqual({
          flow,
          refused: { ok: false, error: { type: 'CodeOfAnotherKind', kind } },
        })
    }
  for (const [kind, text] of Object.entries(shown))
    if (kind !== 'joinLink' && kind !== 'foundLink')
      expect(await guest.openLink(text, 'Drago')).toEqual({
        ok: false,
        error: { type: 'CodeOfAnotherKind', kind },
      })
  for (const [kind, text] of Object.entries(shown))
    if (kind !== 'recoverLink')
      expect(await guest.returnByLink(text, 'Drago')).toEqual({
        ok: false,
        error: { type: 'CodeOfAnotherKind', kind },
      })
  // Refused is all it is: each still takes what it was made for.
  expect(join.state.read()).toEqual({ step: 'here', guest: null })
  expect(meet.state.read()).toEqual({ step: 'showing' })
})

test('attack 49: a phone that shows itself for one thing is not let in for another, whatever the other side says', async () => {
  const { valley, alba, join, device, recover } = await oneOfEach()
  const second = expectOk(await valley.during(valley.arrive().workspace.joinHere('device', 'Otro')))
  expect(join.encounter!.take(second.encounter!.code)).toMatchObject({ error: { kind: 'device' } })
  expect(second.encounter!.take(join.encounter!.code)).toMatchObject({ error: { kind: 'join' } })
  await valley.live()
  expect(alba.space.membership.read().decisions).toEqual([])
  // Nor does a phone that comes back slip in where one is added, or the other way round.
  const back = expectOk(await valley.during(valley.arrive().workspace.returnHere('Bruna')))
  for (const door of [join, device])
    expect(door.encounter!.take(back.encounter!.code)).toMatchObject({ error: { kind: 'recover' } })
  expect(back.encounter!.take(device.encounter!.code)).toMatchObject({ error: { kind: 'device' } })
  expect(recover.encounter!.take(second.encounter!.code)).toMatchObject({ error: { kind: 'device' } })
  await valley.live()
  expect(alba.space.membership.read().decisions).toEqual([])
})

test('attack 49: every kind has words of its own, in Spanish and in English, and none of them frightens', async () => {
  const kinds: readonly ScannedKind[] = [
    ...([
      'meet',
      'join',
      'device',
      'found',
      'hub',
      'joinLink',
      'foundLink',
      'keeper',
      'recover',
      'recoverLink',
    ] as const),
  ]
  for (const locale of ['es', 'en'] as const) {
    const { t } = await loadSpeech(locale)
    const said = kinds.map((kind) => t(problemKey({ type: 'CodeOfAnotherKind', kind })))
    expect(new Set(said).size).toBe(kinds.length)
  }
})

test('attack 49: cut short, with a letter changed, or of anything at all: it is nothing of ours, and never thrown', async () => {
  const { shown } = await oneOfEach()
  for (const [kind, text] of Object.entries(shown)) {
    expect(recogniseScanned(text)).toBe(kind)
    for (let length = 0; length < text.length; length += 3)
      expect([null, kind]).toContain(recogniseScanned(text.slice(0, length)))
  }
  for (let i = 0; i < 300; i++) {
    const bytes = systemRandom.bytes(1 + (i % 200))
    expect(recogniseScanned(base32nopad.encode(bytes))).toBeNull()
    expect(recogniseScanned(String.fromCharCode(...bytes))).toBeNull()
  }
  expect(recogniseScanned('A'.repeat(1_000_000))).toBeNull()
})
