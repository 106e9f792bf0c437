import type { EntryId, EpochId, FeedId, RecId } from '../core/ids.ts'
import type { Head, SyncMessage } from '../wire/sync.ts'
import type { Standing } from './ports.ts'

/** So many entries go into one message at most, which whoever reads them holds whole. */
const ENTRIES_EACH = 1024
/** So many of them tell what a peer holds when all it names now is unknown here. */
const MOST_MARKS = 256
/** So many times in so long a peer is believed that what it was sent is gone, and sent it again. Milliseconds. */
const MOST_GONE = 3
const GONE_MS = 60_000

/**
 * Who lacks what, on one link. Pure: (state, message) → (state, effects). It decides; the workspace carries out.
 * Ledger before content: nothing but ledger entries passes until both sides hold all the entries the other named at
 * the start and have judged each other by them. What is sent counts as held, because a link is ordered and reliable
 * and dies with its state. Spec: wire.md §7.
 */
export type LinkState = {
  readonly standing: Standing
  readonly theirHeads: readonly EntryId[] | null
  /** What the peer named as its own before: its heads then, or, when it asked, its heads and marks below them. */
  readonly theirMarks: readonly EntryId[]
  /** My heads as I last told them. */
  readonly toldHeads: string
  /** Some of the ledger the peer may lack was not sent: it may have it from somebody else by now. */
  readonly owesLedger: boolean
  /** Up to where the peer was sent the ledger. It may refuse some of it for ever, and is not sent that again. */
  readonly given: readonly EntryId[]
  /** I told the peer that I am ready, and the peer told me. */
  readonly ready: boolean
  readonly peerReady: boolean
  /** How far the peer holds each feed, as far as I know; `null` before it said so. */
  readonly held: ReadonlyMap<FeedId, number> | null
  /** The same by the peer's own word alone: what it was sent may still be under way. */
  readonly said: ReadonlyMap<FeedId, number>
  /** When it lately said that what it was sent is gone, and was believed. */
  readonly gone: readonly number[]
  /** What I last said I hold, so that nothing is said twice. */
  readonly told: string
  /** The same, feed by feed: what the peer was told of and still lacks it asks for, the rest may come from another one. */
  readonly offered: ReadonlyMap<FeedId, number>
  /** Which word of the peer's I last answered because I was behind it: each is answered once. */
  readonly answered: string
  readonly asked: ReadonlySet<EntryId>
  /** Epochs whose boxes the peer was asked for and may still send: it is asked again in a while, not with every act. */
  readonly askedBoxes: ReadonlySet<EpochId>
  /** Feeds that the peer was sent whole, because it may hold another branch, and what was known here of their forks; '': of none. */
  readonly parted: ReadonlyMap<FeedId, string>
  /** The peer was not told what I hold, because it would send what comes from somebody else already. */
  readonly owes: boolean
}

/** What this device holds, as the engine needs to know it. */
export interface Holdings {
  ledgerHeads(): readonly EntryId[]
  /**
   * The heads, and entries further and further below them, the first of all last. Whoever knows none of these heads, because both wrote apart, knows one of
   * those, and does not send everything.
   */
  ledgerMarks(): readonly EntryId[]
  /**
   * Whether what is not at or below the known ones of `have` may come a moment later: nothing among it could take a right from
   * anybody.
   */
  mayWait(have: readonly EntryId[]): boolean
  /** What another peer was asked for just now and may still send. */
  askedElsewhere(): readonly EntryId[]
  /** Known, or refused for ever: either way nothing to wait for. */
  settled(id: EntryId): boolean
  /** Parents that entries waiting here name and nobody sent yet. */
  missing(): readonly EntryId[]
  /** Wires of all entries not at or below the known ones of `have`, ancestors first. */
  entriesSince(have: readonly EntryId[]): readonly Uint8Array[]
  /** Carriable heads of all feeds; for a narrow peer only those it may exchange. */
  heads(): readonly Head[]
  /** The record held at a place of the branch that stands, or `null`. */
  recordAt(feed: FeedId, seq: number): RecId | null
  /**
   * What is known here of places of a feed for which two records were signed, in one word that changes with it, if the peer is
   * to be sent all of them now; else `null`.
   */
  forkToTell(feed: FeedId): string | null
  feedIsPeers(feed: FeedId): boolean
  missingBoxes(): readonly EpochId[]
  /** Whether the peer made this epoch. */
  epochIsPeers(epoch: EpochId): boolean
  /** A newcomer without a base: content waits for a welcome. */
  needsWelcome(): boolean
  /**
   * Whether a welcome would help, the first or a newer one, and it is this peer's turn to be asked for it; that it is asked
   * is counted.
   */
  mayAskForWelcome(): boolean
  /** Hashes of parts of checkpoints that are wanted and that nobody was asked for just now. */
  missingParts(): readonly Uint8Array[]
  /**
   * Whether some of what a peer holds (`null`: it did not say yet) and I lack is on its way here from another one: told what I
   * hold it would send that too.
   */
  comesOtherwise(said: ReadonlyMap<FeedId, number> | null): boolean
  /** Milliseconds since any fixed moment. */
  now(): number
}

