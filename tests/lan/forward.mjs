// Stands in one namespace: 127.0.0.1:PORT there leads to a socket file, which all namespaces of one machine share.
// node forward.mjs PORT SOCKET. Says "ready" when it listens.
import { connect, createServer } from 'node:net'

const [port, path] = process.argv.slice(2)
createServer((near) => {
  const far = connect(path)
  near.on('error', () => far.destroy()).on('close', () => far.destroy())
  far.on('error', () => near.destroy()).on('close', () => near.destroy())
  near.pipe(far).pipe(near)
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready'))
