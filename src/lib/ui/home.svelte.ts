import type { GuestFlow, HostFlow, Phase, Session, Space, Workspace } from '../workspace/types.ts'
import type { MemberId } from '../core/ids.ts'
import { ok } from '../core/result.ts'
import type { Opens } from './encounter/encounter-state.svelte.ts'
import { cover } from './cover.ts'
import { Live } from './live.svelte.ts'

/** Where a screen may send people. Paths as in the address bar, without `#`. */
export type Go = (path: string, how?: { readonly replace: boolean }) => void

/** What is open on this device, as the screens see it. */
export class Home {
  readonly go: Go
  #session = $state.raw<Session | null>(null)
  /** A link somebody opened. Taken out of the address at once, kept here until it is used. */
  link = $state.raw<string | null>(null)
  /** Who is being received, having lost their phones. */
  returning = $state.raw<MemberId | null>(null)

  readonly #phase = $derived(this.#session ? new Live(this.#session.phase) : null)
  readonly #workspace = $derived(this.phase.type === 'open' ? this.phase.workspace : null)
  readonly #current = $derived(this.#workspace ? new Live(this.#workspace.current) : null)
  readonly #spaces = $derived(this.#workspace ? new Live(this.#workspace.spaces) : null)
  readonly #flow = $derived(this.#workspace ? new Live(this.#workspace.flow) : null)
  /** An invitation belongs to the space it was made in; the workspace knows only flows of its own. */
  #invitation = $state.raw<HostFlow | null>(null)

  constructor(go: Go) {
    this.go = go
  }

  /** The session is there: everything before is `starting`. */
  enter(session: Session): void {
    this.#session = session
  }

  get session(): Session | null {
    return this.#session
  }

  get phase(): Phase {
    return this.#phase?.current ?? { type: 'starting' }
  }

  get workspace(): Workspace | null {
    return this.#workspace
  }

  get space(): Space | null {
    return this.#current?.current ?? null
  }

  get spaces(): readonly Space[] {
    return this.#spaces?.current ?? []
  }

  /** A founding or joining under way. */
  get flow(): HostFlow | GuestFlow | null {
    return this.#flow?.current ?? null
  }

  get invitation(): HostFlow | null {
    return this.#invitation
  }

  async invite(space: Space): Promise<void> {
    this.#invitation?.cancel()
    this.#invitation = await space.invite()
  }

  /** Takes what was scanned or pasted if it is the code of a hub in the room. `false`: it is something else. */
  readonly takeHub = (text: string): boolean => this.#workspace?.joinHub(text).ok ?? false

  /** The same, or an invitation from the screen of whoever invites: it lies ready then, and `open` says what it is good for. */
  takeCode(text: string, open: () => Promise<void>): boolean {
    if (this.takeHub(text)) return true
    if (!/#\/.+\?c=/.test(text)) return false
    this.link = text
    void open()
    return true
  }

  /** Face to face: the code to show is the flow’s own. */
  async inviteHere(space: Space, kind: 'join' | 'device'): ReturnType<Opens> {
    this.#invitation?.cancel()
    this.#invitation = null
    const flow = await space.inviteHere(kind)
    if (!flow.ok) return flow
    this.#invitation = flow.value
    return ok(flow.value.encounter!)
  }

  /** The other side of it. */
  async joinHere(kind: 'join' | 'device' | 'found', myName: string): ReturnType<Opens> {
    const flow = await this.#workspace!.joinHere(kind, myName)
    return flow.ok ? ok(flow.value.encounter!) : flow
  }

  /** Where the link leads that somebody opened. */
  get door(): string {
    return this.link?.includes('#/volver/colectivo') ? '/volver/colectivo' : '/unirme'
  }

  /** Receives somebody who lost their phones: face to face. */
  async letBack(space: Space, member: MemberId): ReturnType<Opens> {
    const flow = await this.#letBack(space, { member, how: 'here' })
    return flow.ok ? ok(flow.value.encounter!) : flow
  }

  /** The same by a link. */
  letBackFar(space: Space, member: MemberId): ReturnType<Space['letBack']> {
    return this.#letBack(space, { member, how: 'far' })
  }

  async #letBack(
    space: Space,
    of: { readonly member: MemberId; readonly how: 'here' | 'far' },
  ): ReturnType<Space['letBack']> {
    this.#invitation?.cancel()
    this.#invitation = null
    const flow = await space.letBack(of.member, of.how)
    if (flow.ok) this.#invitation = flow.value
    return flow
  }

  /** The other side of it. */
  async returnHere(myName: string): ReturnType<Opens> {
    const flow = await this.#workspace!.returnHere(myName)
    return flow.ok ? ok(flow.value.encounter!) : flow
  }

  forgetInvitation(): void {
    this.#invitation = null
  }

  lock(): void {
    this.#session?.lock()
  }

  /** The screen is empty at once; keys go, and then the page. */
  exit(): void {
    if (!this.#session) return
    cover()
    this.#session.exit()
  }
}