export type Effect =
  | { readonly type: 'send'; readonly message: SyncMessage }
  | { readonly type: 'absorbEntries'; readonly entries: readonly Uint8Array[] }
  | { readonly type: 'absorbSegment'; readonly records: readonly Uint8Array[]; readonly seal: Uint8Array }
  /** Send the peer everything of `feed` from `from` on. `fork`: all branches, because this is known of its forks. */
  | { readonly type: 'serve'; readonly feed: FeedId; readonly from: number; readonly fork?: string }
  | { readonly type: 'serveBoxes'; readonly epochs: readonly EpochId[] }
  | { readonly type: 'absorbBoxes'; readonly epoch: EpochId; readonly boxes: Uint8Array }
  | {
      readonly type: 'absorbBox'
      readonly epoch: EpochId
      readonly box: Uint8Array
      readonly path: readonly Uint8Array[]
    }
  | { readonly type: 'serveWelcome' }
  | { readonly type: 'absorbWelcome'; readonly welcome: Uint8Array }
  | { readonly type: 'serveParts'; readonly parts: readonly Uint8Array[] }
  | { readonly type: 'absorbPart'; readonly part: Uint8Array }
  /** The peer has no room for what it does not hold yet. */
  | { readonly type: 'noteFull' }

export type Step = { readonly state: LinkState; readonly effects: readonly Effect[] }

/** A new link: say what we hold of the ledger, and nothing else. */
export const openLink = (standing: Standing, holdings: Holdings): Step => ({
  state: { ...newState(standing), toldHeads: holdings.ledgerHeads().join() },
  effects: [send({ type: 'heads', heads: holdings.ledgerHeads() })],
})

/**
 * The same on a link already open, where something the peer sent was let go of, which it takes for delivered: it was not to be
 * heard then and is now, or what came hung on an act that was not here yet.
 */
export const openAgain = (standing: Standing, holdings: Holdings): Step => ({
  state: { ...newState(standing), toldHeads: holdings.ledgerHeads().join() },
  effects: [send({ type: 'again', heads: holdings.ledgerHeads() })],
})

const newState = (standing: Standing): LinkState => ({
  standing,
  theirHeads: null,
  theirMarks: [],
  toldHeads: '',
  owesLedger: false,
  given: [],
  ready: false,
  peerReady: false,
  held: null,
  said: new Map(),
  gone: [],
  told: '',
  offered: new Map(),
  answered: '',
  asked: new Set(),
  askedBoxes: new Set(),
  parted: new Map(),
  owes: false,
})

/**
 * The peer begins again, because it let go of what came: nothing sent counts as held. Where it says so too often all does, until
 * it says so once more: else a peer could have everything sent as often as it likes.
 */
const startsOver = (state: LinkState, theirHeads: readonly EntryId[], holdings: Holdings): Step => {
  const anew = openLink(state.standing, holdings)
  const gone = goneOnceMore(state, holdings)
  const { held } = gone ? anew.state : state
  const next = askAndGetReady({ ...anew.state, held, gone: gone ?? state.gone, theirHeads }, holdings)
  return { state: next.state, effects: [...anew.effects, ...next.effects] }
}

