import { expect, test } from 'vitest'
import { expectOk, ok } from '../../src/lib/core/result.ts'
import { addArticle, articles } from '../../src/lib/domain/articles.ts'
import { contentOf, rootOf, setAbout } from '../../src/lib/domain/document.ts'
import { addPerson } from '../../src/lib/domain/people.ts'
import { addThreat, editThreat, threats } from '../../src/lib/domain/threats.ts'
import { createAgreed } from '../../src/lib/workspace/checkpoint-door.ts'
import { World, type Person } from '../world/cast.ts'

const ROOTS = ['about', 'articles', 'threats', 'people'] as const

const doorOf = ({ replica }: Person) =>
  createAgreed({
    replica,
    language: () => 'es',
    mayAct: () => null,
    kept: () => Promise.resolve(ok(undefined)),
  })

const everything = ({ doc }: Person) => ROOTS.map((root) => contentOf(rootOf(doc, root)))

const agreed = async (seed: number) => {
  const world = new World(seed)
  const [ana, bea, mala] = (await world.found('Ana', 'Bea', 'Mala')) as [Person, Person, Person]
  setAbout(ana.doc, { title: 'Las Tres Vertientes' })
  addPerson(ana.doc, { name: 'Ana', member: ana.member, participation: 'own device' })
  addArticle(bea.doc, { title: 'Retenes', kind: 'rule', text: 'Vamos de a dos.\nAvisamos antes.' })
  addThreat(mala.doc, { title: 'Vigilancia', what: 'Un auto sin placas', already: 'Anotamos la hora' })
  await world.settle()
  const id = expectOk(ana.replica.checkpoints.propose())
  await world.settle()
  for (const person of [bea, mala]) expectOk(person.replica.checkpoints.cosign(id))
  await world.settle()
  for (const { replica } of world.people) expect(replica.ledger.pin).toBe(id)
  return { world, ana, bea, mala, id, was: everything(ana) }
}

const wipes = ({ doc }: Person) => {
  for (const root of ROOTS) for (const key of [...rootOf(doc, root).keys()]) rootOf(doc, root).delete(key)
}

const scrawls = ({ doc }: Person) => {
  for (const one of threats(doc).read()) editThreat(doc, one.id, { field: 'what', text: 'mentira' })
  for (const root of ['articles', 'threats'] as const)
    for (const [, item] of rootOf(doc, root))
      for (const key of [...(item as ReturnType<typeof rootOf>).keys()])
        (item as ReturnType<typeof rootOf>).set(key, 7)
}

for (const [how, harm] of [
  ['deletes everything', wipes],
  ['writes rubbish over every field', scrawls],
] as const)
  test(`attack 33: Mala ${how} after the final checkpoint; Ana returns to it by her own edits, and all say the same again`, async () => {
    const { world, ana, bea, mala, id, was } = await agreed(33)
    harm(mala)
    await world.settle()
    for (const person of [ana, bea]) expect(everything(person)).not.toEqual(was)
    const [records, hers] = [
      ana.replica.feeds.nextSeq(ana.replica.feed!),
      mala.replica.feeds.nextSeq(mala.replica.feed!),
    ]
    expectOk(await doorOf(ana).returnTo(id))
    await world.settle()
    for (const person of [ana, bea, mala]) expect(everything(person)).toEqual(was)
    // Nothing is un-merged: what Mala signed stays, and what answers it stands in Ana’s feed.
    expect(bea.replica.feeds.nextSeq(ana.replica.feed!)).toBeGreaterThan(records)
    expect(bea.replica.feeds.nextSeq(mala.replica.feed!)).toBe(hers)
    await bea.restarts()
    world.connectAll()
    await world.settle()
    expect(everything(bea)).toEqual(was)
  })

test('attack 33: Ana and Bea return to it at once, apart, while Cata writes on: they agree, and what she wrote is kept', async () => {
  const { world, ana, bea, mala, id } = await agreed(331)
  wipes(mala)
  await world.settle()
  world.cut(ana)
  for (const person of [ana, bea]) expectOk(await doorOf(person).returnTo(id))
  addArticle(mala.doc, { title: 'Lo nuevo', kind: 'care', text: 'Comemos juntas.' })
  await mala.replica.flush()
  world.connectAll()
  await world.settle()
  const titles = (person: Person) =>
    articles(person.doc)
      .read()
      .map(({ title }) => title)
      .sort()
  for (const person of [bea, mala]) expect(everything(person)).toEqual(everything(ana))
  expect(titles(ana)).toEqual(['Lo nuevo', 'Retenes'])
})

test('attack 33: a checkpoint that is not held here is not returned to, and nothing changes', async () => {
  const { ana, was } = await agreed(332)
  expect(await doorOf(ana).returnTo(ana.replica.ledger.heads()[0]!)).toEqual({
    ok: false,
    error: { type: 'NotFound' },
  })
  expect(everything(ana)).toEqual(was)
})
