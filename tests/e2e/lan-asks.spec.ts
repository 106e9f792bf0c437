import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { createLan, whyNoLan, type Lan, type Machine } from '../lan/lan.ts'
import { filmCode } from './fake-camera.ts'
import { closePhones, foundAt, strangeComplaints } from './founding.ts'
import { startHub, startRoomHub, type HubProcess, type RoomHub } from './hub-process.ts'
import type { Phone } from './phone.ts'
import { opensEncounter } from './scanning.ts'

/**
 * What a phone has to be asked for at a gathering, the camera and the local network, with the browser’s own camera and the
 * browser’s own refusals: nothing of the page is replaced.
 */
const why = whyNoLan()
if (why)
  process.stdout.write(`skipped: what a browser asks and refuses in a wifi of namespaces, because ${why}\n`)
test.skip(why !== null, why ?? '')
test.describe.configure({ mode: 'serial', timeout: 240_000 })

/** Where the app comes from before the gathering. */
const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2

let lan: Lan
let folder: string
let internetHub: HubProcess
let roomHub: RoomHub
let all: readonly [Phone, Phone, Phone]
const phones: Phone[] = []

/** The Chromium of a machine, with some switches more. */
const withSwitches = ({ chromium }: Machine, name: string, switches: readonly string[]): string => {
  const path = join(folder, name)
  const quoted = switches.map((one) => `'${one}'`).join(' ')
  writeFileSync(path, `#!/bin/sh\nexec '${chromium}' ${quoted} "$@"\n`, { mode: 0o755 })
  return path
}

test.beforeAll(async () => {
  test.setTimeout(300_000)
  folder = mkdtempSync(join(tmpdir(), 'lumbre-room-'))
  internetHub = await startHub(PORT)
  lan = createLan()
  const machines = [lan.machine(), lan.machine(), lan.machine()] as const
  roomHub = await startRoomHub(lan.machine(), folder)
  const film = join(folder, 'code.y4m')
  filmCode(film, roomHub.text.replaceAll(' ', ''))
  const camera = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]
  await lan.internet('there', { port: PORT })
  all = await foundAt({
    address: internetHub.address,
    names: ['Alba', 'Bruna', 'Ceiba'],
    phones,
    chromiums: [
      withSwitches(machines[0], 'films', camera),
      withSwitches(machines[1], 'refuses', [...camera, '--deny-permission-prompts']),
      // As if the app had come from a public address: then a browser asks before a page reaches the local network.
      withSwitches(machines[2], 'asks', [
        '--enable-features=LocalNetworkAccessChecks,LocalNetworkAccessChecksWebRTC,LocalNetworkAccessWebRTC',
        `--ip-address-space-overrides=127.0.0.1:${PORT}=public`,
      ]),
    ],
  })
})

test.afterAll(async ({}, testInfo) => {
  await closePhones(phones, testInfo)
  await lan.close()
  await internetHub.end()
  rmSync(folder, { recursive: true, force: true })
})

const stateOf = (phone: Phone, name: string): Promise<string> =>
  phone.page.evaluate(async (asked) => {
    try {
      return (await navigator.permissions.query({ name: asked as PermissionName })).state
    } catch {
      return 'unknown'
    }
  }, name)

test('the camera of the browser films a code that a hand holds up: one scan, and it is let go of at once', async () => {
  const [alba] = all
  await opensEncounter(alba)
  await alba.tap('Usar la cámara')
  await alba.page.evaluate(() => {
    const seen = setInterval(() => {
      const stream = document.querySelector('video')?.srcObject
      if (!(stream instanceof MediaStream)) return
      clearInterval(seen)
      Object.assign(globalThis, { filmed: stream.getVideoTracks()[0] })
    }, 10)
  })
  await alba.sees('Este teléfono está conectado a la computadora', { within: 60_000 })
  const track = await alba.page.evaluate(() => {
    const { filmed } = globalThis as unknown as { filmed?: MediaStreamTrack }
    return filmed ? { label: filmed.label, state: filmed.readyState } : null
  })
  expect(track?.label).toContain('code.y4m')
  expect(track?.state).toBe('ended')
  await expect(alba.page.locator('video')).toHaveCount(0)
})

test('the camera is refused: what to do about it stands there, and the words and the code that is pasted beside it', async () => {
  const [, bruna] = all
  await bruna.context.clearPermissions() // so that the browser asks, and is told no
  await opensEncounter(bruna)
  await bruna.tap('Usar la cámara')
  await bruna.sees('No se pudo usar la cámara. Puedes pegar los códigos, o leerlos en voz alta.')
  await expect(bruna.page.locator('video')).toHaveCount(0)
  await expect(bruna.page.getByText('Leerlo en voz alta')).toBeVisible()
  expect(await bruna.shownCode()).toMatch(/^[A-Z2-7\s]{60,}$/)
  await expect(bruna.button('Copiar mi código')).toBeVisible()
  await bruna.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(roomHub.text.toLowerCase())
  await bruna.tap('Usar este código')
  await bruna.sees('Este teléfono está conectado a la computadora')
})

test('the browser keeps the app from the local network: it says so, and what to do, and not that nobody is there', async () => {
  const [alba, bruna, ceiba] = all
  // Nobody is there, so that it could say so.
  for (const phone of [alba, bruna]) await phone.page.goto('about:blank')
  // The person said yes to the camera, and no to everything else.
  expect(await stateOf(ceiba, 'camera')).toBe('granted')
  expect(await stateOf(ceiba, 'local-network')).toBe('denied')
  await ceiba.opensAgain()
  await opensEncounter(ceiba)
  await ceiba.sees('Este navegador no deja que la app vea el wifi. No es que no haya nadie.')
  await ceiba.sees('Busca «Red local» y permítela.')
  await ceiba.tap('Seguir sin cámara')
  // Here, with her code on the screen and nobody found, is where that sentence has its place.
  await expect(ceiba.button('Dejar de mostrar mi código')).toBeVisible()
  await ceiba.sees('Este navegador no deja que la app vea el wifi. No es que no haya nadie.')
  await expect(ceiba.page.getByText('Todavía no vemos ningún teléfono')).toHaveCount(0)
  await ceiba.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(roomHub.text)
  await ceiba.tap('Usar este código')
  await ceiba.sees('Buscando la computadora que leíste')
  await ceiba.sees('Este navegador no deja que la app vea el wifi. No es que no haya nadie.')

  await test.step('she does what the words say: the hub is found without another scan', async () => {
    await expect(ceiba.page.getByText('Este teléfono está conectado a la computadora')).toHaveCount(0)
    await ceiba.context.grantPermissions(['camera', 'local-network-access'])
    await ceiba.opensAgain()
    await opensEncounter(ceiba)
    await ceiba.sees('Este teléfono está conectado a la computadora', { within: 60_000 })
    await expect(ceiba.page.getByText('Este navegador no deja que la app vea el wifi')).toHaveCount(0)
  })
  expect(strangeComplaints(all)).toEqual([])
})