export const onMessage = (state: LinkState, message: SyncMessage, holdings: Holdings): Step => {
  switch (message.type) {
    case 'heads':
      return onHeads(state, message.heads, holdings)
    case 'want':
      return giveSince({ ...state, theirMarks: message.have.slice(0, MOST_MARKS) }, message.have, holdings)
    case 'entries':
      return {
        state: named(state, message.heads, holdings),
        effects: [{ type: 'absorbEntries', entries: message.entries }],
      }
    case 'ready':
      return openContent({ ...state, peerReady: true }, holdings)
    case 'have':
      return isOpen(state) ? onHave(state, message.heads, holdings) : { state, effects: [] }
    case 'segment':
      return content(state, [{ type: 'absorbSegment', records: message.records, seal: message.seal }])
    case 'wantBoxes':
      return sealedContent(state, [{ type: 'serveBoxes', epochs: message.epochs }])
    case 'boxes':
      return boxContent(state, message.epoch, {
        type: 'absorbBoxes',
        epoch: message.epoch,
        boxes: message.boxes,
      })
    case 'box': {
      const { epoch, box, path } = message
      return boxContent(state, epoch, { type: 'absorbBox', epoch, box, path })
    }
    case 'wantWelcome':
      return fullContent(state, [{ type: 'serveWelcome' }])
    case 'welcome':
      return fullContent(state, [{ type: 'absorbWelcome', welcome: message.welcome }])
    case 'wantParts':
      return fullContent(state, [{ type: 'serveParts', parts: message.parts }])
    case 'again':
      return startsOver(state, message.heads, holdings)
    case 'part':
      return fullContent(state, [{ type: 'absorbPart', part: message.part }])
    case 'full':
      return state.standing === 'sealed' ? { state, effects: [{ type: 'noteFull' }] } : { state, effects: [] }
  }
}

/** The ledger grew, by my own act or another's: tell the peer what it lacks, ask for what I lack, perhaps become ready. */
export const ledgerMoved = (state: LinkState, standing: Standing, holdings: Holdings): Step => {
  const next = { ...state, standing }
  // What was said at the start is out of date already, and the peer will ask for no more than it was told.
  if (!next.theirHeads) return tellHeads(next, holdings)
  const known = knownToPeer(next, holdings)
  const lacks = holdings.entriesSince(known).length > 0
  // Whoever meets many has most of it from them. What cannot wait takes everything with it.
  const waits = lacks && holdings.mayWait(known)
  const told: Step =
    lacks && !waits ? give(next, holdings) : { state: { ...next, owesLedger: waits }, effects: [] }
  const after = askAndGetReady(told.state, holdings)
  const asked: Step =
    after.state.ready && after.state.peerReady
      ? askForKeys(after.state, holdings)
      : { state: after.state, effects: [] }
  return {
    state: asked.state,
    effects: [...told.effects, ...after.effects, ...asked.effects],
  }
}

/** A moment later: the peer is told what I hold of the ledger, and asks for what it still lacks. */
export const tellLedger = (state: LinkState, holdings: Holdings): Step => {
  if (!state.owesLedger) return { state, effects: [] }
  if (!lacksLedger(state, holdings)) return { state: { ...state, owesLedger: false }, effects: [] }
  return tellHeads(state, holdings)
}

/** Before anything that may hang on it: what the peer may lack of the ledger is sent. */
export const giveLedger = (state: LinkState, holdings: Holdings): Step => {
  if (!state.owesLedger) return { state, effects: [] }
  if (!lacksLedger(state, holdings)) return { state: { ...state, owesLedger: false }, effects: [] }
  return give(state, holdings)
}

/** What it named before it still holds, and that is known here, as what it names now may not be yet. */
const named = (state: LinkState, theirHeads: readonly EntryId[], holdings: Holdings): LinkState => ({
  ...state,
  theirHeads,
  theirMarks: union((state.theirHeads ?? []).filter(holdings.settled), state.theirMarks).slice(0, MOST_MARKS),
})

/** What the peer named, and what it was sent. */
export const toldTo = ({ theirHeads, given, theirMarks }: LinkState): readonly EntryId[] => [
  ...(theirHeads ?? []),
  ...given,
  ...theirMarks,
]

/** Whoever names any head holds the beginning, even where it is known here of nothing else. */
const knownToPeer = (state: LinkState, holdings: Holdings): readonly EntryId[] => [
  ...new Set([...toldTo(state), ...(state.theirHeads?.length ? holdings.ledgerMarks().slice(-1) : [])]),
]

const lacksLedger = (state: LinkState, holdings: Holdings): boolean =>
  holdings.entriesSince(knownToPeer(state, holdings)).length > 0

const give = (state: LinkState, holdings: Holdings): Step => {
  const step = giveSince(state, knownToPeer(state, holdings), holdings)
  const theirHeads = union(state.theirHeads ?? [], holdings.ledgerHeads())
  return { state: { ...step.state, theirHeads }, effects: step.effects }
}

