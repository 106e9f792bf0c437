import { expect, test } from 'vitest'
import { addArticle, appendToArticle, articles } from '../../src/lib/domain/articles.ts'
import { people } from '../../src/lib/domain/people.ts'
import { aboutOf, setAbout } from '../../src/lib/domain/document.ts'
import type { GuestFlow, HostFlow, Space } from '../../src/lib/workspace/types.ts'
import type { LiveWorkspace } from '../../src/lib/workspace/workspace.ts'
import { done, linkOf, neighbourhood } from './neighbourhood.ts'

const opened = async (workspace: LiveWorkspace, link: string, name: string): Promise<GuestFlow> => {
  const flow = await workspace.openLink(link, name)
  if (!flow.ok) throw new Error(flow.error.type)
  return flow.value
}

const sameWords = (host: HostFlow, guests: readonly GuestFlow[]) => {
  const state = host.state.read()
  if (state.step !== 'inviting') throw new Error(state.step)
  for (const guest of guests) {
    const theirs = guest.state.read()
    if (theirs.step !== 'words') throw new Error(`guest is ${theirs.step}`)
    const mine = state.guests.find(({ words }) => words?.join() === theirs.words.join())
    if (!mine) throw new Error('no guest has these words')
    host.confirmWords(mine.id, true)
    guest.confirmWords(true)
  }
}

const foundThree = async () => {
  const { arrive, live } = neighbourhood()
  const [alba, bruna, ceiba] = [arrive(), arrive(), arrive()]
  const notebook = await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  addArticle(notebook.doc.read(), { title: 'El agua', kind: 'principle', text: 'El agua es de todas.' })
  const host = await alba.workspace.proposeFounding(notebook, {
    title: 'Las Tres Vertientes',
    myName: 'Alba',
  })
  const guests = [
    await opened(bruna.workspace, linkOf(host), 'Bruna'),
    await opened(ceiba.workspace, linkOf(host), 'Ceiba'),
  ]
  await live()
  sameWords(host, guests)
  await live()
  host.proposeGenesis()
  await live()
  return { arrive, live, alba, bruna, ceiba, notebook, host, guests }
}

test('three found a collective by link and words, and what was in the notebook is there', async () => {
  const { live, alba, notebook, host, guests } = await foundThree()
  const words = [host, ...guests].map(({ state }) => {
    const at = state.read()
    return at.step === 'genesis' ? at.words.join(' ') : at.step
  })
  expect(new Set(words).size).toBe(1)
  expect(words[0]!.split(' ')).toHaveLength(4)
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(8000)
  const spaces = [host, ...guests].map(done)
  for (const space of spaces) {
    expect(space.kind.read()).toBe('collective')
    expect(
      articles(space.doc.read())
        .read()
        .map(({ title }) => title),
    ).toEqual(['El agua'])
    expect(aboutOf(space.doc.read()).title).toBe('Las Tres Vertientes')
    expect(
      people(space.doc.read())
        .read()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['Alba', 'Bruna', 'Ceiba'])
    expect(space.membership.read().members).toHaveLength(3)
  }
  expect(notebook.readOnly.read()).toBe(true)
  expect(alba.workspace.current.read()?.id).toBe(spaces[0]!.id)
})

/** Three founded, Drago joined with two vouchers. */
const fourTogether = async () => {
  const { arrive, live, host, guests } = await foundThree()
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(8000)
  const [alba, bruna, ceiba] = [host, ...guests].map(done) as [Space, Space, Space]
  const dragos = arrive()
  const inviting = await alba.invite()
  const joining = await opened(dragos.workspace, linkOf(inviting), 'Drago')
  await live()
  sameWords(inviting, [joining])
  await live()
  expect(inviting.state.read()).toMatchObject({ step: 'vouching', have: 1, needed: 2 })
  expect(joining.state.read()).toMatchObject({ step: 'vouching', have: 1, needed: 2 })
  const [decision] = bruna.membership.read().decisions
  expect(decision).toMatchObject({ action: 'admit', name: 'Drago', mayApprove: true })
  await bruna.approve(decision!.id)
  await live(8000)
  return { live, alba, bruna, ceiba, drago: done(joining) }
}

/** Adds a paragraph to the first article. */
const addsWords = async (space: Space, text: string): Promise<void> => {
  appendToArticle(space.doc.read(), articles(space.doc.read()).read()[0]!.id, text)
  await space.flush()
}

const firstText = (space: Space): string => articles(space.doc.read()).read()[0]!.body!.toString()

