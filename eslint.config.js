import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

/** A file that only passes on what others hold hides who uses what, and draws whole folders into a bundle. */
const noBarrels = [
  { selector: 'ExportAllDeclaration', message: 'No barrel files: import the file that has it.' },
  { selector: 'ExportNamedDeclaration[source]', message: 'No barrel files: import the file that has it.' },
]

const erasableOnly = [
  { selector: 'TSEnumDeclaration', message: 'A union of strings says the same and is erased.' },
  { selector: 'TSModuleDeclaration[kind="namespace"]', message: 'A file is a namespace.' },
]

export default ts.config(
  {
    ignores: ['.svelte-kit/', 'build/', 'dist/', 'node_modules/', 'test-results/', 'tests/vectors/'],
  },
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    languageOptions: {
      globals: { ...globals.browser, ...globals.node },
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js'] },
        extraFileExtensions: ['.svelte'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-syntax': ['error', ...noBarrels, ...erasableOnly],
      'no-console': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'off',
      eqeqeq: 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',

      // Where the strict set and this house differ:
      // `!` after a length or a `has` is how hot byte loops read under noUncheckedIndexedAccess.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Numbers in messages are what they look like.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => void doIt()` is how a callback says that it gives nothing back.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-meaningless-void-operator': 'off',
      // Ports are written as methods, and arrow functions that do nothing are the undoing of nothing.
      '@typescript-eslint/no-empty-function': 'off',
      // Hostile bytes are checked at run time whatever the type says of them.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // tsc says it already.
      '@typescript-eslint/no-unused-vars': 'off',
      // What our functions hand out are closures: `this` plays no part in them.
      '@typescript-eslint/unbound-method': 'off',
      // A port promises; an implementation in memory has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // A parser says by a type parameter which brand it makes.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Formats count in code points on purpose.
      '@typescript-eslint/no-misused-spread': 'off',
      // A Y.Text has a `toString` of its own that its type hides; hex tables are indexed by bytes.
      '@typescript-eslint/no-base-to-string': 'off',
      '@typescript-eslint/restrict-plus-operands': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      'svelte/no-target-blank': 'error',
    },
  },
  // They speak to a terminal, and are not part of the typed project.
  {
    files: ['scripts/**', '*.config.js', 'tests/bench/**'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.mjs', '**/*.js', '**/*.d.mts', 'src/service-worker.ts'], ...ts.configs.disableTypeChecked },
  { files: ['src/hub/main.ts', 'src/keeper/main.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['tests/**'],
    rules: {
      // A test may hold a broken value on purpose, and says so with a cast.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
)
