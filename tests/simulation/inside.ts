import { expect } from 'vitest'
import type { CollId, DeviceId } from '../../src/lib/core/ids.ts'
import { idBytes } from '../../src/lib/core/ids.ts'
import { parseWhisper } from '../../src/lib/wire/circle.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { Circles } from '../../src/lib/workspace/circles.ts'
import { equip, type Equipment } from '../workspace/equipped.ts'
import type { Person, World } from '../world/cast.ts'
import type { Dice } from './dice.ts'

/** How often each thing happens in a circle, in shares beside those of the collective around it. */
export const OFTEN_INSIDE = {
  found: 3,
  answer: 10,
  ask: 5,
  vouch: 8,
  say: 20,
  leave: 1,
  rotateInside: 2,
  pause: 1,
  unpause: 2,
  settleInside: 4,
  cosignInside: 10,
} as const
export type HappeningInside = keyof typeof OFTEN_INSIDE

/** More circles than this are not founded in one life. */
const CIRCLES_MOST = 2
/** Stands in everything that is written in a circle, and nowhere else. */
const SECRET = '§entre-nosotras§'

type Phone = Equipment & { readonly circles: Circles }

/** One phone in one circle, in the shape the promises are asked of. */
export type Insider = {
  readonly name: string
  readonly person: Person
  readonly circle: Circle
  readonly replica: Circle['replica']
  readonly device: DeviceId
  readonly doc: Person['doc']
}

/** The circles of one collective, in which things happen by the same dice. */
export class Inside {
  readonly #world: World
  readonly #dice: Dice
  readonly #phones = new Map<Person, Phone>()
  /** Devices in circles some act inside was ever aimed at, or that left. */
  readonly aimedAt = new Set<DeviceId>()
  readonly written: { readonly token: string; readonly device: DeviceId; readonly coll: CollId }[] = []
  /** Keys that were made for somebody whom their maker knew to be shut out of the collective. */
  readonly leaks: string[] = []
  /** Devices of the collective that were ever asked into a circle: they may know more than others. */
  readonly #asked = new Set<DeviceId>()
  readonly #watched = new Set<Circle>()
  #tokens = 0
  /** Nobody of a circle is linked with another of it: all that passes is what everybody carries. */
  #isApart = false

  constructor(world: World, dice: Dice) {
    this.#world = world
    this.#dice = dice
  }

