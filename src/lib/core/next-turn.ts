/**
 * Lets everything else that waits have its turn, input and drawing too. Browsers make a timer of nothing wait four
 * milliseconds after a few; a message to oneself does not wait.
 */
export const nextTurn = (): Promise<void> =>
  new Promise((resume) => {
    if (typeof setImmediate === 'function') return void setImmediate(resume)
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resume()
    }
    port2.postMessage(null)
  })
