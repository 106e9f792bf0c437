import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { readPages } from '../../src/hub/pages.ts'
import { folderOf, INDEX, openHub, POLICY } from './open-hub.ts'

const FILES = {
  'index.html': INDEX,
  'app.js': 'document.title = "here"\n'.repeat(200),
  '_app/immutable/chunk.abc.js': 'export const one = 1',
  'manifest.webmanifest': '{}',
}

test('the page comes under its own policy, and may not be framed', async () => {
  const { origin } = await openHub({ files: FILES })
  const response = await fetch(origin)
  expect(await response.text()).toBe(INDEX)
  expect(response.headers.get('content-security-policy')).toBe(`${POLICY}; frame-ancestors 'none'`)
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  })
  expect(response.headers.get('permissions-policy')).toContain('microphone=()')
})

test('a worker has the policy of the page: scripts carry it too', async () => {
  const { origin } = await openHub({ files: FILES })
  const { headers } = await fetch(`${origin}/app.js`)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test('hashed names are kept for ever, the rest is asked for again and costs nothing unchanged', async () => {
  const { origin } = await openHub({ files: FILES })
  const chunk = await fetch(`${origin}/_app/immutable/chunk.abc.js`)
  expect(chunk.headers.get('cache-control')).toContain('immutable')
  const page = await fetch(origin)
  const again = await fetch(origin, { headers: { 'if-none-match': page.headers.get('etag')! } })
  expect([again.status, await again.text()]).toEqual([304, ''])
})

test('who can read gzip gets it, who cannot does not', async () => {
  const { origin } = await openHub({ files: FILES })
  for (const encoding of ['gzip, br', 'identity']) {
    const response = await fetch(`${origin}/app.js`, { headers: { 'accept-encoding': encoding } })
    expect(response.headers.get('content-encoding')).toBe(encoding === 'identity' ? null : 'gzip')
    expect(await response.text()).toBe(FILES['app.js'])
  }
})

/** As it stands, dots and all: `fetch` would tidy it up first. */
const statusOf = (port: number, path: string, { method = 'GET', host = `127.0.0.1:${port}` } = {}) =>
  new Promise<number | undefined>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })

test('there is nothing beside the built files, however it is spelt', async () => {
  const { port } = await openHub({ files: FILES })
  for (const path of [
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '//etc/passwd',
    '/_app/../../package.json',
    '/_app/',
    '/index.html/',
    '/%00',
    '/constructor',
    '*',
  ])
    expect({ path, status: await statusOf(port, path) }).toEqual({ path, status: 404 })
  expect(await statusOf(port, '/?from=anywhere')).toBe(200)
})

test('nothing can be sent to it, and a foreign name that leads here finds nobody', async () => {
  const { port } = await openHub({ files: FILES })
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect({ method, status: await statusOf(port, '/', { method }) }).toEqual({ method, status: 405 })
  expect(await statusOf(port, '/', { host: 'evil.example' })).toBe(421)
  expect(await statusOf(port, '/', { host: `localhost:${port}` })).toBe(200)
  expect(await statusOf(port, '/', { method: 'HEAD' })).toBe(200)
})

test('only this machine can reach it', async () => {
  const { port } = await openHub()
  const { networkInterfaces } = await import('node:os')
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')
  if (!outside) return
  const outcome = await new Promise((resolve) => {
    const socket = connect(port, outside.address)
    socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'))
    socket.unref()
  })
  expect(outcome).toBe('refused')
})

test('an app that was not built, or has no policy of its own, is not served', async () => {
  expect(await readPages(await folderOf({}))).toEqual({ ok: false, error: { type: 'NotBuilt' } })
  const bare = await folderOf({ 'index.html': '<p>hello</p>' })
  expect(await readPages(bare)).toEqual({ ok: false, error: { type: 'NotBuilt' } })
})