const giveSince = (state: LinkState, have: readonly EntryId[], holdings: Holdings): Step => {
  const [entries, heads] = [holdings.entriesSince(have), holdings.ledgerHeads()]
  return {
    state: { ...state, given: heads, toldHeads: heads.join(), owesLedger: false },
    effects: inMessages(entries, heads).map(send),
  }
}

const tellHeads = (state: LinkState, holdings: Holdings): Step => {
  const heads = holdings.ledgerHeads()
  if (heads.join() === state.toldHeads) return { state, effects: [] }
  return { state: { ...state, toldHeads: heads.join() }, effects: [send({ type: 'heads', heads })] }
}

/** A peer that names nothing new may wait to hear that it is known here: it would send it otherwise. */
const onHeads = (state: LinkState, heads: readonly EntryId[], holdings: Holdings): Step => {
  const asked = askAndGetReady(named(state, heads, holdings), holdings)
  if (!state.theirHeads || heads.some((id) => !holdings.settled(id))) return asked
  const told = tellHeads(asked.state, holdings)
  return { state: told.state, effects: [...asked.effects, ...told.effects] }
}

/** This device holds more than before: a periodic or debounced word to the peer, if it changes anything. */
export const holdingsMoved = (state: LinkState, holdings: Holdings): Step =>
  state.ready && state.peerReady
    ? withForks(withKeys(sayHave({ ...state, askedBoxes: new Set() }, holdings), holdings), holdings)
    : { state, effects: [] }

/** What another peer was to bring is here, or did not come: whoever was not told what I hold is told now. */
export const tellOwed = (state: LinkState, holdings: Holdings): Step =>
  state.owes && isOpen(state) && state.standing !== 'stranger' && !waits(state, holdings)
    ? tell(state, shared(state, holdings))
    : { state, effects: [] }

/** A fresh record of this device's own: straight to whoever may have it, without waiting to be asked. */
export const mayPush = (state: LinkState, feed: FeedId, holdings: Holdings): boolean =>
  state.ready &&
  state.peerReady &&
  state.held !== null &&
  (carriesAll(state.standing) || (state.standing === 'narrow' && holdings.feedIsPeers(feed)))

/** Notes that the peer was sent `feed` up to `seq`. */
export const sent = (state: LinkState, feed: FeedId, seq: number): LinkState => ({
  ...state,
  held: new Map([...(state.held ?? []), [feed, Math.max(seq, state.held?.get(feed) ?? -1)]]),
})

/** Whether everything sealed may go over a link of this standing, either way. */
export const carriesAll = (standing: Standing): boolean => standing === 'full' || standing === 'sealed'

const send = (message: SyncMessage): Effect => ({ type: 'send', message })

/** As many messages as it takes, each with all heads, so that nobody thinks it has everything before it does. */
export const inMessages = (
  entries: readonly Uint8Array[],
  heads: readonly EntryId[],
): readonly SyncMessage[] =>
  Array.from({ length: Math.max(1, Math.ceil(entries.length / ENTRIES_EACH)) }, (_, i) => ({
    type: 'entries',
    entries: entries.slice(i * ENTRIES_EACH, (i + 1) * ENTRIES_EACH),
    heads,
  }))

const union = (a: readonly EntryId[], b: readonly EntryId[]) => [...new Set([...a, ...b])]

/** Asks for heads we lack, each once a link; becomes ready when nothing the peer named is missing. */
const askAndGetReady = (state: LinkState, holdings: Holdings): Step => {
  if (!state.theirHeads) return { state, effects: [] }
  const lacking = [...state.theirHeads, ...holdings.missing()].filter((id) => !holdings.settled(id))
  const elsewhere = lacking.length > 0 ? holdings.askedElsewhere() : []
  const want = [...new Set(lacking)].filter((id) => !state.asked.has(id) && !elsewhere.includes(id))
  const asking: LinkState = want.length > 0 ? { ...state, asked: new Set([...state.asked, ...want]) } : state
  const have = [...holdings.ledgerMarks(), ...elsewhere]
  const effects = want.length > 0 ? [send({ type: 'want', want, have })] : []
  if (state.ready || state.theirHeads.some((id) => !holdings.settled(id))) return { state: asking, effects }
  const opened = openContent({ ...asking, ready: true }, holdings)
  return { state: opened.state, effects: [...effects, send({ type: 'ready' }), ...opened.effects] }
}

