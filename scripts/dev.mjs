// `npm run dev`: the app with hot reload, in front of a real hub for the mailboxes.
import { spawn } from 'node:child_process'
import { build, checkNode, install, root } from './house.mjs'

const HUB_PORT = '4273'

process.chdir(root)
checkNode()
await install()
await build()

const hub = spawn(process.execPath, ['dist/hub/main.js'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PORT: HUB_PORT },
})
const { createServer } = await import('vite')
const vite = await createServer({
  server: { proxy: { '/post': { target: `ws://127.0.0.1:${HUB_PORT}`, ws: true } } },
})
await vite.listen()
vite.printUrls()

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    hub.kill()
    void vite.close().then(() => process.exit(0))
  })
