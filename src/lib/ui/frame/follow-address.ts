/**
 * Leads to an address that was typed, pasted or set, without loading the page anew: that would lock the notebook, and
 * where nothing is kept it would be gone. The router reloads on such a change, so it must not hear of it: the step is
 * taken back and walked again as one of its own. Returns the function that stops it.
 */
export const followAddress = (go: (path: string) => void): (() => void) => {
  const heard = (event: PopStateEvent) => {
    // What the router put into the history carries its mark.
    if (event.state !== null) return
    event.stopImmediatePropagation()
    const path = location.hash.slice(1) || '/'
    addEventListener('popstate', () => go(path), { once: true })
    history.back()
  }
  addEventListener('popstate', heard, { capture: true })
  return () => removeEventListener('popstate', heard, { capture: true })
}