/** Content begins when both are ready and the peer is still one of us. */
const openContent = (state: LinkState, holdings: Holdings): Step => {
  if (!state.ready || !state.peerReady || state.standing === 'stranger') return { state, effects: [] }
  const keys = askForKeys(state, holdings)
  const have = sayHave(keys.state, holdings)
  return { state: have.state, effects: [...keys.effects, ...have.effects] }
}

const askForKeys = (state: LinkState, holdings: Holdings): Step => {
  if (!carriesAll(state.standing) && state.standing !== 'narrow') return { state, effects: [] }
  // Nobody else may hold the boxes of an epoch whose maker was suspended as soon as it was made.
  const epochs = holdings
    .missingBoxes()
    .filter(
      (epoch) => !state.askedBoxes.has(epoch) && (carriesAll(state.standing) || holdings.epochIsPeers(epoch)),
    )
  // A keeper has no welcome to give, and no part of a checkpoint: some of those are not sealed.
  const mayTell = state.standing === 'full'
  const parts = mayTell ? holdings.missingParts() : []
  return {
    state: epochs.length > 0 ? { ...state, askedBoxes: new Set([...state.askedBoxes, ...epochs]) } : state,
    effects: [
      ...(parts.length > 0 ? [send({ type: 'wantParts', parts })] : []),
      ...(epochs.length > 0 ? [send({ type: 'wantBoxes', epochs })] : []),
      ...(mayTell && holdings.mayAskForWelcome() ? [send({ type: 'wantWelcome' })] : []),
    ],
  }
}

/** Asks again for what whoever was asked before did not give. */
const withKeys = ({ state, effects }: Step, holdings: Holdings): Step => {
  const asked = askForKeys(state, holdings)
  return { state: asked.state, effects: [...effects, ...asked.effects] }
}

/**
 * Whoever learns that a feed is forked tells: what it says it holds may be what it said before, so that nobody would ask. A peer that
 * holds nothing of the feed is sent all of it anyway.
 */
const withForks = ({ state, effects }: Step, holdings: Holdings): Step => {
  if (!carriesAll(state.standing)) return { state, effects }
  const untold = [...(state.held?.keys() ?? [])].flatMap((feed): readonly (readonly [FeedId, string])[] => {
    const fork = forkFor(state, feed, holdings)
    return fork === null ? [] : [[feed, fork]]
  })
  if (untold.length === 0) return { state, effects }
  const serve = untold.map(([feed, fork]): Effect => ({ type: 'serve', feed, from: 0, fork }))
  return {
    state: { ...state, parted: new Map([...state.parted, ...untold]) },
    effects: [...effects, ...serve],
  }
}

/** What is to be told of the forks of a feed on this link, and was not. */
const forkFor = ({ parted }: LinkState, feed: FeedId, holdings: Holdings): string | null => {
  const fork = holdings.forkToTell(feed)
  return fork !== null && parted.get(feed) !== fork ? fork : null
}

/** The peer was sent all that was here of a feed, and what has shown since about its forks came from the peer. */
export const gaveFork = (
  state: LinkState,
  feed: FeedId,
  known: { readonly before: string | null; readonly now: string | null },
): LinkState =>
  known.now !== null && known.now !== known.before && state.parted.get(feed) === (known.before ?? '')
    ? { ...state, parted: new Map([...state.parted, [feed, known.now]]) }
    : state

const sayHave = (state: LinkState, holdings: Holdings): Step => {
  if (state.standing === 'stranger' || holdings.needsWelcome()) return { state, effects: [] }
  const heads = shared(state, holdings)
  if (wordOf(state, heads) === state.told) return { state, effects: [] }
  return waits(state, holdings) ? { state: { ...state, owes: true }, effects: [] } : tell(state, heads)
}

const tell = (state: LinkState, heads: readonly Head[]): Step => ({
  state: { ...state, told: wordOf(state, heads), offered: seqsOf(heads), owes: false },
  effects: [send({ type: 'have', heads })],
})

const seqsOf = (heads: readonly Head[]) => new Map(heads.map(({ feed, seq }) => [feed, seq]))

const wordOf = ({ standing }: LinkState, heads: readonly Head[]) => `${standing} ${digest(heads)}`

const waits = ({ standing, held, said }: LinkState, holdings: Holdings): boolean =>
  carriesAll(standing) && holdings.comesOtherwise(held && said)

