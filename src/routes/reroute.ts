import type { Reroute } from '@sveltejs/kit'
import { veil } from '../lib/ui/frame/veil.ts'

/** Which page stands behind an address that says nothing. */
export const reroute: Reroute = ({ url }) => veil.uncover(url.hash.slice(1))
