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
import { Allowed, type Permissions } from './permissions.svelte.ts'
import { openScanner, type Scanner } from './scan.ts'
import { TypedLines, type NotThisLine } from './typed-lines.svelte.ts'

/** Makes a code to show: of a meeting, or of a door. */
export type Opens = () => Promise<Result<Encounter, NotAllowed | TooFew | NoAddress | NoRelayPoint>>

/** No list has such words, and no copied code or link is without. */
const COPIED = /\p{L}\d|\d\p{L}|\S{16}/u

type Camera = { readonly scanner: Scanner; readonly stream: MediaStream }

/**
 * One meeting, from the question for the camera to two phones that know each other. Whatever comes in, by camera, pasted or
 * typed, comes in through `take`: another kind of code needs no other way in.
 */
export class Meeting {
  readonly #open: Opens
  readonly #takeHub: (text: string) => boolean
  readonly #allowed = new Allowed()
  /** Whoever leaves in the middle of a beginning has left it. */
  #beginning = 0
  #encounter = $state.raw<Encounter | null>(null)
  readonly #live = $derived(this.#encounter ? new Live<EncounterState>(this.#encounter.state) : null)
  #isMaking = $state(false)
  camera = $state.raw<Camera | null>(null)
  /** What went wrong with the last code, or with making one. */
  problem = $state.raw<Key | null>(null)
  /** What was typed of the other’s code stays when this phone shows a new one of its own. */
  readonly typed = new TypedLines()
  /** The camera was asked for and not given. */
  isWithoutCamera = $state(false)

  /** `takeHub`: takes a code if it is that of a hub in the room. */
  constructor(open: Opens, takeHub: (text: string) => boolean = () => false) {
    this.#open = open
    this.#takeHub = takeHub
  }

  /** `asking`: nothing has begun. `making`: a code is on its way. Else as the encounter is. */
  get step(): 'asking' | 'making' | EncounterState['step'] {
    if (this.#isMaking) return 'making'
    return this.#live?.current.step ?? 'asking'
  }

  /** What the browser has been told by now; `null` until it was asked. */
  get permissions(): Permissions | null {
    return this.#allowed.now
  }

  get code(): string {
    return this.#encounter?.code ?? ''
  }

  get spoken(): Encounter['spoken'] | null {
    return this.#encounter?.spoken ?? null
  }

  get holds(): Encounter['holds'] | null {
    return this.#encounter?.holds ?? null
  }

  /** Something other than an empty room keeps the phones apart: the browser was told “no”, or shows no address. */
  get isHidden(): boolean {
    return this.permissions?.localNetwork === 'denied' || this.holds === 'nothing'
  }

  /** Whose phone was met, once it was. */
  get met(): Extract<EncounterState, { readonly step: 'met' }>['member'] {
    const now = this.#live?.current
    return now?.step === 'met' ? now.member : null
  }

  /** The camera comes first: without its permission browsers hide the phone from the wifi it is in. */
  async begin(how: 'camera' | 'no camera'): Promise<void> {
    const mine = ++this.#beginning
    if (this.step === 'met') this.typed.clear()
    this.closeCamera()
    this.problem = null
    this.#isMaking = true
    const camera = how === 'camera' ? await openScanner() : null
    if (mine !== this.#beginning) return camera?.scanner.stop()
    this.camera = camera
    this.isWithoutCamera = how === 'camera' && !camera
    // A code that stood until now ends only here, so that no screen goes away with it.
    this.#encounter?.stop()
    this.#encounter = null
    const shown = await this.#open()
    if (mine !== this.#beginning) return shown.ok ? shown.value.stop() : undefined
    this.#isMaking = false
    void this.look()
    if (shown.ok) this.#show(shown.value)
    else {
      this.closeCamera()
      this.problem = problemKey(shown.error)
    }
  }

  take(text: string): void {
    if (this.#takeHub(text)) {
      this.problem = null
      return
    }
    const taken = this.#encounter?.take(text)
    this.problem = taken && !taken.ok ? problemKey(taken.error) : null
  }

  /** Somebody types what is read to them: a line is judged as soon as its last word is finished. */
  type(text: string): void {
    this.typed.text = text
    this.problem = null
    const wrong = /\s$/.test(text) && !COPIED.test(text) ? this.#hear() : null
    // In the middle of a line there are always some missing.
    this.typed.problem = wrong?.type === 'WordsMissing' ? null : wrong
  }

  /** Takes what stands in the field: a code as it was copied, or words, all of them finished. */
  takeTyped(): void {
    const { text } = this.typed
    this.take(text)
    const isSpoken = this.problem === 'problem.BadCode' && !COPIED.test(text)
    this.typed.problem = isSpoken ? this.#hear() : null
  }

  /** Keeps the lines that fit, and takes the code once none is missing. What it gives is wrong with the line in the field. */
  #hear(): NotThisLine | null {
    const { typed, spoken } = this
    if (!spoken) return null
    this.problem = null
    const wrong = typed.read(spoken)
    const lines = typed.whole(spoken)
    if (!lines) return wrong
    const code = spoken.codeFromLines(lines)
    if (code.ok) this.take(code.value)
    else this.problem = 'encounter.mixedLines'
    return null
  }

  closeCamera(): void {
    this.camera?.scanner.stop()
    this.camera = null
  }

  /** Looks at what the browser was told by now. */
  look(): Promise<void> {
    return this.#allowed.look()
  }

  /** Back to before the question: no camera, no code. */
  stop(): void {
    this.#beginning++
    this.#isMaking = false
    this.closeCamera()
    this.#encounter?.stop()
    this.#encounter = null
    this.problem = null
    this.typed.clear()
    this.isWithoutCamera = false
  }

  #show(encounter: Encounter): void {
    this.#encounter = encounter
    // Some browsers ask about the network only now, and the answer may be why nothing comes about.
    encounter.state.watch(() => {
      if (encounter.state.read().step === 'failed') void this.look()
    })
  }
}
