/** The outcome of an operation that can fail in ways the caller must handle. */
export type Result<T, E extends { readonly type: string }> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const err = <const E extends { readonly type: string }>(
  error: E,
): { readonly ok: false; readonly error: E } => ({ ok: false, error })

/** The value of a result that cannot fail here. Throws, as our bug, when it did. */
export const expectOk = <T>(result: Result<T, { readonly type: string }>): T => {
  if (result.ok) return result.value
  throw new Error(`unexpected ${result.error.type}`)
}

/** Marks a `switch` as exhaustive: a new variant becomes a compile error here. */
export const unreachable = (x: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(x)}`)
}
