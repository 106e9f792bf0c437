/** What the browser lets the app do without asking. `unknown`: it has no such question, or does not say. */
export type Permission = PermissionState | 'unknown'

export type Permissions = {
  readonly camera: Permission
  /** Whether the app may see other devices of the network it is in. Browsers that ask at all call it by two names. */
  readonly localNetwork: Permission
}

/**
 * Asks nobody: only looks. Where a person has said no, phones beside each other do not find each other and nothing says
 * why, so the screen has to.
 */
export const readPermissions = async (): Promise<Permissions> => {
  const all = await Promise.all(NAMES.map(statusOf))
  const [camera = 'unknown', ...networks] = all.map((status): Permission => status?.state ?? 'unknown')
  return { camera, localNetwork: strictest(networks) }
}

/** Tells `told` of every answer given later, also while a code is shown; until `over`. */
export const watchPermissions = async (told: () => void, over: AbortSignal): Promise<void> => {
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
