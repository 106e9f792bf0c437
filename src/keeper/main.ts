import { mkdir } from 'node:fs/promises'
import { WebSocket } from 'ws'
import { systemClock } from '../lib/core/clock.ts'
import { idBytes } from '../lib/core/ids.ts'
import { systemRandom } from '../lib/crypto/random.ts'
import { createHub, type HubClient, type HubSocket } from '../lib/net/hub-client.ts'
import { createScannedHub } from '../lib/net/hub-scan.ts'
import { wordsOfId } from '../lib/net/words.ts'
import { argumentsFrom, USAGE, type Arguments, type KeeperHub } from './arguments.ts'
import { lockFolder } from './folder-lock.ts'
import { openIdentity } from './identity.ts'
import { inspect } from './inspect.ts'
import { createKeeper, type KeeperNews } from './keeper.ts'
import { Keeping } from './keeping.ts'
import { openLogStorage } from './log-storage.ts'
import { nodeRtc } from './node-rtc.ts'

const give = (sentence: string): never => {
  console.error(sentence)
  process.exit(1)
}

const say = (news: KeeperNews): void => {
  switch (news.type) {
    case 'invitation':
      return console.log(
        `Give this to one member, who pastes it under Collective in the app:\n\n  ${news.text}\n`,
      )
    case 'standing':
      return sayStanding(news)
    case 'links':
      return console.log(`Linked with ${news.count} ${news.count === 1 ? 'device' : 'devices'}.`)
    case 'room':
      return console.log(
        news.state === 'used up'
          ? 'The room it was given is used up: what comes now is not kept. Start it with a larger --quota.'
          : 'The disk takes nothing more: what comes now is not kept.',
      )
  }
}

const sayStanding = ({ standing, coll }: Extract<KeeperNews, { type: 'standing' }>): void => {
  const words =
    coll && `${wordsOfId(idBytes(coll), 'es').join(' ')} / ${wordsOfId(idBytes(coll), 'en').join(' ')}`
  switch (standing) {
    case 'idle':
      return
    case 'waiting':
      return console.log(
        `Asked by a collective whose words are: ${words}\nWaiting until its members let it in.`,
      )
    case 'active':
      return console.log(`Keeps for the collective whose words are: ${words}`)
    case 'suspended':
      return console.log('Paused by a member of the collective: nothing more is taken or given.')
    case 'ended':
      return console.log('The collective has ended this keeper. The folder can be deleted.')
  }
}

const hubAt = (where: KeeperHub): HubClient => {
  const world = { clock: systemClock, random: systemRandom }
  if ('code' in where) return createScannedHub({ ...world, code: where.code, rtc: nodeRtc })
  const { post, origin } = where
  const socket = (url: string) => new WebSocket(url, { origin }) as unknown as HubSocket
  return createHub({ ...world, url: post, socket })
}

const run = async ({ folder, hub: where, quota }: Arguments): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const locked = await lockFolder(folder)
  if (!locked.ok)
    return give(
      locked.error.type === 'FolderInUse'
        ? `${folder}: another keeper runs here.`
        : `${folder}: choose a folder with a shorter name.`,
    )
  const identity = await openIdentity(folder, systemRandom)
  const storage = await openLogStorage(folder, systemRandom)
  if (!identity || !storage) return give(`${folder}: damaged, or not a folder of a keeper.`)
  if (storage.damaged > 0) console.log(`${storage.damaged} damaged places: what was there comes again.`)
  if (storage.dead > storage.size / 2) await storage.compact()
  const keeping = await Keeping.open({ device: identity.own.id, storage, clock: systemClock, quota })
  const hub = hubAt(where)
  const keeper = createKeeper({
    identity,
    keeping,
    hub,
    rtc: nodeRtc,
    clock: systemClock,
    random: systemRandom,
    tell: say,
  })
  console.log(`Keeper: ${folder}, hub ${'code' in where ? 'in this room' : where.origin}`)

  let isStopping = false
  const stop = async (): Promise<void> => {
    if (isStopping) return
    isStopping = true
    await keeper.stop()
    hub.close()
    storage.close()
    await storage.closed()
    locked.value.unlock()
    process.exit(0)
  }
  process.on('SIGINT', () => void stop())
  process.on('SIGTERM', () => void stop())
}

const parsed = argumentsFrom(process.argv.slice(2))
if (!parsed.ok) give(`${parsed.error.why}\n\n${USAGE}`)
else if (parsed.value.command === 'help') console.log(USAGE)
else if (parsed.value.command === 'inspect')
  for (const line of await inspect(parsed.value.folder, systemRandom)) console.log(line)
else await run(parsed.value)
