import { hexFromBytes } from '../../src/lib/core/bytes.ts'
import { expectOk } from '../../src/lib/core/result.ts'
import { Circles } from '../../src/lib/workspace/circles.ts'
import type { Circle } from '../../src/lib/workspace/circle.ts'
import { parseWhisper } from '../../src/lib/wire/circle.ts'
import { parseFilesMessage } from '../../src/lib/wire/files.ts'
import { parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import { World, type Person } from '../world/cast.ts'
import type { MemoryLink } from '../world/network.ts'
import { equip, type Equipment } from './equipped.ts'

export type Phone = Equipment & { readonly person: Person; circles: Circles }

/** A collective whose phones can be in circles of it. */
export class Village {
  readonly world: World
  readonly phones: Phone[] = []

  constructor(seed: number) {
    this.world = new World(seed)
  }

  async found(...names: string[]): Promise<Phone[]> {
    for (const person of await this.world.found(...names)) await this.#phone(person)
    await this.settle()
    return this.phones
  }

  async admit(name: string, ...by: Phone[]): Promise<Phone> {
    const person = await this.world.admit(name, ...by.map((phone) => phone.person))
    const phone = await this.#phone(person)
    await this.settle()
    return phone
  }

  async #phone(person: Person): Promise<Phone> {
    const equipment = await equip(person, this.world)
    const phone = { ...equipment, person, circles: await openCircles(person, equipment, this.world) }
    this.phones.push(phone)
    return phone
  }

  /** Everything is delivered and every wait of a minute has run out. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (const { circles } of this.phones) await circles.settled()
      await this.world.settle()
    }
    for (const { circles } of this.phones) await circles.settled()
  }

  /** So long that everybody passes on what they know of others. */
  async longLater(): Promise<void> {
    await this.settle()
    this.world.clock.pass(45_000)
    await this.settle()
  }

  /** Only these can reach each other. */
  async onlyLinked(...pairs: (readonly [Phone, Phone])[]): Promise<void> {
    for (const { person } of this.phones) this.world.cut(person)
    for (const [one, other] of pairs) this.world.link(one.person, other.person)
    await this.settle()
  }

  /** Founders of a circle, each with it, in the order given. */
  async circle(...founders: Phone[]): Promise<Circle[]> {
    const [host, ...guests] = founders as [Phone, ...Phone[]]
    const devices = guests.map(({ person }) => person.device)
    expectOk(host.circles.found({ title: 'Sal', devices }))
    await this.settle()
    for (const { circles } of guests) circles.invitations.read()[0]!.accept()
    await this.settle()
    return founders.map(({ circles }) => circles.all.read().at(-1)!)
  }

  /** `phone` enters a circle, and of what those inside say to it about their ledger and keys everything comes, of `without` nothing. */
  async entersWithout(
    phone: Phone,
    of: { readonly without: SyncMessage['type']; readonly by: readonly [Phone, Phone] },
  ): Promise<Circle> {
    for (const { person } of this.phones)
      for (const link of person.judged.keys())
        if (link.peer === phone.person.device) losesInside(link, of.without)
    const [host, other] = of.by
    const circle = host.circles.all.read().at(-1)!
    const flow = expectOk(host.circles.invite(circle, { title: 'Sal', device: phone.person.device }))
    await this.settle()
    phone.circles.invitations.read()[0]!.accept()
    await this.settle()
    other.circles.all.read().at(-1)!.replica.act({ type: 'approve', proposal: flow.proposal()!, seen: [] })
    await this.settle()
    await this.settle()
    return phone.circles.all.read().at(-1)!
  }

  async restart(phone: Phone): Promise<Phone> {
    await phone.circles.close()
    await phone.person.restarts()
    const equipment = await equip(phone.person, this.world)
    const again = {
      ...equipment,
      person: phone.person,
      circles: await openCircles(phone.person, equipment, this.world),
    }
    this.phones[this.phones.indexOf(phone)] = again
    return again
  }
}

export const openCircles = (person: Person, { shelf, exchange }: Equipment, { clock, random }: World) =>
  Circles.open(
    { parent: person.replica, exchange, shelf, storage: person.storage, clock, random },
    () => person.name,
  )

export const writes = async (circle: Circle, text: string): Promise<void> => {
  const notes = circle.replica.documents.doc.read().getText('notes')
  notes.insert(notes.length, text)
  await circle.replica.flush()
}

export const reads = (circle: Circle): string =>
  circle.replica.documents.doc.read().getText('notes').toString()

/** What is said of one kind inside a circle at this end of a link is never heard at the other. */
const losesInside = (link: MemoryLink, type: SyncMessage['type']): void => {
  const send = link.send.bind(link)
  link.send = (stream, message) => {
    const files = stream === 'files' ? parseFilesMessage(message) : null
    const whisper = files?.ok && files.value.type === 'whisper' ? parseWhisper(files.value.what) : null
    const said = whisper?.type === 'say' ? parseSyncMessage(whisper.message) : null
    if (!said?.ok || said.value.type !== type) send(stream, message)
  }
}

/** Whatever names this circle, who is in it, or what was said there. In hex. */
export const namesIn = ({ coll, state, ledger }: Circle['replica']): readonly string[] => [
  coll,
  ...state.devices.keys(),
  ...state.members.keys(),
  ...state.feeds.keys(),
  ...state.epochs.keys(),
  ...ledger.since([]).map(({ id }) => id),
  ...[...state.devices.values()].map(({ device }) => hexFromBytes(device.signPk)),
]
