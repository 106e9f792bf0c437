import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { filesUnder, textOf } from './sources.ts'

/** What would show on a phone that is locked, or sound from it. */
const LOUD =
  /\b(?:Notification|showNotification|PushManager|pushManager|setAppBadge|vibrate|speechSynthesis)\b/

test('AB1: nothing in the app can leave a badge or a notification, or make a phone sound', () => {
  const sources = filesUnder('src', '.ts', '.svelte')
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((file) => LOUD.test(textOf(file)))).toEqual([])
})

const manifests = filesUnder('static', '.webmanifest').map(
  (file) =>
    JSON.parse(readFileSync(file, 'utf8')) as {
      id: string
      name: string
      short_name: string
      icons: { src: string }[]
    },
)

test('the app may be called one of three things, none of them its own name, and is one app all the same', () => {
  expect(manifests.map(({ name }) => name).sort()).toEqual(['Cuaderno', 'Notas', 'Recetas'])
  expect(new Set(manifests.map(({ id }) => id)).size).toBe(1)
  for (const manifest of manifests) {
    expect(manifest.short_name).toBe(manifest.name)
    for (const { src } of manifest.icons) expect(readFileSync(`static/${src}`).length).toBeGreaterThan(100)
  }
})

test('no page, manifest or picture that a browser shows or keeps by name says what this is', () => {
  for (const file of [...filesUnder('static', '.html', '.webmanifest', '.svg'), 'src/app.html'])
    expect({ file, text: textOf(file) }).toEqual({
      file,
      text: expect.not.stringMatching(/lumbre|human rights|derechos|defens/i) as unknown,
    })
})
