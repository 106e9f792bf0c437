/** A signed state on its way: payload and signature, base64url. */
export type Envelope = { readonly p: string; readonly s: string }

/** Whether `value` is one, and nothing beside. Nothing deeper reaches y-protocols: it compares states by walking through them, and a stack has an end. */
export const isEnvelope = (value: unknown): value is Envelope =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).length === 2 &&
  'p' in value &&
  typeof value.p === 'string' &&
  's' in value &&
  typeof value.s === 'string'
