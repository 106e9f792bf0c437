import { createSubscriber } from 'svelte/reactivity'

/** What the browser lets the app do without asking. `unknown`: it has no such question, or does not say. */
export type Permission = PermissionState | 'unknown'

export type Permissions = {
  readonly camera: Permission
  /** Whether the app may see other devices of the network it is in. Browsers that ask at all call it by two names. */
  readonly localNetwork: Permission
}

/** What the browser was told, kept up to date while anybody reads it. */
export class Allowed {
  #looks = 0
  #seen = $state.raw<Permissions | null>(null)
  readonly #listen = createSubscriber(() => {
    const over = new AbortController()
    void watchPermissions(() => void this.look(), over.signal)
    return () => over.abort()
  })

  constructor() {
    void this.look()
  }

  /** `null` until it was asked. */
  get now(): Permissions | null {
    this.#listen()
    return this.#seen
  }

  async look(): Promise<void> {
    const mine = ++this.#looks
    const seen = await readPermissions()
    if (mine === this.#looks) this.#seen = seen
  }
}

/**
 * Asks nobody: only looks. Where a person has said no, phones beside each other do not find each other and nothing says
 * why, so the screen has to.
 */
const readPermissions = async (): Promise<Permissions> => {
  const all = await Promise.all(NAMES.map(statusOf))
  const [camera = 'unknown', ...networks] = all.map((status): Permission => status?.state ?? 'unknown')
  return { camera, localNetwork: strictest(networks) }
}

/** Tells `told` of every answer given later, also while a code is shown; until `over`. */
const watchPermissions = async (told: () => void, over: AbortSignal): Promise<void> => {
  const all = await Promise.all(NAMES.map(statusOf))
  for (const status of all) status?.addEventListener('change', told, { signal: over })
}

const NAMES = ['camera', 'local-network', 'local-network-access']

const statusOf = async (name: string): Promise<PermissionStatus | null> => {
  try {
    return await navigator.permissions.query({ name: name as PermissionName })
  } catch {
    return null
  }
}

const strictest = (states: readonly Permission[]): Permission =>
  (['denied', 'prompt', 'granted'] as const).find((state) => states.includes(state)) ?? 'unknown'
