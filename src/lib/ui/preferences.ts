/**
 * The little that is known before anything is unlocked: language, look, and what the app is called here. Says nothing about what is written. A
 * browser that keeps nothing is asked again each time.
 */
export type Preference = 'language' | 'look' | 'face'

export const readPreference = (name: Preference): string | null => {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

export const keepPreference = (name: Preference, value: string): void => {
  try {
    localStorage.setItem(name, value)
  } catch {
    // Nothing is kept here; it holds until the page closes.
  }
}

/** The last notebook of this phone was erased: what was chosen for it goes, too. */
export const forgetPreferences = (): void => {
  try {
    localStorage.clear()
  } catch {
    // Nothing was kept here.
  }
}
