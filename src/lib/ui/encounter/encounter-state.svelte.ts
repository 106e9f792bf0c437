import { createSubscriber } from 'svelte/reactivity'
import type { Key } from '../../i18n/catalogue.ts'
import { problemKey } from '../../i18n/problems.ts'
import type { Result } from '../../core/result.ts'
import type {
  Encounter,
  EncounterState,
  NoAddress,
  NoRelayPoint,
  NotAllowed,
  TooFew,
} from '../../workspace/types.ts'
import { Live } from '../live.svelte.ts'
import { readPermissions, watchPermissions, type Permissions } from './permissions.ts'
import { openScanner, type Scanner } from './scan.ts'

/** Makes a code to show: of a meeting, or of a door. */
export type Opens = () => Promise<Result<Encounter, NotAllowed | TooFew | NoAddress | NoRelayPoint>>

type Camera = { readonly scanner: Scanner; readonly stream: MediaStream }

/**
 * One meeting, from the question for the camera to two phones that know each other. Whatever comes in, by camera, pasted or
 * typed, comes in through `take`: another kind of code needs no other way in.
 */
export class Meeting {
  readonly #open: Opens
  readonly #takeHub: (text: string) => boolean
  #isOver = false
  #looks = 0
  #encounter = $state.raw<Encounter | null>(null)
  readonly #live = $derived(this.#encounter ? new Live<EncounterState>(this.#encounter.state) : null)
  #isMaking = $state(false)
  camera = $state.raw<Camera | null>(null)
  #permissions = $state.raw<Permissions | null>(null)
  /** While anybody reads what the browser was told, it is asked again whenever that changes. */
  readonly #listen = createSubscriber(() => {
    const over = new AbortController()
    void watchPermissions(() => void this.look(), over.signal)
    return () => over.abort()
  })
  /** What went wrong with the last code, or with making one. */
  problem = $state.raw<Key | null>(null)
  /** The camera was asked for and not given. */
  isWithoutCamera = $state(false)

  /** `takeHub`: takes a code if it is that of a hub in the room. */
  constructor(open: Opens, takeHub: (text: string) => boolean = () => false) {
    this.#open = open
    this.#takeHub = takeHub
    void this.look()
  }

  /** `asking`: nothing has begun. `making`: a code is on its way. Else as the encounter is. */
  get step(): 'asking' | 'making' | EncounterState['step'] {
    if (this.#isMaking) return 'making'
    return this.#live?.current.step ?? 'asking'
  }

  /** What the browser has been told by now; `null` until it was asked. */
  get permissions(): Permissions | null {
    this.#listen()
    return this.#permissions
  }

  get code(): string {
    return this.#encounter?.code ?? ''
  }

  /** Whose phone was met, once it was. */
  get met(): Extract<EncounterState, { readonly step: 'met' }>['member'] {
    const now = this.#live?.current
    return now?.step === 'met' ? now.member : null
  }

  /** The camera comes first: without its permission browsers hide the phone from the wifi it is in. */
  async begin(how: 'camera' | 'no camera'): Promise<void> {
    this.stop()
    this.#isMaking = true
    if (how === 'camera') await this.#openCamera()
    const shown = this.#isOver ? null : await this.#open()
    this.#isMaking = false
    void this.look()
    if (!shown) return
    if (this.#isOver && shown.ok) return shown.value.stop()
    if (shown.ok) this.#show(shown.value)
    else {
      this.closeCamera()
      this.problem = problemKey(shown.error)
    }
  }

  take(text: string): void {
    // One scan of a hub is enough, and nobody has to scan this phone.
    if (this.#takeHub(text)) return this.stop()
    const taken = this.#encounter?.take(text)
    this.problem = taken && !taken.ok ? problemKey(taken.error) : null
  }

  closeCamera(): void {
    this.camera?.scanner.stop()
    this.camera = null
  }

  /** Looks at what the browser was told by now. */
  async look(): Promise<void> {
    const mine = ++this.#looks
    const seen = await readPermissions()
    if (mine === this.#looks) this.#permissions = seen
  }

  /** Back to before the question: no camera, no code. */
  stop(): void {
    this.closeCamera()
    this.#encounter?.stop()
    this.#encounter = null
    this.problem = null
    this.isWithoutCamera = false
  }

  /** The screen is left. */
  end(): void {
    this.#isOver = true
    this.stop()
  }

  async #openCamera(): Promise<void> {
    const opened = await openScanner()
    if (this.#isOver) return opened?.scanner.stop()
    this.camera = opened
    this.isWithoutCamera = opened === null
  }

  #show(encounter: Encounter): void {
    this.#encounter = encounter
    // Some browsers ask about the network only now, and the answer may be why nothing comes about.
    encounter.state.watch(() => {
      if (encounter.state.read().step === 'failed') void this.look()
    })
  }
}
