import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export type Import = {
  /** From the root of the repository: `src/lib/crypto/seal.ts`. */
  readonly file: string
  /** As it is written. */
  readonly to: string
  /** The file it names, for an import of ours; `null` for a library. */
  readonly target: string | null
  /** Erased before anything runs. */
  readonly typesOnly: boolean
}

/** Every file under a folder with one of these endings, by path from the root of the repository. */
export const filesUnder = (folder: string, ...endings: readonly string[]): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name).replaceAll('\\', '/'))
    .sort()

export const textOf = (file: string): string => readFileSync(file, 'utf8')

/** What `text` imports, statically, lazily, for types alone, or as the address of a worker. */
export const importsIn = (file: string, text: string): readonly Import[] =>
  [...withoutComments(text).matchAll(IMPORT)].map(([whole, ...names]) => {
    const to = names.find((name) => name !== undefined) ?? ''
    return { file, to, target: targetOf(file, to), typesOnly: /^import\s+type\b/.test(whole) }
  })

const IMPORT = new RegExp(
  [
    /\bimport\s+type\b[^'"]*\bfrom\s+['"]([^'"]+)['"]/, // for types
    /(?<!['"])\b(?:from|import)\s+['"]([^'"]+)['"]/, // for values
    /\bimport\s*\(\s*['"]([^'"]+)['"]/, // when needed
    /\bnew URL\(\s*['"](\.[^'"]+\.ts)['"]/, // as an address
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
)

/** All imports of everything under src/. */
export const allImports = (): readonly Import[] =>
  filesUnder('src', '.ts', '.svelte').flatMap((file) => importsIn(file, textOf(file)))

const targetOf = (file: string, to: string): string | null => {
  if (to.startsWith('$lib/')) return `src/lib/${to.slice(5)}`
  if (!to.startsWith('.')) return null
  return normalize(join(dirname(file), to.replace(/\?.*$/, ''))).replaceAll('\\', '/')
}

/** Prose may say `from 'here'`. Whole lines only: a `//` inside a line may be part of an address. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->|^\s*\/\/.*$/gm, '')

/** `src/lib/crypto/seal.ts` → `crypto`, `src/hub/main.ts` → `hub`; a file of src/ itself is its own folder. */
export const folderOf = (file: string): string => /^src\/(?:lib\/)?([^/]+)/.exec(file)?.[1] ?? file

/** `@scure/bip39/wordlists/english.js` → `@scure/bip39`, `y-protocols/awareness` → `y-protocols`. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