test('Drago joins by link, words and two vouchers; then his phone is lost', async () => {
  const { live, alba, bruna, ceiba, drago } = await fourTogether()
  expect(
    people(drago.doc.read())
      .read()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['Alba', 'Bruna', 'Ceiba', 'Drago'])
  drago.doc.read().getText('notes').insert(0, 'desde lejos')
  await drago.flush()
  await live()
  expect(ceiba.doc.read().getText('notes').toString()).toBe('desde lejos')

  await bruna.suspend(drago.me.device, 'lost')
  await live()
  alba.doc.read().getText('notes').insert(0, 'entre nosotras: ')
  await alba.flush()
  await addsWords(drago, 'sigo aquí')
  await live(6000)
  expect(ceiba.doc.read().getText('notes').toString()).toBe('entre nosotras: desde lejos')
  expect(drago.membership.read().me).toBe('suspended')
  for (const space of [alba, bruna, ceiba])
    expect(space.setAside.read()).toMatchObject([
      { text: 'sigo aquí', where: { type: 'article' }, brought: false },
    ])
  await ceiba.bringBack(ceiba.setAside.read()[0]!.id)
  await live()
  expect(ceiba.setAside.read()[0]!.brought).toBe(true)
  for (const space of [alba, bruna, ceiba]) expect(firstText(space)).toContain('sigo aquí')
})

test('what comes from a paused phone after a piece was brought back is a piece of its own', async () => {
  const { live, alba, bruna, ceiba, drago } = await fourTogether()
  await bruna.suspend(drago.me.device, 'lost')
  await live()
  await addsWords(drago, 'lo primero')
  await live(6000)
  await ceiba.bringBack(ceiba.setAside.read()[0]!.id)
  await addsWords(drago, 'lo segundo')
  await live(6000)
  for (const space of [alba, bruna, ceiba])
    expect(space.setAside.read()).toMatchObject([
      { text: 'lo segundo', where: { type: 'article' }, brought: false },
      { text: 'lo primero', where: { type: 'article' }, brought: true },
    ])
  await alba.bringBack(alba.setAside.read()[0]!.id)
  await live()
  for (const space of [alba, bruna, ceiba]) {
    expect(space.setAside.read().map(({ brought }) => brought)).toEqual([true])
    expect(firstText(space).split('lo primero')).toHaveLength(2)
    expect(firstText(space).split('lo segundo')).toHaveLength(2)
  }
})

test('everybody sees that a piece is back already; whoever saw an older one brings no more than that', async () => {
  const { live, alba, bruna, ceiba, drago } = await fourTogether()
  await bruna.suspend(drago.me.device, 'lost')
  await live()
  await addsWords(drago, 'lo primero')
  await live(6000)
  const seen = alba.setAside.read()[0]!
  await addsWords(drago, 'lo segundo')
  await live(6000)
  await alba.bringBack(seen.id)
  await live()
  expect(firstText(bruna)).toContain('lo primero')
  expect(firstText(bruna)).not.toContain('lo segundo')
  // Bruna and Ceiba bring the rest at the same moment: it is there twice, as their own, and all know that it is back.
  const [rest] = ceiba.setAside.read().filter(({ brought }) => !brought)
  expect(rest).toMatchObject({ text: 'lo segundo' })
  for (const space of [bruna, ceiba]) await space.bringBack(rest!.id)
  await live()
  for (const space of [alba, bruna, ceiba])
    expect(space.setAside.read()).toMatchObject([{ text: 'lo primero\nlo segundo', brought: true }])
  expect(firstText(alba).split('lo segundo')).toHaveLength(3)
  // A mark is what somebody says: the piece can be brought back all the same.
  expect(await alba.bringBack(alba.setAside.read()[0]!.id)).toEqual({ ok: true, value: undefined })
  expect(await alba.bringBack('nothing of this name')).toMatchObject({ error: { type: 'NotFound' } })
})

test('attack 35: names and titles that turn the words around them are read without it, before anybody belongs', async () => {
  const { arrive, live } = neighbourhood()
  const [alba, bruna, ceiba] = [arrive(), arrive(), arrive()]
  const notebook = await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  const host = await alba.workspace.proposeFounding(notebook, {
    title: 'Las \u202Esert',
    myName: 'Alba \u2067abla',
  })
  const guests = [
    await opened(bruna.workspace, linkOf(host), 'Bruna \u202Eanurb'),
    await opened(ceiba.workspace, linkOf(host), 'Ceiba'),
  ]
  await live()
  const inviting = host.state.read()
  const names = inviting.step === 'inviting' ? inviting.guests.map(({ name }) => name) : []
  expect(names.sort()).toEqual(['Bruna anurb', 'Ceiba'])
  expect(guests[0]!.state.read()).toMatchObject({ step: 'words', host: 'Alba abla' })
  sameWords(host, guests)
  await live()
  host.proposeGenesis()
  await live()
  const genesis = guests[1]!.state.read()
  expect(genesis).toMatchObject({ step: 'genesis', title: 'Las sert' })
  expect(genesis.step === 'genesis' && [...genesis.names].sort()).toEqual([
    'Alba abla',
    'Bruna anurb',
    'Ceiba',
  ])
})

