// `npm start`: installs and builds what is missing, then runs the hub in this process' place. `npm start -- --lan`: a hub
// for everybody in the room. Arguments are passed on.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { build, checkNode, install, root } from './house.mjs'

checkNode()
await install()
await build()

const hub = spawn(process.execPath, [join(root, 'dist/hub/main.js'), ...process.argv.slice(2)], {
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to both processes; `kill` only to this one. The hub stops at the first and ignores the second.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => hub.kill(signal))
hub.on('close', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))
