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
  const [camera, ...networks] = await Promise.all(
    ['camera', 'local-network', 'local-network-access'].map(stateOf),
  )
  return { camera: camera ?? 'unknown', localNetwork: strictest(networks) }
}

const stateOf = async (name: string): Promise<Permission> => {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state
  } catch {
    return 'unknown'
  }
}

const strictest = (states: readonly Permission[]): Permission =>
  (['denied', 'prompt', 'granted'] as const).find((state) => states.includes(state)) ?? 'unknown'
