import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { createLan, whyNoLan, type Lan, type Machine } from '../lan/lan.ts'
import { Phone } from './phone.ts'

const why = whyNoLan()
if (why) process.stdout.write(`skipped: hubs in a wifi of namespaces, because ${why}\n`)
test.skip(why !== null, why ?? '')

/** Where the app comes from before the gathering. */
const PORT = Number(process.env['E2E_PORT'] ?? 4180) + 2
const ADDRESS = `http://127.0.0.1:${PORT}`

let lan: Lan
let folder: string
let internetHub: ChildProcess
const phones: Phone[] = []

test.beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lumbre-room-'))
  internetHub = spawn(process.execPath, ['dist/hub/main.js'], { env: { ...process.env, PORT: String(PORT) } })
  await expect(async () => expect((await fetch(ADDRESS)).ok).toBe(true)).toPass({ timeout: 10_000 })
  lan = createLan()
})

test.afterEach(async ({}, testInfo) => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus) {
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
      process.stdout.write(`${phone.complaints.join('\n')}\n`)
    }
    await phone.close()
    phone.forget()
  }
  await lan.close()
  internetHub.kill('SIGTERM')
  if (internetHub.exitCode === null) await once(internetHub, 'exit')
  rmSync(folder, { recursive: true, force: true })
})

/** `npm start -- --lan` on a machine of the wifi. Resolves to what it draws on its terminal. */
const hubOn = async (machine: Machine): Promise<{ drawn: readonly (readonly boolean[])[]; text: string }> => {
  const { stdout, stderr } = machine.run(process.execPath, ['dist/hub/main.js', '--lan'], {
    env: { ...process.env, PORT: '', LUMBRE_HUB_STATE: join(folder, 'state') },
  })
  let said = ''
  stderr!.on('data', (chunk: Buffer) => process.stdout.write(chunk))
  stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await expect(() => expect(said).toContain('This hub reads nothing')).toPass({ timeout: 10_000 })
  expect(said).toContain(`http://${machine.address}:4173/`)
  const text = /or pastes this:\s+([A-Z2-7 ]+)/.exec(said)![1]!.trim()
  return { drawn: squaresOf(said), text }
}

