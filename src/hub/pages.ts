import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { err, ok, type Result } from '../lib/core/result.ts'
import { policyWithHubs, type HubAddress } from '../lib/wire/hub-list.ts'

/** One file of the built app, ready to be sent. */
export type Page = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** `null` where compressing gains nothing. */
  readonly gzipped: Buffer | null
  readonly etag: string
}

/** By URL path. What was not in the folder when the hub started does not exist: a path is a key here, never a path. */
export type Pages = ReadonlyMap<string, Page>

/** No `index.html`, or one that carries no policy of its own. The app was not built, or not as we build it. */
export type NotBuilt = { readonly type: 'NotBuilt' }

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/** Everything a browser may offer a page that this app never asks for. */
const NOT_USED = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'display-capture',
  'fullscreen',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'serial',
  'usb',
  'xr-spatial-tracking',
]

/** Goes with every answer, also with a refusal. */
export const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'permissions-policy': NOT_USED.map((feature) => `${feature}=()`).join(', '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-frame-options': 'DENY',
}

/** What a page may do that is not one of ours: nothing. */
export const REFUSAL_HEADERS: Readonly<Record<string, string>> = {
  ...COMMON_HEADERS,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'content-type': 'text/plain; charset=utf-8',
}

/**
 * Reads the built app into memory, once. Its pages may reach `hubs` beside the one that serves them, and learn of them by
 * that: the policy stands in the page itself as well as in the header, and a browser obeys both.
 */
export const readPages = async (
  folder: string,
  hubs: readonly HubAddress[] = [],
): Promise<Result<Pages, NotBuilt>> => {
  const index = await readFile(join(folder, 'index.html'), 'utf8').catch(() => '')
  const [, built] = POLICY.exec(index) ?? []
  if (!built) return err({ type: 'NotBuilt' })
  const policy = policyWithHubs(built, hubs)
  const header = `${policy}; frame-ancestors 'none'`
  const pages = new Map<string, Page>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    const path = file.slice(folder.length).replaceAll('\\', '/').replace(/^\/*/, '/')
    const body = await readFile(file)
    pages.set(path, pageFrom(path, WITH_HUBS[path]?.(body, hubs) ?? body, header))
  }
  const home = pages.get('/index.html')
  if (home) pages.set('/', home)
  return ok(pages)
}

/**
 * The page's own policy, which names the hash of its one inline script, and what only a header can say. Workers take
 * theirs from the answer that brings their script, so every file carries it.
 */
const POLICY = /<meta\s+http-equiv="content-security-policy"\s+content="([^"]+)"/

/** The two files that say something else where there are further hubs. */
const WITH_HUBS: Readonly<Record<string, (body: Buffer, hubs: readonly HubAddress[]) => Buffer>> = {
  '/index.html': (body, hubs) =>
    Buffer.from(
      body.toString('utf8').replace(POLICY, (meta, policy: string) =>
        // A function: what a replacement text says about `$` is not for a policy to use.
        meta.replace(policy, () => policyWithHubs(policy, hubs)),
      ),
    ),
  // The page is kept on the phone, so another list has to look like another version, or it would never arrive there.
  '/service-worker.js': (body, hubs) =>
    hubs.length === 0
      ? body
      : Buffer.concat([body, Buffer.from(`\n// ${hubs.map(({ origin }) => origin).join(' ')}\n`)]),
}

const pageFrom = (path: string, body: Buffer, policy: string): Page => {
  const gzipped = gzipSync(body, { level: 9 })
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    body,
    gzipped: gzipped.length < body.length * 0.9 ? gzipped : null,
    etag,
    headers: {
      ...COMMON_HEADERS,
      'content-security-policy': policy,
      'content-type': TYPES[extname(path)] ?? 'application/octet-stream',
      // A hashed name never means anything else; everything else is asked for again each time.
      'cache-control': path.startsWith('/_app/immutable/')
        ? 'public, max-age=31536000, immutable'
        : 'no-cache',
      etag,
      vary: 'accept-encoding',
    },
  }
}
