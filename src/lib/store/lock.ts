/** What happened when a tab asked for a vault. */
export type Hold =
  /** This tab writes. `release` lets the next one. */
  | { readonly type: 'held'; readonly release: () => void }
  /** Another tab of this browser has it open. */
  | { readonly type: 'elsewhere' }

/** How long the other tab may take to write down what it has and let go, before the lock is taken from it. Milliseconds. */
const YIELD_MS = 1500

/** Whether this browser can promise one writer: not on a plain http page. */
export const canHold = (): boolean => 'locks' in navigator

/**
 * One writer per vault (Web Locks). `onAsked`: another tab wants it; write down what is pending, then release, or be cut off.
 */
export const holdVault = async (name: string, onAsked: () => void): Promise<Hold> =>
  request(name, 'ifAvailable', onAsked)

/** Takes the vault over: asks the other tab to let go, waits a moment, then takes it. */
export const takeVault = async (name: string, onAsked: () => void): Promise<Hold> => {
  const channel = new BroadcastChannel(`${name} lock`)
  channel.postMessage('yield')
  channel.close()
  const until = performance.now() + YIELD_MS
  while (performance.now() < until) {
    const hold = await request(name, 'ifAvailable', onAsked)
    if (hold.type === 'held') return hold
    await new Promise((resume) => setTimeout(resume, 50))
  }
  return request(name, 'steal', onAsked)
}

const request = (name: string, how: 'ifAvailable' | 'steal', onAsked: () => void): Promise<Hold> =>
  new Promise((resolve, reject) => {
    const asked = new BroadcastChannel(`${name} lock`)
    navigator.locks
      .request(name, { [how]: true }, (lock) => {
        if (!lock) {
          asked.close()
          resolve({ type: 'elsewhere' })
          return
        }
        asked.onmessage = onAsked
        return new Promise<void>((release) => {
          resolve({
            type: 'held',
            release: () => {
              asked.close()
              release()
            },
          })
        })
      })
      .catch((error: unknown) => {
        // The lock was stolen: this tab is no longer the writer.
        asked.close()
        if (error instanceof DOMException && error.name === 'AbortError') onAsked()
        else reject(error instanceof Error ? error : new Error('the browser gave no lock'))
      })
  })
