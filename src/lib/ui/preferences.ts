/**
 * The little that is known before anything is unlocked: language and look. Says nothing about what is written. A
 * browser that keeps nothing is asked again each time.
 */
export type Preference = 'language' | 'look'

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