/** With a narrow peer only its own feeds are spoken of: no other head is disclosed. */
const shared = (state: LinkState, holdings: Holdings): readonly Head[] =>
  carriesAll(state.standing)
    ? holdings.heads()
    : holdings.heads().filter(({ feed }) => holdings.feedIsPeers(feed))

const onHave = (state: LinkState, heads: readonly Head[], holdings: Holdings): Step => {
  const held = new Map(state.held ?? [])
  const said = seqsOf(heads)
  // Who says less than before let go of the rest, because it began anew from less; what was sent since came after that.
  const fell = [...state.said].filter(([feed, seq]) => (said.get(feed) ?? -1) < seq)
  const gone = fell.length > 0 ? goneOnceMore(state, holdings) : null
  if (gone) for (const [feed] of fell) held.delete(feed)
  for (const [feed, seq] of said) held.set(feed, Math.max(seq, held.get(feed) ?? -1))
  const mine = seqsOf(holdings.heads())
  const serve: Effect[] = []
  let untold = false
  if (carriesAll(state.standing))
    for (const [feed, seq] of mine) {
      const theirs = held.get(feed) ?? -1
      if (seq <= theirs) continue
      // Somebody else may be bringing it, which the peer knows: it is told, and asks if it still lacks it.
      if ((state.offered.get(feed) ?? -1) <= theirs) untold = true
      else {
        serve.push({ type: 'serve', feed, from: theirs + 1 })
        held.set(feed, seq)
      }
    }
  // Two records signed for one place: each side must see both to know it (feed.md §7).
  const parted = new Map(state.parted)
  let isParting = false
  for (const { feed, seq, rec } of carriesAll(state.standing) ? heads : []) {
    const ours = holdings.recordAt(feed, seq)
    const differs = ours !== null && ours !== rec && !parted.has(feed)
    // A peer that knows one branch only may have the very head we have, and not know that there is another.
    const fork = forkFor(state, feed, holdings)
    if (!differs && fork === null) continue
    parted.set(feed, fork ?? '')
    isParting = true
    serve.push({ type: 'serve', feed, from: 0, ...(fork !== null && { fork }) })
  }
  const behind = heads.some(({ feed, seq }) => seq > (mine.get(feed) ?? -1))
  const word = digest(heads)
  const next = { ...state, held, said, parted, gone: gone ?? state.gone }
  const tells = behind || isParting
  const answers = tells && word !== state.answered
  if ((!answers && !untold) || holdings.needsWelcome()) return { state: next, effects: serve }
  const answering: LinkState = { ...next, answered: word }
  if (waits(next, holdings)) return { state: { ...answering, owes: true }, effects: serve }
  const told = tell(answering, shared(next, holdings))
  return { state: told.state, effects: [...serve, ...told.effects] }
}

/** With this time; `null`: it was said too often. What lies ahead, of a clock that was set back, is long ago. */
const goneOnceMore = ({ gone }: LinkState, holdings: Holdings): readonly number[] | null => {
  const now = holdings.now()
  const lately = gone.filter((at) => at <= now && now - at < GONE_MS)
  return lately.length < MOST_GONE ? [...lately, now] : null
}

const digest = (heads: readonly Head[]) => heads.map(({ feed, seq, rec }) => `${feed}:${seq}:${rec}`).join()

/** Both have said that they hold what the other named: whoever sends or asks for content before has not waited for it. */
const isOpen = ({ ready, peerReady }: LinkState): boolean => ready && peerReady

const content = (state: LinkState, effects: readonly Effect[]): Step =>
  isOpen(state) && state.standing !== 'stranger' ? { state, effects } : { state, effects: [] }

const fullContent = (state: LinkState, effects: readonly Effect[]): Step =>
  isOpen(state) && state.standing === 'full' ? { state, effects } : { state, effects: [] }

const sealedContent = (state: LinkState, effects: readonly Effect[]): Step =>
  isOpen(state) && carriesAll(state.standing) ? { state, effects } : { state, effects: [] }

/** A suspended peer may hand over what it was asked for: the ledger says of each box whether it is the one. */
const boxContent = (state: LinkState, epoch: EpochId, effect: Effect): Step =>
  isOpen(state) &&
  (carriesAll(state.standing) || (state.standing === 'narrow' && state.askedBoxes.has(epoch)))
    ? { state, effects: [effect] }
    : { state, effects: [] }
