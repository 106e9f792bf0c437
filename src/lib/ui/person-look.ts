/** How many inks and how many kinds of ring there are for people: together they tell 32 apart, also without colour. */
const INKS = 8
const RINGS = ['solid', 'dashed', 'dotted', 'double'] as const

/** What stands for a person where there is no room for the name. Equal for equal ids, on every device. */
export type PersonLook = {
  readonly initials: string
  /** 0 to 7: `--person-0` … */
  readonly ink: number
  readonly ring: (typeof RINGS)[number]
}

/** `id`: what stays the same while the name may change. */
export const lookOf = (id: string, name: string | null): PersonLook => {
  let sum = 7
  for (let i = 0; i < id.length; i++) sum = (sum * 33 + id.charCodeAt(i)) >>> 0
  return { initials: initialsOf(name), ink: sum % INKS, ring: RINGS[(sum >>> 5) % RINGS.length] ?? 'solid' }
}

/** The first letters of the first two words; `·` for nobody's name. */
const initialsOf = (name: string | null): string => {
  const words = (name ?? '').trim().split(/\s+/u).filter(Boolean).slice(0, 2)
  return words.map((word) => ([...word][0] ?? '').toLocaleUpperCase()).join('') || '·'
}