test('what was settled is given to Drago with the invitation, and he holds to it from the first moment, also after a restart', async () => {
  const { arrive, live, host, guests } = await foundThree()
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(8000)
  const [alba, bruna, ceiba] = [host, ...guests].map(done) as [Space, Space, Space]
  for (const space of [bruna, ceiba]) {
    const [open] = space.agreed.state.read().open
    expect((await space.agreed.cosign(open!.id)).ok).toBe(true)
  }
  await live(4000)
  const settled = alba.agreed.state.read().final
  expect(settled).not.toBe(null)
  const dragos = arrive()
  const inviting = await alba.invite()
  const joining = await opened(dragos.workspace, linkOf(inviting), 'Drago')
  await live()
  sameWords(inviting, [joining])
  await live()
  await bruna.approve(bruna.membership.read().decisions[0]!.id)
  await live(200)
  const drago = done(joining)
  expect(drago.agreed.state.read().final).toMatchObject({ id: settled!.id, words: settled!.words })
  await dragos.workspace.close()
  const again = dragos.open()
  await again.restore()
  expect(again.current.read()!.agreed.state.read().final?.id).toBe(settled!.id)
  await live(1000)
})

test('two of three phones are gone: who is left founds anew with others, and everything written goes along', async () => {
  const { arrive, live, alba: albas, host, guests } = await foundThree()
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(8000)
  const [old] = [host, ...guests].map(done) as [Space]
  appendToArticle(old.doc.read(), articles(old.doc.read()).read()[0]!.id, 'Y la semilla.')
  await old.flush()
  const [bruna, drago] = [arrive(), arrive()]
  const again = await albas.workspace.proposeFounding(old, { title: 'Las Tres Vertientes', myName: 'Alba' })
  const others = [
    await opened(bruna.workspace, linkOf(again), 'Bruna'),
    await opened(drago.workspace, linkOf(again), 'Drago'),
  ]
  await live()
  sameWords(again, others)
  await live()
  again.proposeGenesis()
  await live()
  again.signGenesis()
  for (const guest of others) guest.signGenesis()
  await live(8000)
  const spaces = [again, ...others].map(done)
  for (const space of spaces) {
    expect(space.id).not.toBe(old.id)
    expect(articles(space.doc.read()).read()[0]!.body!.toString()).toContain('Y la semilla.')
    const here = people(space.doc.read()).read()
    expect(here.map(({ name }) => name).sort()).toEqual(['Alba', 'Bruna', 'Ceiba', 'Drago'])
    expect(here.filter(({ member }) => member !== null)).toHaveLength(3)
  }
  expect(old.readOnly.read()).toBe(true)
  expect((await old.agreed.propose()).ok).toBe(false)

  // And the meeting ends by settling its beginning: all it takes is that each signs.
  for (const space of spaces.slice(1)) {
    const [open] = space.agreed.state.read().open
    expect(open).toMatchObject({ check: 'same', mayNot: null, signedBy: [spaces[0]!.me.member] })
    expect((await space.agreed.cosign(open!.id)).ok).toBe(true)
  }
  await live(4000)
  for (const space of spaces) expect(space.agreed.state.read().final).not.toBe(null)
})

