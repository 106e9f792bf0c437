import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { filesUnder, textOf } from './sources.ts'

/** What would show on a phone that is locked, or sound from it. */
const LOUD =
  /\b(?:Notification|showNotification|PushManager|pushManager|setAppBadge|vibrate|speechSynthesis|mediaSession|MediaMetadata|getNotifications|TimestampTrigger)\b/

/** What a browser writes beside an address in its history, and shows of a page that is not open. */
const NAMES_A_PAGE = /document\.title|<svelte:head>|<title>/

test('AB6: what a page is called is set in one place, and from the name that was chosen for the app', () => {
  const naming = filesUnder('src/lib', '.ts', '.svelte').concat(filesUnder('src/routes', '.ts', '.svelte'))
  expect(naming.filter((file) => NAMES_A_PAGE.test(textOf(file)))).toEqual(['src/routes/+layout.svelte'])
  const lines = textOf('src/routes/+layout.svelte')
    .split('\n')
    .filter((line) => NAMES_A_PAGE.test(line))
  expect(lines.map((line) => line.trim())).toEqual(['document.title = language.t(`guise.${look.face}`)'])
})

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
