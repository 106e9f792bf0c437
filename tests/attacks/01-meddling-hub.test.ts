import { fc, test as property } from '@fast-check/vitest'
import { createVillage, isWhole } from '../net/village.ts'
import { expect } from 'vitest'

property.prop([fc.infiniteStream(fc.nat(99)), fc.integer({ min: 10, max: 70 })], { numRuns: 12 })(
  'attack 1: a hub that loses, doubles, delays and repeats notes hours later delays a meeting, and breaks nothing',
  async (dice, meddled) => {
    const old: Uint8Array[] = []
    let honest = false
    const mischief = (blob: Uint8Array) => {
      const roll = () => dice.next().value as number
      if (honest || roll() >= meddled) return [{ blob, turns: 0 }]
      old.push(blob)
      const past = old[roll() % old.length]!
      switch (roll() % 4) {
        case 0:
          return []
        case 1:
          return [0, 3, 9].map((turns) => ({ blob, turns }))
        case 2:
          return [{ blob, turns: 1 + (roll() % 40) }]
        default:
          return [
            { blob: past, turns: 0 },
            { blob, turns: 2 },
            { blob: past, turns: 5 },
          ]
      }
    }
    const village = createVillage(3, { mischief })
    const unexpected: unknown[] = []
    const note = (problem: unknown) => unexpected.push(problem)
    process.on('uncaughtException', note)
    for (let i = 0; i < 6; i++) {
      await village.live(15_000)
      for (const { own, mesh } of village.neighbours) {
        const peers = mesh.links.read().map(({ peer }) => peer)
        expect(new Set(peers).size).toBe(peers.length)
        expect(peers).not.toContain(own.id)
      }
      village.linksOf(village.neighbours[i % 3]!)[0]?.close()
      if (i === 3) village.restart(village.neighbours[0]!)
    }
    honest = true
    await village.live(120_000)
    process.off('uncaughtException', note)
    expect(unexpected).toEqual([])
    expect(isWhole(village)).toBe(true)
    // Nothing is left of the attempts that led nowhere.
    expect(village.neighbours.map(({ rtc }) => rtc.open())).toEqual([2, 2, 2])
    for (const { mesh } of village.neighbours) mesh.stop()
  },
  120_000,
)