/** Reads the drawing as an eye would: `true` is dark. */
const squaresOf = (said: string): readonly (readonly boolean[])[] =>
  said
    .split('\n')
    .filter((line) => line.includes('▀'))
    .flatMap((line) => {
      const squares = [...line.matchAll(/\x1b\[(30|97);(40|107)m▀/g)]
      return [squares.map(([, upper]) => upper === '30'), squares.map(([, , lower]) => lower === '40')]
    })

const holdsTerminalBeforeCameraOf = (phone: Phone, squares: readonly (readonly boolean[])[]): Promise<void> =>
  phone.page.evaluate((rows) => {
    const { lens } = globalThis as unknown as { lens: HTMLCanvasElement }
    const context = lens.getContext('2d')!
    context.fillStyle = '#444'
    context.fillRect(0, 0, lens.width, lens.height)
    context.translate(320, 240)
    context.rotate(-0.08)
    const size = 400 / rows.length
    for (const [y, row] of rows.entries())
      for (const [x, dark] of row.entries()) {
        context.fillStyle = dark ? '#000' : '#fff'
        context.fillRect(x * size - 200, y * size - 200, size + 0.5, size + 0.5)
      }
    context.resetTransform()
  }, squares)

const arrive = async (name: string, machine: Machine, address = ADDRESS): Promise<Phone> => {
  const phone = await Phone.of(name, address, machine.chromium)
  phones.push(phone)
  return phone
}

/** Founds while the internet is there, with a phone on each machine. */
const found = async (names: readonly string[], machines: readonly Machine[]): Promise<readonly Phone[]> => {
  await lan.internet('there', { port: PORT })
  const host = await arrive(names[0]!, machines[0]!)
  await host.lightsNotebook('Cuaderno')
  await host.goes('Colectivo')
  await host.tap('Fundar un colectivo')
  await host.field('Nombre del colectivo').fill('Las Tres Vertientes')
  await host.tap('Empezar')
  const link = await host.field('Enlace para tu equipo').inputValue()
  for (const [i, name] of names.entries()) {
    if (i === 0) continue
    const guest = await arrive(name, machines[i]!, link)
    await guest.followsInvitation()
    await guest.words()
    const row = host.page.getByRole('listitem').filter({ hasText: name })
    await row.getByRole('button', { name: 'Son las mismas', exact: true }).click()
    await guest.tap('Son las mismas')
  }
  await host.tap('Ya estamos todas las personas')
  for (const phone of phones) await phone.words()
  for (const phone of phones) await phone.tap('Son las mismas, firmar')
  await host.tap('Ir al protocolo')
  for (const guest of phones.slice(1)) await guest.tap('Entrar al cuaderno')
  for (const phone of phones) {
    await phone.goes('Colectivo')
    for (const name of names) await phone.sees(name)
  }
  return phones
}

/** From here on there is only the wifi: each opens the app again from the phone itself. */
const internetGoes = async (): Promise<void> => {
  for (const phone of phones) await phone.keepsTheApp()
  await lan.internet('gone')
  for (const phone of phones) {
    await phone.page.reload()
    await phone.unlocks()
  }
}

const scans = async (phone: Phone, squares: readonly (readonly boolean[])[]): Promise<void> => {
  await phone.goes('Colectivo')
  await phone.looksThroughScreen()
  await phone.tap('Encontrarse aquí, sin internet')
  await phone.tap('Usar la cámara')
  await expect(phone.page.getByLabel('Lo que ve la cámara')).toBeVisible()
  await holdsTerminalBeforeCameraOf(phone, squares)
  await phone.sees('Este teléfono está en el encuentro')
}

test('(c) a hub in the room, no internet: one scan each, and all three see what each writes', async () => {
  test.setTimeout(240_000)
  const machines = [lan.machine(), lan.machine(), lan.machine()]
  const room = lan.machine()
  await found(['Alba', 'Bruna', 'Ceiba'], machines)
  await internetGoes()
  const [alba, bruna, ceiba] = phones as [Phone, Phone, Phone]
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')
  await bruna.goes('Protocolo')
  await expect(bruna.page.getByText('Vamos siempre de a dos.')).toHaveCount(0)

  const hub = await hubOn(room)
  for (const phone of [alba, bruna]) await scans(phone, hub.drawn)
  await test.step('Ceiba’s camera is broken: she pastes the code', async () => {
    await ceiba.goes('Colectivo')
    await ceiba.tap('Encontrarse aquí, sin internet')
    await ceiba.tap('Seguir sin cámara')
    await ceiba.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(hub.text)
    await ceiba.tap('Usar este código')
    await ceiba.sees('Este teléfono está en el encuentro')
  })
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Protocolo')
    await phone.sees('Vamos siempre de a dos.')
  }
  await ceiba.writesArticle('Radio', 'Llamamos al llegar.')
  await alba.goes('Protocolo')
  await alba.sees('Llamamos al llegar.')

  await test.step('Bruna closes the app and opens it again: the hub is found without another scan', async () => {
    await bruna.page.reload()
    await bruna.unlocks()
    await ceiba.writesArticle('Agua', 'Cada quien lleva la suya.')
    await bruna.goes('Protocolo')
    await bruna.sees('Cada quien lleva la suya.')
  })
})

test('(c’) the wifi keeps its guests apart: the hub passes sealed frames from one to the other', async () => {
  test.setTimeout(240_000)
  const machines = [lan.machine(), lan.machine(), lan.machine()]
  const room = lan.machine()
  await found(['Alba', 'Bruna', 'Ceiba'], machines)
  await internetGoes()
  const [alba, bruna, ceiba] = phones as [Phone, Phone, Phone]
  for (const machine of machines) machine.isolate()
  await alba.writesArticle('Retenes', 'Vamos siempre de a dos.')

  const hub = await hubOn(room)
  for (const phone of [alba, bruna, ceiba]) await scans(phone, hub.drawn)
  for (const phone of [bruna, ceiba]) {
    await phone.goes('Protocolo')
    await expect(phone.page.getByText('Vamos siempre de a dos.').first()).toBeVisible({ timeout: 60_000 })
  }
  await bruna.writesArticle('Radio', 'Llamamos al llegar.')
  await alba.goes('Protocolo')
  await alba.sees('Llamamos al llegar.')
})

test('somebody without the app opens the address of the hub: first what that does not protect, then the app', async () => {
  const [room, newcomer] = [lan.machine(), lan.machine()]
  await hubOn(room)
  const phone = await arrive('Drago', newcomer, `http://${room.address}:4173/#/ayuda`)
  await phone.sees('Esta dirección no va cifrada.')
  await phone.sees('Nada se guarda.')
  await phone.page.getByRole('link', { name: 'Entrar de todos modos' }).click()
  await expect(phone.page).toHaveURL(`http://${room.address}:4173/index.html#/ayuda`)
  await expect(phone.page.locator('#app h1')).toBeVisible()
  // Chromium says that plain http cannot keep other windows apart. We say so too.
  expect(phone.complaints.filter((complaint) => !complaint.includes('Cross-Origin-Opener-Policy'))).toEqual(
    [],
  )
})
