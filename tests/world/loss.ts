import { parseSyncMessage, type SyncMessage } from '../../src/lib/wire/sync.ts'
import type { MemoryLink } from './network.ts'

/**
 * What is sent at this end of a link comes too early to be taken: it is let go of at the other, and the sender takes it for
 * delivered. Until the returned function is called.
 */
export const loses = (link: MemoryLink, type: SyncMessage['type']): (() => void) => {
  const send = link.send.bind(link)
  link.send = (stream, message) => {
    const parsed = stream === 'records' ? parseSyncMessage(message) : null
    if (!parsed?.ok || parsed.value.type !== type) send(stream, message)
  }
  return () => void (link.send = send)
}
