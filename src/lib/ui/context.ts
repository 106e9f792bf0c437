import { createContext } from 'svelte'
import type { Home } from './home.svelte.ts'
import type { Language } from './language.svelte.ts'
import type { Look } from './look.svelte.ts'
import type { Toasts } from './toasts.svelte.ts'

/** What every screen may ask for. Handed down by the frame of all pages. */
export const [getLanguage, setLanguage] = createContext<Language>()
export const [getHome, setHome] = createContext<Home>()
export const [getLook, setLook] = createContext<Look>()
export const [getToasts, setToasts] = createContext<Toasts>()
