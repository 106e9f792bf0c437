// `npm run bench`: bundles tests/bench/run.ts (Node 20 does not read TypeScript) and runs it. Arguments are passed on.
import { build, checkNode, install, root, run, runTool, stopUnless } from './house.mjs'

checkNode()
await install()
await build()
stopUnless(
  await runTool(
    'vite/bin/vite.js',
    ['build', '--config', 'vite.hub.config.ts', '--ssr', 'tests/bench/run.ts', '--outDir', 'dist/bench'],
    { quiet: true },
  ),
  'Bundling the benches failed: see above.',
)
process.chdir(root)
process.exitCode = await run(process.execPath, ['--expose-gc', 'dist/bench/run.js', ...process.argv.slice(2)])
