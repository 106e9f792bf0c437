import { runTool } from './house.mjs'

/** What is checked by reading the sources alone. Each `run` resolves to an exit code. */
export const checks = [
  {
    name: 'types',
    run: () =>
      runTool('svelte-check/bin/svelte-check', ['--tsconfig', './tsconfig.json', '--fail-on-warnings']),
  },
  {
    name: 'types of the service worker',
    run: () => runTool('typescript/bin/tsc', ['--noEmit', '-p', 'src/tsconfig.service-worker.json']),
  },
  { name: 'lint', run: () => runTool('eslint/bin/eslint.js', ['.', '--max-warnings', '0']) },
  {
    name: 'format',
    run: () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.']),
  },
]
