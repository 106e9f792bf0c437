/** Something that happens once: tells everybody who asked, and those who ask later at once. */
export interface Gone {
  happened(): boolean
  happen(): void
  then(tell: () => void): void
}

export const createGone = (): Gone => {
  let waiting: (() => void)[] | null = []
  return {
    happened: () => waiting === null,
    happen: () => {
      const tellAll = waiting ?? []
      waiting = null
      for (const tell of tellAll) tell()
    },
    then: (tell) => void (waiting ? waiting.push(tell) : tell()),
  }
}
