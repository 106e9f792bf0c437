import { loadSpeech } from '../lib/i18n/speech.ts'
import { preferredLocale } from '../lib/ui/language.svelte.ts'

/** Nothing is painted without words, and only those of one language are fetched. */
export const load = async () => ({ speech: await loadSpeech(preferredLocale()) })
