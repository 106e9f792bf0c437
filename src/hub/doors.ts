import type { IncomingHttpHeaders } from 'node:http'
import type { HubAddress } from '../lib/wire/hub-list.ts'

/** Under which names a hub answers, and pages from where may leave notes at it. */
export type Doors = {
  /** A foreign name that leads here is somebody's trick. */
  isOurName(host: string | undefined): boolean
  /** A page of another site may open a WebSocket to this machine, but its browser says where the page is from. */
  mayCome(headers: IncomingHttpHeaders): boolean
}

const THIS_MACHINE = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** `name`: how the hub is called from outside; there its pages came over TLS. `hubs`: neighbours, whose pages may come. */
export const doorsOf = (hubs: readonly HubAddress[], name: HubAddress | null): Doors => {
  const outside = name?.pages.replace(/^https?:\/\//, '')
  const pages = new Set([...hubs, ...(name ? [name] : [])].map(({ pages: origin }) => origin))
  const isThisMachine = (host: string): boolean => THIS_MACHINE.has(host.replace(/:\d+$/, ''))
  return {
    isOurName: (host) => host !== undefined && (isThisMachine(host) || host.toLowerCase() === outside),
    mayCome: ({ host, origin }) =>
      host !== undefined &&
      origin !== undefined &&
      (pages.has(origin) || (isThisMachine(host) && origin === `http://${host}`)),
  }
}
