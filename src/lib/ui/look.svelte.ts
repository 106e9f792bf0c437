import { keepPreference, readPreference } from './preferences.ts'

/** `phone`: as the phone has it. `discreet`: grey, and no names in headers. */
export const LOOKS = ['phone', 'light', 'dark', 'discreet'] as const
export type LookName = (typeof LOOKS)[number]

/** How the screens look. Shown on the root element, where the tokens in app.css read it. */
export class Look {
  name: LookName
  #phoneIsDark: boolean

  constructor() {
    const kept = readPreference('look')
    this.name = $state(LOOKS.find((known) => known === kept) ?? 'phone')
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

  /** Follows what the phone prefers. Returns the function that stops it. */
  follow(prefersDark: MediaQueryList): () => void {
    const look = () => (this.#phoneIsDark = prefersDark.matches)
    look()
    prefersDark.addEventListener('change', look)
    return () => prefersDark.removeEventListener('change', look)
  }
}
