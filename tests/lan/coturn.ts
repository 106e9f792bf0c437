import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import type { Machine } from './lan.ts'

/** Why there can be no coturn here, in one sentence, or `null`. `npm test` installs it where it runs as root. */
export const whyNoCoturn = (): string | null =>
  spawnSync('turnserver', ['--help']).error ? 'there is no `turnserver` (coturn) here' : null

/** Known to coturn and to whoever makes accesses for the collective. */
const SECRET = 'only for this test'

/** As docs/guide/turn.en.md says: a name that ends with the day it names, and its key. Seconds since 1970. */
export const accessUntil = (expires: number): { readonly username: string; readonly credential: string } => {
  const username = `${expires}:lumbre`
  return { username, credential: createHmac('sha1', SECRET).update(username).digest('base64') }
}

/** Debian’s coturn on this machine, as docs/guide/turn.en.md sets it up but for TLS and a name. Ends with the wifi. */
export const startCoturn = async (machine: Machine, folder: string): Promise<{ readonly url: string }> => {
  const child = machine.run(
    'turnserver',
    [
      '-n', // no file of settings
      '--use-auth-secret',
      `--static-auth-secret=${SECRET}`,
      '--realm=lumbre.test',
      `--listening-ip=${machine.address}`,
      `--relay-ip=${machine.address}`,
      '--listening-port=3478',
      '--no-tls',
      '--no-dtls',
      '--no-cli',
      '--no-multicast-peers',
      '--log-file=stdout',
      `--userdb=${folder}/turndb`,
      `--pidfile=${folder}/turnserver.pid`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let said = ''
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString()
      if (/UDP listener opened on/i.test(said)) resolve()
    }
    child.stdout!.on('data', hear)
    child.stderr!.on('data', hear)
    child.on('exit', () => reject(new Error(`coturn did not start: ${said.slice(-500)}`)))
  })
  return { url: `turn:${machine.address}:3478` }
}
