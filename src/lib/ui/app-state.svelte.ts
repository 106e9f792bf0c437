import type { Phase, Session, Space, Workspace } from '../workspace/types.ts'
import { Live } from './live.svelte.ts'

/** How the screens look. `system`: as the phone says. */
export const THEMES = ['system', 'light', 'dark', 'discreto'] as const
export type Theme = (typeof THEMES)[number]

/** A short notice at the foot of the screen, with a way back where there is one. */
export type Notice = { readonly text: string; readonly undo: (() => void) | null }

/** Long enough to read and reach for Undo. Milliseconds. */
const NOTICE_MS = 10_000
const STORED_AS = 't'
const STARTING: Phase = { type: 'starting' }

/** What the whole app shares. Lives as long as the page; a lock ends both. */
export class AppState {
  session = $state.raw<Session | null>(null)
  /** An invitation that was opened before there was a vault. Kept in memory only, never in the address. */
  invitation = $state<string | null>(null)
  /** What the person chose on the first screen. */
  intent = $state<'create' | 'join' | null>(null)
  notice = $state.raw<Notice | null>(null)
  theme = $state<Theme>(rememberedTheme())

  #phase = $derived(this.session && new Live(this.session.phase))
  phase = $derived<Phase>(this.#phase?.current ?? STARTING)
  workspace = $derived<Workspace | null>(this.phase.type === 'open' ? this.phase.workspace : null)
  #space = $derived(this.workspace && new Live(this.workspace.current))
  space = $derived<Space | null>(this.#space?.current ?? null)

  #noticeTimer: ReturnType<typeof setTimeout> | undefined

  /** Says something for ten seconds. With `undo`, a button takes it back. */
  readonly say = (text: string, undo: (() => void) | null = null): void => {
    clearTimeout(this.#noticeTimer)
    this.notice = { text, undo }
    this.#noticeTimer = setTimeout(() => (this.notice = null), NOTICE_MS)
  }

  readonly hush = (): void => {
    clearTimeout(this.#noticeTimer)
    this.notice = null
  }

  readonly setTheme = (theme: Theme): void => {
    this.theme = theme
    try {
      localStorage.setItem(STORED_AS, theme)
    } catch {
      // A browser that keeps nothing asks again next time.
    }
  }
}

const rememberedTheme = (): Theme => {
  try {
    const stored = localStorage.getItem(STORED_AS)
    return THEMES.find((theme) => theme === stored) ?? 'system'
  } catch {
    return 'system'
  }
}
