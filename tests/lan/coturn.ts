import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import type { Machine } from './lan.ts'

/** Why there can be no coturn here, in one sentence, or `null`. `npm test` installs it where it runs as root. */
export const whyNoCoturn = (): string | null =>
  spawnSync('turnserver', ['--help']).error ? 'there is no `turnserver` (coturn) here' : null

/** Known to coturn and to whoever makes accesses for the collective. */
const SECRET = 'only for this test'

/** Asks for its own address (STUN, RFC 8489) until somebody answers: coturn does not say when it is ready. */
const PROBE = `
  const udp = require('dgram').createSocket('udp4')
  const ask = Buffer.concat([Buffer.from('000100002112a442', 'hex'), require('crypto').randomBytes(12)])
  udp.on('message', () => process.exit()).on('error', () => {})
  setInterval(() => udp.send(ask, 3478, process.argv[1]), 100)
`

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
    { stdio: 'ignore' },
  )
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('coturn ended before it answered')))
  const probe = machine.run(process.execPath, ['-e', PROBE, machine.address], { stdio: 'ignore' })
  await Promise.race([once(probe, 'exit'), ended])
  ended.catch(() => {}) // later, when the wifi is closed
  return { url: `turn:${machine.address}:3478` }
}