test('two of three found anew with somebody else: what they had is read-only on each of their phones, and stays as it was for whoever was not there', async () => {
  const { arrive, live, alba: albas, bruna: brunas, host, guests } = await foundThree()
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(8000)
  const [old, brunasOld, ceibasOld] = [host, ...guests].map(done) as [Space, Space, Space]
  setAbout(old.doc.read(), { title: 'Las Vertientes' })
  await old.flush()
  await live()
  const drago = arrive()
  const again = await albas.workspace.proposeFounding(old, { title: 'Valle', myName: 'Alba' })
  const others = [
    await opened(brunas.workspace, linkOf(again), 'Bruna'),
    await opened(drago.workspace, linkOf(again), 'Drago'),
  ]
  await live()
  sameWords(again, others)
  await live()
  again.proposeGenesis()
  await live()
  // Before anybody signs: Bruna reads which one it takes the place of, to Drago it says nothing.
  expect(others.map(({ state }) => state.read())).toMatchObject([
    { step: 'genesis', before: 'Las Vertientes' },
    { step: 'genesis', before: null },
  ])
  again.signGenesis()
  for (const guest of others) guest.signGenesis()
  await live(8000)
  const spaces = [again, ...others].map(done)
  for (const space of spaces) expect([space.readOnly.read(), space.movedOn.read()]).toEqual([false, false])
  for (const space of [old, brunasOld])
    expect([space.readOnly.read(), space.movedOn.read()]).toEqual([true, true])
  expect(ceibasOld.readOnly.read()).toBe(false)
  await brunas.workspace.close()
  const restarted = brunas.open()
  await restarted.restore()
  const kept = restarted.spaces.read().find(({ id }) => id === old.id)!
  expect([kept.readOnly.read(), restarted.current.read()!.id]).toEqual([true, spaces[1]!.id])
  expect(aboutOf(kept.doc.read()).title).toBe('Las Vertientes')
})

test('words that differ turn the guest away, and nothing is founded', async () => {
  const { arrive, live } = neighbourhood()
  const [alba, eve] = [arrive(), arrive()]
  const notebook = await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: '', myName: 'Alba' })
  const host = await alba.workspace.proposeFounding(notebook, { title: 'X', myName: 'Alba' })
  const guest = await opened(eve.workspace, linkOf(host), 'Eva')
  await live()
  const state = host.state.read()
  if (state.step !== 'inviting') throw new Error(state.step)
  host.confirmWords(state.guests[0]!.id, false)
  await live()
  expect(guest.state.read()).toMatchObject({ step: 'ended', why: 'turned away' })
  expect(host.state.read()).toMatchObject({ step: 'inviting', guests: [] })
})

test('a device closed and opened again finds everything and everybody', async () => {
  const { arrive, live } = neighbourhood()
  const alba = arrive()
  await alba.workspace.lightNotebook({ title: 'Cuaderno', purpose: 'recordar', myName: 'Alba' })
  alba.workspace.current.read()!.doc.read().getText('notes').insert(0, 'guardado')
  await live()
  await alba.workspace.close()
  const again = alba.open()
  await again.restore()
  expect(again.current.read()!.doc.read().getText('notes').toString()).toBe('guardado')
  expect(aboutOf(again.current.read()!.doc.read()).purpose).toBe('recordar')
})

test('a link of another kind or a damaged one is refused with a word', async () => {
  const { arrive } = neighbourhood()
  const { workspace } = arrive()
  expect(await workspace.openLink('https://example.org/', 'Alba')).toEqual({
    ok: false,
    error: { type: 'BadLink' },
  })
  expect(await workspace.openLink('#/unirme?c=AAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'Alba')).toEqual({
    ok: false,
    error: { type: 'BadLink' },
  })
})

test('three found a circle through the links they have: it stands under the collective, also after a restart', async () => {
  const { live, alba, bruna, ceiba, host, guests } = await foundThree()
  host.signGenesis()
  for (const guest of guests) guest.signGenesis()
  await live(12_000)
  const spaces = [host, ...guests].map(done)
  const devices = spaces.slice(1).map(({ me }) => me.device)
  const founding = alba.workspace.foundCircle(spaces[0]!, { title: 'Sal', devices })
  expect(founding.ok).toBe(true)
  await live()
  for (const [i, { workspace }] of [bruna, ceiba].entries())
    workspace.circleInvitations(spaces[i + 1]!)[0]!.accept()
  await live(8000)
  const circles = [alba, bruna, ceiba].map(({ workspace }, i) => workspace.circlesOf(spaces[i]!)[0]!)
  expect(new Set(circles.map(({ replica }) => replica.coll)).size).toBe(1)
  const [hers, brunas] = circles
  hers!.replica.documents.doc.read().getText('notes').insert(0, 'entre nosotras')
  await hers!.replica.flush()
  await live()
  expect(brunas!.replica.documents.doc.read().getText('notes').toString()).toBe('entre nosotras')
  const listed = alba.workspace.spaces.read().map(({ id }) => id)
  await alba.workspace.close()
  const again = alba.open()
  await again.restore()
  await live()
  expect(
    again.spaces
      .read()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...listed].sort())
  const home = again.spaces.read().find(({ id }) => id === spaces[0]!.id)!
  expect(again.circlesOf(home).map(({ replica }) => replica.coll)).toEqual([hers!.replica.coll])
  expect(again.circlesOf(home)[0]!.replica.documents.doc.read().getText('notes').toString()).toBe(
    'entre nosotras',
  )
})
