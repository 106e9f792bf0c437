import { builtinModules } from 'node:module'
import { expect, test } from 'vitest'
import { allImports, folderOf, importsIn, packageOf, textOf, type Import } from './sources.ts'

type Row = {
  readonly mayImport: readonly string[]
  readonly owns: readonly string[]
  readonly uses: readonly string[]
}

const words = (cell: string): readonly string[] =>
  cell.match(/[@\w/*.:-]+/g)?.filter((word) => word !== '-') ?? []

/** The table in docs/architecture.md is the rule itself: `owns` plain, `uses` in parentheses. */
const readTable = (): ReadonlyMap<string, Row> => {
  const rows = textOf('docs/architecture.md').matchAll(/^\| `(\w+)` +\|([^|]*)\|([^|]*)\|/gm)
  return new Map(
    [...rows].map(([, folder = '', mayImport = '', libraries = '']) => {
      const borrowed = (libraries.match(/\([^)]*\)/g) ?? []).join(' ')
      const owned = libraries.replaceAll(/\([^)]*\)/g, ' ')
      return [folder, { mayImport: words(mayImport), owns: words(owned), uses: words(borrowed) }]
    }),
  )
}

const table = readTable()
const imports = allImports()
const show = ({ file, to }: Import): string => `${file} imports ${to}`

const crosses = ({ file, target }: Import): boolean => {
  if (target === null || folderOf(target) === folderOf(file)) return false
  // The style sheet of all pages belongs to none of the folders.
  if (target === 'src/app.css') return folderOf(file) !== 'routes'
  return !table.get(folderOf(file))?.mayImport.includes(folderOf(target))
}

/** What comes from the framework’s compiler, not from a package. */
const VIRTUAL = new Set(['$app', '$service-worker', '$env'])
const NODE = new Set(builtinModules)

const isNode = (to: string): boolean => to.startsWith('node:') || NODE.has(to)

const matches = (name: string, pattern: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern

const mayUse = (folder: string, name: string): boolean => {
  const row = table.get(folder)
  return [...(row?.owns ?? []), ...(row?.uses ?? [])].some((pattern) => matches(name, pattern))
}

const straysFrom = (all: readonly Import[]): readonly Import[] =>
  all.filter(({ file, to, target }) => {
    if (target !== null || VIRTUAL.has(packageOf(to))) return false
    return !mayUse(folderOf(file), isNode(to) ? 'node:*' : packageOf(to))
  })

test('the table names every folder there is, and none twice', () => {
  const folders = new Set(imports.map(({ file }) => folderOf(file)).filter((name) => !name.includes('.')))
  expect([...folders].filter((folder) => !table.has(folder))).toEqual([])
})

test('folders import only along the arrows', () => {
  expect(imports.filter(crosses).map(show)).toEqual([])
})

test('the arrows point down: following them never leads back', () => {
  const below = (folder: string, seen: readonly string[]): readonly string[] =>
    seen.includes(folder)
      ? [[...seen, folder].join(' → ')]
      : (table.get(folder)?.mayImport ?? []).flatMap((next) => below(next, [...seen, folder]))
  expect([...table.keys()].flatMap((folder) => below(folder, []))).toEqual([])
})

test('each outside library is used by its owner, and by those the table names beside', () => {
  expect(straysFrom(imports).map(show)).toEqual([])
})

test('no library has two owners', () => {
  const owned = [...table.values()].flatMap(({ owns }) => owns).filter((name) => name !== 'node:*')
  expect(owned.filter((name, i) => owned.indexOf(name) !== i)).toEqual([])
})

test('one file knows libsodium, and one the encoding', () => {
  const importers = (name: string): readonly string[] => [
    ...new Set(imports.filter(({ to }) => packageOf(to) === name).map(({ file }) => file)),
  ]
  expect(importers('libsodium-wrappers')).toEqual(['src/lib/crypto/sodium.ts'])
  expect(importers('cborg')).toEqual(['src/lib/core/cbor.ts'])
})

test('what runs at the hub could not open anything: it does not even know the words', () => {
  const reached = new Set<string>()
  const follow = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    for (const { target } of imports.filter((one) => one.file === file)) if (target) follow(target)
  }
  follow('src/hub/main.ts')
  const folders = new Set([...reached].map(folderOf))
  expect([...folders].sort()).toEqual(['core', 'hub', 'wire'])
})

test('what runs at a keeper opens nothing: no workspace, no meaning, and none of the words for opening', () => {
  const mine = imports.filter(({ file }) => file.startsWith('src/keeper/'))
  const folders = new Set(mine.flatMap(({ target }) => (target ? [folderOf(target)] : [])))
  expect([...folders].sort()).toEqual(['core', 'crypto', 'feed', 'keeper', 'ledger', 'net', 'sync', 'wire'])
  const opens = /\b(?:openBox|openGrant|openRecord\w*|openWelcome|decapsulate|recordKey|secretKeyFrom)\b/
  const files = [...new Set(mine.map(({ file }) => file))]
  expect(files.filter((file) => opens.test(textOf(file)))).toEqual([])
  expect(opens.test(textOf('src/lib/workspace/replica.ts'))).toBe(true)
})

test('an import of ours names its file whole, without an alias', () => {
  const loose = imports.filter(
    ({ to, target }) => target && (to.startsWith('$') || !/\.(ts|svelte|css|json)(\?|$)/.test(to)),
  )
  expect(loose.map(show)).toEqual([])
})

test('every dependency has an owner, or builds the app', () => {
  const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> }
  const builders = ['@sveltejs/adapter-static', '@sveltejs/vite-plugin-svelte', 'vite']
  const owned = [...table.values()].flatMap(({ owns }) => owns)
  const orphans = Object.keys(dependencies).filter(
    (name) => !builders.includes(name) && !owned.some((pattern) => matches(name, pattern)),
  )
  expect(orphans).toEqual([])
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

test('every dependency has its reason in an ADR, with its exact version', () => {
  const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string>>
  const reasons = textOf('docs/adr/0005-dependencies.md').replaceAll(/ +/g, ' ')
  const missing = Object.entries({ ...manifest['dependencies'], ...manifest['devDependencies'] }).filter(
    ([name, version]) => !reasons.includes(`| \`${name}\` ${version} |`),
  )
  expect(missing).toEqual([])
})

test('these tests see what they look for', () => {
  const text = `import sodium from 'libsodium-wrappers'
    /* from 'nowhere' */
    const lazy = import('../workspace/space.ts')
    import url from './worker.ts?worker&url'
    import { readFile } from 'fs'`
  const planted = importsIn('src/lib/wire/planted.ts', text)
  expect(planted.map(({ to }) => to)).toEqual([
    'libsodium-wrappers',
    '../workspace/space.ts',
    './worker.ts?worker&url',
    'fs',
  ])
  expect(planted.filter(crosses).map(({ to }) => to)).toEqual(['../workspace/space.ts'])
  expect(straysFrom(planted).map(({ to }) => to)).toEqual(['libsodium-wrappers', 'fs'])
})
