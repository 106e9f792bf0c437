import { err, ok, type Result } from '../core/result.ts'

/**
 * Further hubs, as whoever runs one lists them. The page learns of them from its own content policy: what the policy
 * lets it reach is the list, so that the two cannot differ, and nobody has to be asked. Spec: wire.md §3.
 */
export type HubAddress = {
  /** `wss://name` or `wss://name:port`, as a policy names it: lower case, no path, no default port. */
  readonly origin: string
  /** Where its mail is. */
  readonly url: string
  /** Where pages from there say they come from: `https://name` or `https://name:port`. */
  readonly pages: string
}

/** `text`: what was given, for whoever gave it. */
export type BadHubList =
  | { readonly type: 'NotAHubAddress'; readonly text: string }
  /** Without TLS everybody on the way sees who knocks where; only this machine needs none. */
  | { readonly type: 'HubWithoutTls'; readonly text: string }
  | { readonly type: 'HubTwice'; readonly text: string }
  | { readonly type: 'TooManyHubs'; readonly most: number }

export const MAX_HUBS = 8
export const POST_PATH = '/post'

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const IPV6 = /^\[[0-9a-f:.]{2,45}\]$/
const THIS_MACHINE = new Set(['127.0.0.1', 'localhost', '[::1]'])
const DEFAULT_PORTS = { ws: 80, wss: 443 } as const

/** One address, whole and plain: nothing that could mean something else in a policy (`*`, `;`, a path) gets through. */
export const parseHubAddress = (text: string): Result<HubAddress, BadHubList> => {
  const bad = err({ type: 'NotAHubAddress', text } as const)
  const [, scheme, host = '', portText] =
    /^(wss?):\/\/([^/:[\]]+|\[[^/[\]]+\])(?::(\d{1,5}))?\/?$/.exec(text) ?? []
  if (scheme !== 'ws' && scheme !== 'wss') return bad
  const port = portText === undefined ? DEFAULT_PORTS[scheme] : Number(portText)
  if (port < 1 || port > 65_535 || (portText?.startsWith('0') ?? false)) return bad
  const name = host.toLowerCase()
  if (name.length > 253 || !(IPV6.test(name) || name.split('.').every((label) => LABEL.test(label))))
    return bad
  if (scheme === 'ws' && !THIS_MACHINE.has(name)) return err({ type: 'HubWithoutTls', text })
  const authority = port === DEFAULT_PORTS[scheme] ? name : `${name}:${port}`
  const origin = `${scheme}://${authority}`
  return ok({
    origin,
    url: `${origin}${POST_PATH}`,
    pages: `${scheme === 'wss' ? 'https' : 'http'}://${authority}`,
  })
}

/** A list as it is written on one line, with commas, spaces or both between. */
export const parseHubList = (text: string): Result<readonly HubAddress[], BadHubList> => {
  const hubs: HubAddress[] = []
  for (const word of text.split(/[\s,]+/).filter(Boolean)) {
    const hub = parseHubAddress(word)
    if (!hub.ok) return hub
    if (hubs.some(({ origin }) => origin === hub.value.origin)) return err({ type: 'HubTwice', text: word })
    hubs.push(hub.value)
  }
  return hubs.length > MAX_HUBS ? err({ type: 'TooManyHubs', most: MAX_HUBS }) : ok(hubs)
}

/** The policy that lets a page reach these hubs too, and nothing else that it could not reach before. */
export const policyWithHubs = (policy: string, hubs: readonly HubAddress[]): string =>
  policy.replace(/(^|; *)connect-src [^;]*/, (found) =>
    [found.trimEnd(), ...hubs.map(({ origin }) => origin)].join(' '),
  )

/** The hubs a page’s policy names. Never throws; what is no hub address is passed over. */
export const hubsOfPolicy = (policy: string): readonly HubAddress[] => {
  const [, , sources = ''] = /(^|;)\s*connect-src\s+([^;]*)/.exec(policy) ?? []
  const hubs = sources.split(/\s+/).flatMap((source) => {
    const hub = parseHubAddress(source)
    return hub.ok ? [hub.value] : []
  })
  return hubs.slice(0, MAX_HUBS)
}
