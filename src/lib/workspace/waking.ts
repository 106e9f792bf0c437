import type { Clock } from '../core/clock.ts'

/** What some browsers tell of the network (`navigator.connection`). `type`: wifi, cellular and the like, where it is told. */
export type NetworkConnection = EventTarget & { readonly type?: string }

export type WakingOptions = {
  /** The window. */
  readonly page: EventTarget
  readonly document: EventTarget & Pick<Document, 'visibilityState'>
  readonly connection: NetworkConnection | undefined
  readonly clock: Clock
  /** Somebody looks at the page again. */
  readonly wake: () => void
  /** The network may be another one, or this phone slept so long that its links are gone on the other side. */
  readonly networkChanged: () => void
}

/** A timer that is late by this much was not called because the machine slept. ms. */
const SLEPT_MS = 10_000
const TICK_MS = 5000

/**
 * Tells when a page wakes or finds itself in another network. While nobody looks at it nothing is told; it is when somebody
 * does. See docs/adr/0073.
 */
export const watchWaking = ({
  page,
  document,
  connection,
  clock,
  wake,
  networkChanged,
}: WakingOptions): void => {
  let hasMoved = false
  const tell = () => {
    if (document.visibilityState !== 'visible') return
    if (hasMoved) networkChanged()
    else wake()
    hasMoved = false
  }
  const move = () => {
    hasMoved = true
    tell()
  }
  document.addEventListener('visibilitychange', tell)
  page.addEventListener('pageshow', tell)
  // A frozen page that goes on: its timers stood still, and nothing was answered.
  document.addEventListener('resume', move)
  page.addEventListener('online', move)
  // Estimates of its speed change all the time; only another kind of network is another network.
  let type = connection?.type
  connection?.addEventListener('change', () => {
    if (connection.type === type) return
    type = connection.type
    move()
  })
  const tick = () => {
    const due = clock.now() + TICK_MS
    clock.after(TICK_MS, () => {
      if (clock.now() - due > SLEPT_MS) move()
      tick()
    })
  }
  tick()
}
