import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import type { CollId, DeviceId } from '../../src/lib/core/ids.ts'
import { signBinding } from '../../src/lib/crypto/device.ts'
import { systemRandom } from '../../src/lib/crypto/random.ts'
import { openIdentity, type Identity } from '../../src/keeper/identity.ts'
import { Keeping } from '../../src/keeper/keeping.ts'
import { Links } from '../../src/keeper/links.ts'
import { openLogStorage, type LogStorage } from '../../src/keeper/log-storage.ts'
import { err } from '../../src/lib/core/result.ts'
import type { Table, Write } from '../../src/lib/sync/ports.ts'
import type { Person, World } from '../world/cast.ts'
import type { MemoryLink } from '../world/network.ts'

const houses: House[] = []
afterAll(async () => {
  for (const house of houses) await house.close()
  for (const { folder } of houses) rmSync(folder, { recursive: true, force: true })
})

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'keeper-'))

/** A keeper on a real disk, and links in memory that the test makes and cuts. */
export class House {
  readonly folder: string
  readonly world: World
  readonly quota: number
  /** How far its calendar is ahead of the world’s, in which months cannot pass without everybody talking. ms. */
  ahead = 0
  /** Tables whose rows its disk takes no more: as a full one does, from one commit to the next. */
  readonly full = new Set<Table>()
  /** Everything it said on its links, oldest first. */
  readonly said: Uint8Array[] = []
  identity!: Identity
  storage!: LogStorage
  keeping!: Keeping
  links!: Links
  readonly #judged = new Map<MemoryLink, ReturnType<Links['attach']>>()
  #unwatch = () => {}

  private constructor(world: World, folder: string, quota: number) {
    this.world = world
    this.folder = folder
    this.quota = quota
  }

  static async open(world: World, { folder = freshFolder(), quota = 1e9 } = {}): Promise<House> {
    const house = new House(world, folder, quota)
    houses.push(house)
    await house.begin()
    return house
  }

  async begin(): Promise<void> {
    this.identity = (await openIdentity(this.folder, systemRandom))!
    const storage = (await openLogStorage(this.folder, systemRandom))!
    const isFull = (writes: readonly Write[]) => writes.some(({ table }) => this.full.has(table))
    this.storage = Object.create(storage, {
      commit: {
        value: (writes: readonly Write[]) =>
          isFull(writes) ? Promise.resolve(err({ type: 'StorageFailed' })) : storage.commit(writes),
      },
    }) as LogStorage
    const { clock } = this.world
    const device = this.identity.own.id
    const calendar = { ...clock, now: () => clock.now() + this.ahead, after: () => () => {} }
    this.keeping = await Keeping.open({ device, storage: this.storage, clock: calendar, quota: this.quota })
    this.links = new Links(this.keeping, clock)
    this.#unwatch = this.keeping.changed.watch(() => this.#rejudge())
  }

  get device(): DeviceId {
    return this.identity.own.id
  }

  binding(coll: CollId): Uint8Array {
    return signBinding(this.identity.own, coll, null)
  }

  /** As over the first meeting: `asker` asks, proposes, and `others` approve; the last one enacts. */
  async letIn(asker: Person, ...others: Person[]): Promise<void> {
    const { coll } = asker.replica
    const asked = { coll, pin: asker.replica.ledger.pin, by: asker.replica.own.device }
    expect(await this.keeping.accept(asked)).toBe('kept')
    const { device } = this.identity.own
    const proposal = asker.replica.act({
      type: 'propose',
      proposal: { action: 'keeper', device, deviceId: this.device, binding: this.binding(coll) },
    })
    await this.world.settle()
    let last = asker
    for (const other of others) {
      other.replica.act({ type: 'approve', proposal, seen: [] })
      last = other
    }
    last.replica.act({ type: 'enact', proposal })
    await this.settle()
  }

  /** A link with `person`, if both sides want one. */
  link(person: Person): void {
    const judged = this.keeping.judge(person.device)
    if (!judged || !person.standingOf(this.device)) return
    const [mine, theirs] = this.world.network.connect(this.device, person.device)
    person.attach(theirs)
    const send = mine.send.bind(mine)
    mine.send = (stream, message) => {
      this.said.push(message)
      send(stream, message)
    }
    this.#judged.set(mine, this.links.attach(mine, judged.standing))
    mine.closed(() => this.#judged.delete(mine))
  }

  cut(): void {
    for (const link of [...this.#judged.keys()]) link.close()
  }

  get linked(): number {
    return this.#judged.size
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      await this.world.settle()
      await this.keeping.settled()
      await this.links.served()
      await this.world.network.settle()
    }
  }

  /** Ends as a machine that loses its power does, and starts again from what is on the disk. */
  async restarts(): Promise<void> {
    this.cut()
    this.#unwatch()
    this.links.stop()
    await this.keeping.settled()
    this.storage.close()
    await this.storage.closed()
    await this.begin()
  }

  async close(): Promise<void> {
    this.#unwatch()
    this.links.stop()
    this.storage.close()
    await this.storage.closed()
  }

  /** Every byte in its folder. */
  disk(): Buffer {
    return Buffer.concat(
      readdirSync(this.folder)
        .filter((name) => name !== 'running')
        .map((name) => readFileSync(join(this.folder, name))),
    )
  }

  #rejudge(): void {
    for (const [link, attached] of [...this.#judged]) {
      const judged = this.keeping.judge(link.peer)
      if (judged) attached.judge(judged.standing)
      else link.close()
    }
  }
}

/** `text` in the spellings in which it could lie on a disk. */
export const spellings = (text: string): readonly Buffer[] =>
  (['utf8', 'utf16le', 'base64', 'hex'] as const).map((encoding) =>
    encoding === 'base64' || encoding === 'hex'
      ? Buffer.from(Buffer.from(text).toString(encoding).replace(/=+$/, '').slice(0, -1))
      : Buffer.from(text, encoding),
  )
