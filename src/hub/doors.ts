import type { IncomingHttpHeaders } from 'node:http'
import type { HubAddress } from '../lib/wire/hub-list.ts'

/** One way in to a hub: under which names it answers there, and pages from where may leave notes. */
export type Door = {
  /** A foreign name that leads here is somebody's trick. */
  isOurName(host: string | undefined): boolean
  /** A page of another site may open a WebSocket to this machine, but its browser says where the page is from. */
  mayCome(headers: IncomingHttpHeaders): boolean
  /** Whether it is plain http over a local network, which whoever is on it may read and change. */
  readonly isRoom: boolean
}

const THIS_MACHINE = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * On this machine itself. `name`: how the hub is called from outside; there its pages came over TLS. `hubs`: neighbours,
 * whose pages may come.
 */
export const homeDoor = (hubs: readonly HubAddress[], name: HubAddress | null): Door => {
  const outside = name?.pages.replace(/^https?:\/\//, '')
  const pages = new Set([...hubs, ...(name ? [name] : [])].map(({ pages: origin }) => origin))
  const isThisMachine = (host: string): boolean => THIS_MACHINE.has(withoutPort(host))
  return {
    isRoom: false,
    isOurName: (host) => host !== undefined && (isThisMachine(host) || host.toLowerCase() === outside),
    mayCome: ({ host, origin }) =>
      host !== undefined &&
      origin !== undefined &&
      (pages.has(origin) || (isThisMachine(host) && origin === `http://${host}`)),
  }
}

/** From the local network, under the address somebody came in by and no other. `null`: no hub of ours is there. */
export const roomDoor = (address: string | null): Door => {
  const isOurName = (host: string | undefined): boolean =>
    host !== undefined && address !== null && withoutPort(host) === address
  return {
    isRoom: true,
    isOurName,
    mayCome: ({ host, origin }) => isOurName(host) && origin === `http://${host}`,
  }
}

const withoutPort = (host: string): string => host.replace(/:\d+$/, '')
