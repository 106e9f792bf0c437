import type { CDPSession, Page } from '@playwright/test'

/** What a page still holds, as somebody with a debugger on the phone finds it. Garbage is gone before. */
export type Memory = {
  /** Arrays of 32 and 64 bytes that look like chance, as hex, in any object, list or map: the lengths of our keys, and of ids. */
  readonly keyLikes: ReadonlySet<string>
  /** The memories of compiled code, where libsodium works. */
  readonly compiled: Buffer
}

export const memoryOf = async (page: Page): Promise<Memory> => {
  const cdp = await page.context().newCDPSession(page)
  const keyLikes = await ask<readonly string[]>(
    cdp,
    'Object',
    `function () {
      const found = new Set()
      const take = (value) => {
        if (Object.prototype.toString.call(value) !== '[object Uint8Array]' || (value.length !== 32 && value.length !== 64)) return
        // Many different bytes: neither zeros nor a counter.
        if (new Set(value).size > 20)
          found.add(Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join(''))
      }
      for (const object of this) {
        if (object instanceof Map) for (const value of object.values()) take(value)
        for (const { value } of Object.values(Object.getOwnPropertyDescriptors(object))) take(value)
      }
      return [...found]
    }`,
  )
  const compiled = await ask<string>(
    cdp,
    'WebAssembly.Memory',
    `function () {
      const reader = new FileReader()
      return new Promise((resolve) => {
        reader.onload = () => resolve(reader.result.split(',')[1] ?? '')
        reader.readAsDataURL(new Blob(this.map(({ buffer }) => buffer)))
      })
    }`,
  )
  await cdp.detach()
  return { keyLikes: new Set(keyLikes), compiled: Buffer.from(compiled, 'base64') }
}

/** Calls `take` on the list of all objects of a kind that scripts can still reach. */
const ask = async <T>(cdp: CDPSession, kind: string, take: string): Promise<T> => {
  const { result: prototype } = await cdp.send('Runtime.evaluate', { expression: `${kind}.prototype` })
  const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId! })
  const { result, exceptionDetails } = await cdp.send('Runtime.callFunctionOn', {
    objectId: objects.objectId!,
    functionDeclaration: take,
    returnByValue: true,
    awaitPromise: true,
  })
  if (exceptionDetails) throw new Error(result.description)
  return result.value as T
}
