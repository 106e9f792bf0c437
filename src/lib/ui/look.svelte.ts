import { keepPreference, readPreference } from './preferences.ts'

/** `phone`: as the phone has it. `discreet`: grey, and no names in headers. */
export const LOOKS = ['phone', 'light', 'dark', 'discreet'] as const
export type LookName = (typeof LOOKS)[number]

/** What the app may be called on a phone, each with an icon of its own. Installed, a phone keeps the one it was given. */
export const FACES = ['cuaderno', 'notas', 'recetas'] as const
export type FaceName = (typeof FACES)[number]

/** How the screens look. Shown on the root element, where the tokens in app.css read it. */
export class Look {
  name: LookName
  face: FaceName
  #phoneIsDark: boolean

  constructor() {
    const kept = readPreference('look')
    this.name = $state(LOOKS.find((known) => known === kept) ?? 'phone')
    const face = readPreference('face')
    this.face = $state(FACES.find((known) => known === face) ?? 'cuaderno')
    this.#phoneIsDark = $state(false)
  }

  /** The token block in use. */
  get theme(): 'light' | 'dark' | 'discreet' {
    if (this.name !== 'phone') return this.name
    return this.#phoneIsDark ? 'dark' : 'light'
  }

  get isDiscreet(): boolean {
    return this.name === 'discreet'
  }

  choose(name: LookName): void {
    this.name = name
    keepPreference('look', name)
  }

  chooseFace(face: FaceName): void {
    this.face = face
    keepPreference('face', face)
  }

  /** Follows what the phone prefers. Returns the function that stops it. */
  follow(prefersDark: MediaQueryList): () => void {
    const look = () => (this.#phoneIsDark = prefersDark.matches)
    look()
    prefersDark.addEventListener('change', look)
    return () => prefersDark.removeEventListener('change', look)
  }
}
