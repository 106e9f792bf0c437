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

/**
 * Links are written as what they lead to, and followed as what says nothing (veil.ts): the router never sees them. Those that are to
 * open elsewhere, or lead out of the app, are left to the browser. Returns the function that stops it.
 */
export const followLinks = (go: (path: string) => void): (() => void) => {
  const heard = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    const href = link?.getAttribute('href')
    if (!link || !href?.startsWith('#/') || link.target || link.hasAttribute('download')) return
    event.preventDefault()
    go(href.slice(1))
  }
  addEventListener('click', heard, { capture: true })
  return () => removeEventListener('click', heard, { capture: true })
}
