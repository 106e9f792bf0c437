import { expect, test } from 'vitest'
import { danglingIn, Valley } from '../feed/valley.ts'

test('attack 17: what Alba wrote upon Ceiba’s record above the frontier brings that record in, and nothing dangles', () => {
  const valley = Valley.found('Alba', 'Bruna', 'Ceiba')
  const [alba, bruna, ceiba] = [valley.get('Alba'), valley.get('Bruna'), valley.get('Ceiba')]
  ceiba.says('primero ')
  valley.meet()
  const frontier = bruna.feeds.frontierOf(ceiba.device)
  const second = ceiba.says('segundo ')
  const third = ceiba.says('tercero ')
  alba.hear(second)
  alba.writes((doc) => {
    doc.getText('t').insert(12, '(sí) ')
    doc.getMap('m').set('aparte', 'honesto')
  })
  alba.hear(third)
  bruna.suspend(ceiba.device, frontier)
  bruna.rotate()
  bruna.hear(second, third)
  expect(bruna.reads()).toBe('primero ')
  expect(bruna.feeds.setAside()).toHaveLength(2)
  valley.meet(alba, bruna)
  for (const person of [alba, bruna]) {
    expect(person.reads()).toBe('primero segu(sí) ndo ')
    expect(person.doc.getMap('m').get('aparte')).toBe('honesto')
    expect(danglingIn(person.doc)).toBe(false)
    expect(person.feeds.setAside().map(({ position }) => position.rec)).toEqual([third.seal.rec])
  }
  expect(bruna.feeds.frontierOf(ceiba.device)).toEqual([{ feed: ceiba.feed, seq: 1, rec: second.seal.rec }])
  expect(alba.sees()).toEqual(bruna.sees())
})
