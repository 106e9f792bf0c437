/// <reference types="@sveltejs/kit" />
/// <reference lib="webworker" />
import { base, build, files, version } from '$service-worker'

/**
 * Keeps one whole version of the app on the device, so that it opens without a network, and never half of one. A newer
 * version is fetched beside it and waits until the person agrees. Nothing else is ever cached: what people write is not
 * this file's business.
 *
 * What it caches is the app and only the app. A path that this version does not have is refused here, so that a page
 * never runs a mixture of this version and whatever a server has today.
 */
declare const self: ServiceWorkerGlobalScope

const PREFIX = 'app-'
const CACHE = PREFIX + version
const PAGE = `${base}/`
/** A page of its own: where one goes in a hurry. */
const NOTE = `${base}/nota.html`
const FILES = [PAGE, ...build, ...files]

/** `npm run dev` builds nothing: there the network answers. */
const isBuilt = build.length > 0

self.addEventListener('install', (event) => {
  if (isBuilt) event.waitUntil(keepAll())
})

/** All or nothing: one file missing, and the version in use stays. A network that changed in the middle is no reason to give up. */
const keepAll = async (tries = 3): Promise<void> => {
  const cache = await caches.open(CACHE)
  await cache.addAll(FILES.map(fresh)).catch((error: unknown) => {
    if (tries === 1) throw error
    return keepAll(tries - 1)
  })
}

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOldVersions().then(() => self.clients.claim()))
})

self.addEventListener('message', (event) => {
  // The page says this when the person agreed to the new version.
  if (event.data === 'use the new version') void self.skipWaiting()
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  if (!isBuilt || request.method !== 'GET' || new URL(request.url).origin !== self.location.origin) return
  event.respondWith(answer(request))
})

const answer = async (request: Request): Promise<Response> => {
  const isNote = new URL(request.url).pathname === NOTE
  const wanted = request.mode === 'navigate' ? (isNote ? NOTE : PAGE) : request
  const own = await caches.open(CACHE)
  // The browser threw the version away to make room: as on the first visit, the network has one.
  if (!(await own.match(PAGE))) return fetch(request)
  // A tab that still runs the version before may ask for a part of it that it has not loaded yet.
  return (await own.match(wanted, { ignoreSearch: true })) ?? (await caches.match(wanted)) ?? Response.error()
}

/** The page itself has no hash in its name: past every HTTP cache. */
const fresh = (path: string): Request => new Request(path, { cache: path === PAGE ? 'reload' : 'default' })

/** This version and the one before stay. */
const dropOldVersions = async (): Promise<void> => {
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX))
  await Promise.all(ours.slice(0, -2).map((name) => caches.delete(name)))
}
