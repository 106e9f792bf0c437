import { SvelteSet } from 'svelte/reactivity'

/** What somebody saw a warning about and left as it is, until the notebook is locked: in this page’s memory only. */
const left = new SvelteSet<string>()

export const isLeft = (said: string): boolean => left.has(said)

export const letStand = (said: string): void => void left.add(said)
