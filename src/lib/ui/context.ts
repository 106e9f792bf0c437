import { createContext } from 'svelte'
import type { I18n } from '../i18n/i18n.svelte.ts'
import type { AppState } from './app-state.svelte.ts'

/** The words: `const { t } = getI18n()`. */
export const [getI18n, setI18n] = createContext<I18n>()

/** What the whole app shares: the session, the look, the last notice. */
export const [getApp, setApp] = createContext<AppState>()
