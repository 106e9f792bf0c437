import type { Page } from '@playwright/test'
import type { Bench } from './browsers.ts'

/** Calls a function of the bench page. */
export const bench = <T = unknown>(page: Page, name: string, ...args: readonly unknown[]): Promise<T> =>
  page.evaluate(
    ([called, given]) =>
      (globalThis as unknown as { bench: Record<string, (...all: readonly unknown[]) => unknown> }).bench[
        called
      ]!(...given),
    [name, args] as const,
  ) as Promise<T>

type Card = { readonly device: string; readonly member: string }

/** Two pages become a pair: two founders, one genesis, linked through the hub. */
export const pair = async (
  world: Bench,
  a: Page,
  b: Page,
  how: { readonly linked: boolean } = { linked: true },
) => {
  const cards = [await bench<Card>(a, 'card'), await bench<Card>(b, 'card')]
  const nonce = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  const sigs = [await bench(a, 'sign', cards, nonce), await bench(b, 'sign', cards, nonce)]
  await bench(a, 'begin', cards, nonce, sigs, world.hubUrl)
  if (!how.linked) return () => bench(b, 'begin', cards, nonce, sigs, world.hubUrl)
  await bench(b, 'begin', cards, nonce, sigs, world.hubUrl)
  await Promise.all([bench(a, 'ready'), bench(b, 'ready')])
  return () => Promise.resolve()
}
