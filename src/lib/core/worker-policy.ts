type Policy = { createScriptURL(url: string): string }
let policy: Policy | null = null

/**
 * The address of a worker we ship, as `new Worker` takes it under Trusted Types. Our own policy lets through scripts of
 * this origin and nothing else; where a browser has no Trusted Types the address goes as it is.
 */
export const workerAddress = (url: string): string => {
  const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: Policy): Policy } })
    .trustedTypes
  if (!types) return url
  policy ??= types.createPolicy('lumbre-worker', {
    createScriptURL: (address) => {
      if (new URL(address, location.href).origin !== location.origin)
        throw new Error('a worker from elsewhere')
      return address
    },
  })
  return policy.createScriptURL(url)
}
