import { base64urlFromBytes } from '../core/bytes.ts'
import { err, ok, type Result } from '../core/result.ts'
import { Cell, type Watched } from '../core/watched.ts'
import type { Link } from '../sync/ports.ts'
import { encodeWhisper, parseWhisper } from '../wire/circle.ts'
import { inviteIntoCircle } from './circle-joining.ts'
import {
  guestOfCircle,
  hostCircle,
  type CircleInvitation,
  type Entering,
  type Flow,
  type FlowState,
} from './circle-founding.ts'
import { Circle, CIRCLE_PREFIX, parseCircleRow, type Around } from './circle.ts'
import { parseSpaceRow, spaceKey, type SpaceRow } from './rows.ts'
import { collIdFrom, type DeviceId } from '../core/ids.ts'
import { bytesFromHex } from '../core/bytes.ts'

/** Not one of them is linked now. */
export type NotLinked = { readonly type: 'NotLinked' }

/** An invitation more than this from one device is not shown. */
const INVITATIONS_MOST = 8

/** The circles of one collective this device is in, and what is whispered about circles over its links. */
export class Circles {
  readonly #around: Around
  readonly #myName: () => string
  readonly #circles = new Cell<readonly Circle[]>([])
  readonly #invitations = new Cell<readonly (Flow & CircleInvitation)[]>([])
  readonly #flows = new Map<string, Flow>()
  readonly #stops: (() => void)[] = []
  /** Circles whose rows are damaged: kept on disk, not opened. */
  damaged = 0

  private constructor(around: Omit<Around, 'whisper'>, myName: () => string) {
    this.#around = {
      ...around,
      whisper: (link, whisper) => around.exchange.whisper(link, encodeWhisper(whisper)),
    }
    this.#myName = myName
    this.#stops.push(
      around.exchange.on({
        whispered: (link, what) => this.#hear(link, what),
        opened: (link) => this.#circles.read().forEach((circle) => circle.meet(link)),
        shut: (link) => this.#circles.read().forEach((circle) => circle.leave(link)),
      }),
    )
  }

  /** Opens the circles of `parent` that lie in the vault. `myName`: what this member is called when they enter one. */
  static async open(around: Omit<Around, 'whisper'>, myName: () => string): Promise<Circles> {
    const circles = new Circles(around, myName)
    const rows = await around.storage.all('meta', CIRCLE_PREFIX)
    for (const [key, value] of rows.ok ? rows.value.rows : []) {
      const known = parseCircleRow(key, value)
      if (known && known.parent !== around.parent.coll) continue
      const coll = known && collIdFrom(bytesFromHex(known.coll))
      const space = coll ? await around.storage.get('meta', spaceKey(coll)) : null
      const row = space?.ok && space.value ? parseSpaceRow(space.value) : null
      const circle =
        known && row ? await Circle.restore({ row, bindings: known.bindings }, circles.#around) : null
      if (circle?.ok) circles.#add(circle.value)
      else circles.damaged += 1
    }
    return circles
  }

  get all(): Watched<readonly Circle[]> {
    return this.#circles
  }

  /** Others ask this device in. */
  get invitations(): Watched<readonly CircleInvitation[]> {
    return this.#invitations
  }

  /** Asks these devices of the collective, all linked now, to found a circle together: with this one, three or more. */
  found(of: {
    readonly title: string
    readonly devices: readonly DeviceId[]
  }): Result<{ readonly state: Watched<FlowState> }, NotLinked> {
    const links = this.#linksTo(of.devices)
    if (!links) return err({ type: 'NotLinked' })
    const flow = hostCircle({ title: of.title, links }, this.#around, (entering) => this.#enter(entering))
    this.#flows.set(base64urlFromBytes(flow.flow), flow)
    return ok(flow)
  }

  /** Asks a device of the collective, linked now, into a circle of this device. */
  invite(
    circle: Circle,
    of: { readonly title: string; readonly device: DeviceId },
  ): Result<ReturnType<typeof inviteIntoCircle>, NotLinked> {
    const [link] = this.#linksTo([of.device]) ?? []
    if (!link) return err({ type: 'NotLinked' })
    const flow = inviteIntoCircle({ circle, link, title: of.title }, this.#around)
    this.#flows.set(base64urlFromBytes(flow.flow), flow)
    return ok(flow)
  }

  async settled(): Promise<void> {
    for (const circle of this.#circles.read()) await circle.settled()
  }

  async close(): Promise<void> {
    for (const stop of this.#stops) stop()
    await Promise.all(this.#circles.read().map((circle) => circle.close()))
  }

  #linksTo(devices: readonly DeviceId[]): readonly Link[] | null {
    const open = this.#around.exchange.openLinks()
    const links = devices.flatMap((device) => open.find(({ peer }) => peer === device) ?? [])
    return links.length === devices.length ? links : null
  }

  #hear(link: Link, what: Uint8Array): void {
    const whisper = parseWhisper(what)
    if (!whisper) return
    if ('tag' in whisper) {
      const tag = base64urlFromBytes(whisper.tag)
      return this.#circles
        .read()
        .find((circle) => base64urlFromBytes(circle.tag) === tag)
        ?.hear(link, whisper)
    }
    const id = base64urlFromBytes(whisper.flow)
    const flow = this.#flows.get(id)
    if (flow) return flow.hear(link, whisper)
    if (whisper.type !== 'invite') return
    const { parent } = this.#around
    const from = parent.state.devices.get(link.peer)?.member ?? null
    const pending = this.#invitations
      .read()
      .filter((one) => one.from === from && one.state.read().step === 'asking')
    if (pending.length >= INVITATIONS_MOST) return
    const invitation = guestOfCircle({ link, invite: whisper }, this.#around, (entering) =>
      this.#enter(entering),
    )
    this.#flows.set(id, invitation)
    this.#invitations.set([...this.#invitations.read(), invitation])
    invitation.state.watch(() => {
      if (invitation.state.read().step === 'asking') return
      this.#flows.delete(id)
      this.#invitations.set(this.#invitations.read().filter((one) => one !== invitation))
    })
  }

  async #enter({ coll, own, member, entries, bindings, newcomer }: Entering): Promise<Circle | null> {
    const row: SpaceRow = { coll, own, member, myName: this.#myName(), movedTo: null, newcomer }
    const circle = await Circle.begin({ row, entries, bindings }, this.#around)
    return circle.ok ? this.#add(circle.value) : null
  }

  #add(circle: Circle): Circle {
    this.#circles.set([...this.#circles.read(), circle])
    for (const link of this.#around.exchange.openLinks()) circle.meet(link)
    return circle
  }
}
