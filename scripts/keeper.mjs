// `npm run keeper`: installs and builds what is missing, then runs the keeper in this process' place.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { buildKeeper, checkNode, install, root } from './house.mjs'

checkNode()
await install()
await buildKeeper()

const keeper = spawn(process.execPath, [join(root, 'dist/keeper/main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to both processes; `kill` only to this one. The keeper stops at the first and ignores the second.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => keeper.kill(signal))
keeper.on('close', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
