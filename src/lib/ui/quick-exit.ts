/** Three taps of Shift within this long. Milliseconds. */
const WITHIN = 2000
const TAPS = 3

export type KeyMove = { readonly type: 'down' | 'up'; readonly key: string; readonly at: number }

/**
 * Notices Shift tapped three times alone. A Shift that held another key down meanwhile was for a capital letter and
 * counts for nothing, nor does one that repeats because it is held. `at` in milliseconds, of any clock that only
 * moves forward.
 * @returns whether this move was the third.
 */
export const createTapCounter = (): ((move: KeyMove) => boolean) => {
  let taps: readonly number[] = []
  let isAlone = false
  return ({ type, key, at }) => {
    if (key !== 'Shift') {
      isAlone = false
      taps = []
      return false
    }
    if (type === 'down') {
      isAlone = true
      return false
    }
    if (!isAlone) return false
    isAlone = false
    taps = [...taps, at].filter((tap) => at - tap <= WITHIN)
    if (taps.length < TAPS) return false
    taps = []
    return true
  }
}
