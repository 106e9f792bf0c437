import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect } from '@playwright/test'
import type { Machine } from '../lan/lan.ts'

/** A hub of ours on this machine, as `npm start` runs it. */
export type HubProcess = {
  readonly address: string
  /** Ends it as Ctrl-C does, and waits until it is gone. Asked again it changes nothing. */
  end(): Promise<void>
}

/** Resolves when it answers. `args`: what stands behind `npm start --`. */
export const startHub = async (port: number, args: readonly string[] = []): Promise<HubProcess> => {
  const hub = spawn(process.execPath, ['dist/hub/main.js', ...args], {
    env: { ...process.env, PORT: String(port) },
  })
  const ended = once(hub, 'exit')
  const address = `http://127.0.0.1:${port}`
  await expect(async () => expect((await fetch(address)).ok).toBe(true)).toPass({ timeout: 60_000 })
  return {
    address,
    end: async () => {
      if (hub.exitCode === null) hub.kill('SIGTERM')
      await ended
    },
  }
}

/** What a hub for a room shows on its terminal: its code as squares, `true` is dark, and as text. */
export type RoomHub = {
  readonly drawn: readonly (readonly boolean[])[]
  readonly text: string
  end(): Promise<void>
}

/** `npm start -- --lan` on a machine of a wifi (tests/lan). `folder`: where it keeps its certificate. */
export const startRoomHub = async (machine: Machine, folder: string): Promise<RoomHub> => {
  const hub = machine.run(process.execPath, ['dist/hub/main.js', '--lan'], {
    env: { ...process.env, PORT: '', LUMBRE_HUB_STATE: join(folder, 'state') },
  })
  const { stdout, stderr } = hub
  const ended = once(hub, 'exit')
  let said = ''
  stderr!.on('data', (chunk: Buffer) => process.stdout.write(chunk))
  stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect(() => expect(said).toContain('This hub reads nothing')).toPass({ timeout: 60_000 })
  expect(said).toContain(`http://${machine.address}:4173/`)
  return {
    drawn: squaresOf(said),
    text: /or pastes this:\s+([A-Z2-7 ]+)/.exec(said)![1]!.trim(),
    end: async () => {
      hub.kill('SIGTERM')
      await ended
    },
  }
}

/** Reads the drawing as an eye would. */
const squaresOf = (said: string): RoomHub['drawn'] =>
  said
    .split('\n')
    .filter((line) => line.includes('▀'))
    .flatMap((line) => {
      const squares = [...line.matchAll(/\x1b\[(30|97);(40|107)m▀/g)]
      return [squares.map(([, upper]) => upper === '30'), squares.map(([, , lower]) => lower === '40')]
    })