  /** A circle of the first three, so that there is one. */
  async begin(): Promise<void> {
    const [host, ...guests] = this.#world.people.slice(0, 3) as [Person, ...Person[]]
    this.#founds(
      host,
      guests.map(({ device }) => device),
    )
    await this.settle()
    for (const guest of guests) this.#phones.get(guest)!.circles.invitations.read()[0]?.accept()
    await this.settle()
    this.#isApart = this.#dice.once(2)
  }

  /** From here on, those of a circle talk to each other where they are linked. */
  meets(): void {
    if (this.#isApart) for (const person of this.#world.people) this.#world.cut(person)
    this.#isApart = false
  }

  /** Shelf, exchange and circles for a phone that was just switched on. */
  async equips(person: Person): Promise<void> {
    Reflect.deleteProperty(person, 'attach')
    const equipment = await equip(person, this.#world)
    const { exchange } = equipment
    const whisper = exchange.whisper.bind(exchange)
    exchange.whisper = (link, what) => {
      const said = parseWhisper(what)
      if (!this.#isApart || !said || !('tag' in said)) whisper(link, what)
    }
    const around = { ...equipment, parent: person.replica, storage: person.storage }
    const circles = await Circles.open(
      { ...around, clock: person.clock, random: this.#world.random },
      () => person.name,
    )
    expect(circles.damaged, `${person.name} finds every circle again`).toBe(0)
    this.#phones.set(person, { ...equipment, circles })
    circles.all.watch(() => this.#watches(person))
    this.#watches(person)
  }

  /** Its battery is out: whatever it says from now on is said to nobody. */
  async switchesOff(person: Person): Promise<void> {
    await this.#phones.get(person)?.circles.close()
    this.#phones.delete(person)
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      for (const { circles } of this.#phones.values()) await circles.settled()
      await this.#world.settle()
    }
    for (const { circles } of this.#phones.values()) await circles.settled()
  }

  /** By name of the circle, everybody in it, whoever they are by now. */
  circles(): ReadonlyMap<CollId, readonly Insider[]> {
    const all = new Map<CollId, Insider[]>()
    for (const [person, { circles }] of this.#phones)
      for (const circle of circles.all.read()) {
        const { replica } = circle
        const one = { name: `${person.name}, inside,`, person, circle, replica, device: replica.own.id }
        const insider = { ...one, doc: replica.documents.doc.read() }
        all.set(replica.coll, [...(all.get(replica.coll) ?? []), insider])
      }
    return all
  }

  async writes({ replica, device }: Pick<Insider, 'replica' | 'device'>, word: string): Promise<void> {
    const notes = replica.documents.doc.read().getText('notes')
    const token = `${SECRET}${word}`
    notes.insert(this.#dice.once(2) ? 0 : notes.length, token)
    await replica.flush()
    if (replica.saving.read() === 'saved') this.written.push({ token, device, coll: replica.coll })
  }

  look(): unknown {
    return [...this.circles().values()].map((insiders) =>
      insiders.map(({ replica, doc }) => [replica.ledger.heads(), doc.getText('notes').toString()]),
    )
  }

  async happens(what: HappeningInside, who: Person): Promise<void> {
    const { circles, exchange } = this.#phones.get(who) ?? {}
    if (!circles || !exchange || who.replica.standing() !== 'active') return
    const dice = this.#dice
    const open = exchange.openLinks().map(({ peer }) => peer)
    if (what === 'found') {
      const others = open.filter(() => !dice.once(3)).slice(0, 4)
      const isRoom = this.circles().size < CIRCLES_MOST
      return isRoom && others.length > 1 ? this.#founds(who, others) : undefined
    }
    if (what === 'answer') {
      const invitation = dice.pick(circles.invitations.read())
      return dice.once(6) ? invitation?.decline() : invitation?.accept()
    }
    const circle = dice.pick(circles.all.read())
    if (!circle) return
    const { replica } = circle
    if (what === 'say')
      return this.writes({ replica, device: replica.own.id }, `${who.name}-${this.#tokens++}`)
    if (!replica.mayAct()) return
    switch (what) {
      case 'ask': {
        const device = dice.pick(open)
        if (!device) return
        this.#asked.add(device)
        return void circles.invite(circle, { title: 'Sal', device })
      }
      case 'vouch': {
        const proposals = [...replica.state.proposals.values()].filter(({ status }) => status === 'open')
        const one = dice.pick(proposals)
        return void (one && replica.act({ type: 'approve', proposal: one.id, seen: [] }))
      }
      case 'leave':
        if (this.#isMuchAimedAt(circle)) return
        this.aimedAt.add(replica.own.id)
        await replica.flush()
        return void replica.act({ type: 'retire', frontier: replica.feeds.frontierOf(replica.own.id) })
      case 'rotateInside':
        return void replica.rotate()
      case 'pause': {
        const target = dice.pick([...replica.state.devices.keys()])
        if (!target || target === replica.own.id || this.#isMuchAimedAt(circle)) return
        this.aimedAt.add(target)
        return void replica.suspend(target, 'doubtful')
      }
      case 'unpause': {
        const said = [...replica.state.suspensions.values()]
        const mine = dice.pick(said.filter(({ author }) => author === replica.own.id))
        const isMine = mine && replica.ledger.entry(mine.id)?.act?.type === 'suspend'
        return void (isMine && replica.act({ type: 'withdraw', target: mine.id }))
      }
      case 'settleInside':
        await replica.flush()
        return void (replica.mayAct() && replica.checkpoints.propose())
      case 'cosignInside': {
        const open = [...replica.state.checkpoints.values()].filter(({ status }) => status === 'open')
        const one = dice.pick(open)
        return void (one && replica.checkpoints.cosign(one.id))
      }
    }
  }

  /** Whoever was never asked into a circle has no key of one, and neither name nor word of it ever reached them in the clear. */
  async nobodyOutsideKnows(): Promise<void> {
    const inside = new Set([...this.circles().values()].flat().map(({ person }) => person.device))
    const colls = [...this.circles().keys()]
    for (const person of this.#world.people) {
      // A copy of a phone has what that one had.
      if (inside.has(person.device) || this.#asked.has(person.device)) continue
      for (const coll of colls) {
        const rows = await person.storage.all('keys', `${coll}/`)
        expect(rows.ok && rows.value.rows, `${person.name} holds no key of a circle`).toEqual([])
      }
      const ids = colls.map((coll) => Buffer.from(idBytes(coll)))
      for (const { to, message } of this.#world.network.sent)
        if (to === person.device)
          for (const id of ids)
            expect(Buffer.from(message).includes(id), `${person.name} was told a circle’s name`).toBe(false)
    }
    const secret = Buffer.from(SECRET)
    for (const message of this.#world.network.traffic)
      expect(Buffer.from(message).includes(secret), 'a word of a circle travelled in the clear').toBe(false)
  }

  #founds(host: Person, devices: readonly DeviceId[]): void {
    for (const device of devices) this.#asked.add(device)
    this.#phones.get(host)!.circles.found({ title: 'Sal', devices })
  }

  #isMuchAimedAt({ replica }: Circle): boolean {
    const { devices } = replica.state
    return [...devices.keys()].filter((id) => this.aimedAt.has(id)).length * 3 >= devices.size
  }

  /** In the moment a key is made, all it is made for belong to the collective too, as far as its maker knows. */
  #watches(person: Person): void {
    for (const circle of this.#phones.get(person)?.circles.all.read() ?? []) {
      if (this.#watched.has(circle)) continue
      this.#watched.add(circle)
      const { replica, gate } = circle
      const known = new Set(replica.state.epochs.keys())
      const look = () => {
        for (const { id, author, recipients } of replica.state.epochs.values()) {
          if (known.has(id)) continue
          known.add(id)
          for (const recipient of author === replica.own.id ? recipients : []) {
            if (recipient === author) continue
            const above = gate.bindingOf(recipient)?.above
            const standing = above && person.replica.state.devices.get(above)?.standing
            if (standing !== 'active') this.leaks.push(`${person.name} made a key for one who is ${standing}`)
          }
        }
      }
      replica.on({ ledgerMoved: look })
    }
  }
}
