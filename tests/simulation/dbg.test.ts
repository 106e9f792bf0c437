import { test } from 'vitest'
import { drawEverythingFrom, Dice } from './dice.ts'
import { holdsItsPromises } from './promises.ts'
import { Turmoil } from './turmoil.ts'
const life = process.env.LIFE === 'wide' ? 'wide' : 'usual'
test('dbg', async () => {
  const seed = Number(process.env.SEED)
  const undo = drawEverythingFrom(seed)
  const dice = new Dice(seed * 31 + 7)
  const isLarge = seed % 100 === 0
  const t = new Turmoil(seed, isLarge ? 40 : 5 + dice.below(4), life)
  await t.begin(isLarge ? 8 : 3 + dice.below(3))
  await t.run(isLarge ? 200 : 40 + dice.below(60))
  await t.heals()
  let failed = ''
  try { await holdsItsPromises(t) } catch (e) { failed = String((e as Error).message).slice(0, 4000) }
  undo()
  console.log('FAILED', failed)
  const nameOf = new Map(t.world.people.map((p) => [p.device as string, p.name]))
  const act = t.active()
  const f = act[0]!.replica
  const fn = (feed: any) => { const d = f.state.feeds.get(feed)?.device; return (d ? nameOf.get(d) ?? d.slice(0, 6) : '?') + '/' + feed.slice(0, 4) }
  for (const d of f.state.devices.values()) console.log('DEV', nameOf.get(d.id) ?? d.id.slice(0,6), d.standing, d.frontier.map((p) => fn(p.feed) + ':' + p.seq).join(' '), 'susp', d.suspensions.length, 'rev', d.revokedBy.length, t.copied.has(d.id) ? 'copied' : '', t.aimedAt.has(d.id) ? 'aimed' : '')
  for (const p of act) {
    const r = p.replica as any
    console.log('---', p.name, r.row.newcomer ? 'newcomer' : '', 'lacking', r.lacking()?.slice(0, 90), 'welcomedBy', nameOf.get(r.welcomedBy), 'waiting', JSON.stringify(r.feeds.waiting()), 'pin', String(r.ledger.pin).slice(0, 6), r.saving.read(), 'missing', r.feeds.missingEpochs().map((e: string) => e.slice(0, 4)).join())
    console.log('  merged', r.feeds.positionsMerged().map((x: any) => fn(x.feed) + ':' + x.seq).join(' '))
    console.log('  heads', r.feeds.heads().map((x: any) => fn(x.feed) + ':' + x.seq).join(' '))
    console.log('  aside', r.setAside().map((x: any) => fn(x.position.feed) + ':' + x.position.seq + x.why).join(' '))
    console.log('  refused', r.feeds.refused().map((x: any) => fn(x.position.feed) + ':' + x.position.seq + JSON.stringify(x.why)).join(' '))
    console.log('  forks', r.feeds.forks().map((x: any) => fn(x.feed) + ':' + x.seq).join(' '))
    console.log('  reads', p.reads())
  }
}, 120000)
