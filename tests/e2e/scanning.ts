import { expect, type Locator } from '@playwright/test'
import type { RoomHub } from './hub-process.ts'
import type { Phone } from './phone.ts'

export const opensEncounter = async (phone: Phone): Promise<void> => {
  await phone.goes('Colectivo')
  await phone.tap('Encontrarse aquí, sin internet')
}

export const codeOn = (phone: Phone): Locator =>
  phone.page.getByRole('img', { name: 'Código para leer con la cámara' })

/** Shows a code and looks for one. */
export const raisesCamera = async (phone: Phone): Promise<void> => {
  await opensEncounter(phone)
  await phone.looksThroughScreen()
  await phone.tap('Usar la cámara')
  await expect(codeOn(phone)).toBeVisible()
}

/** Each shows a code and holds it before the other’s camera. */
export const scanEachOther = async (one: Phone, other: Phone): Promise<void> => {
  for (const phone of [one, other]) await raisesCamera(phone)
  await other.holdsBeforeCameraOf(one)
  await one.sees('Ahora falta que el otro teléfono lea el tuyo')
  await one.holdsBeforeCameraOf(other)
  await areLinked(one, other)
}

/** Only `seeing` has a camera: it scans the other’s code, and its own is told to the other by hand. */
export const scanAndPaste = async (seeing: Phone, without: Phone): Promise<void> => {
  await raisesCamera(seeing)
  await opensEncounter(without)
  await without.tap('Seguir sin cámara')
  await expect(codeOn(without)).toBeVisible()
  await without.holdsBeforeCameraOf(seeing)
  await seeing.sees('Ahora falta que el otro teléfono lea el tuyo')
  const code = await seeing.shownCode()
  await without.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(code)
  await without.tap('Usar este código')
  await areLinked(seeing, without)
}

/** Nobody looks through a camera: each code is told to the other by hand. */
export const pasteEachOther = async (one: Phone, other: Phone): Promise<void> => {
  const codes: string[] = []
  for (const phone of [one, other]) {
    await opensEncounter(phone)
    await phone.tap('Seguir sin cámara')
    await expect(codeOn(phone)).toBeVisible({ timeout: 60_000 })
    codes.push(await phone.shownCode())
  }
  for (const [phone, code] of [
    [one, codes[1]!],
    [other, codes[0]!],
  ] as const) {
    await phone.page.getByRole('textbox', { name: 'Código del otro teléfono' }).fill(code)
    await phone.tap('Usar este código')
  }
  await areLinked(one, other)
}

/** Nobody looks through a camera and nothing is copied: each reads its code aloud, and the other types it line by line. */
export const readToEachOther = async (one: Phone, other: Phone): Promise<void> => {
  const lines: (readonly string[])[] = []
  for (const phone of [one, other]) {
    await opensEncounter(phone)
    await phone.tap('Seguir sin cámara')
    await expect(codeOn(phone)).toBeVisible({ timeout: 60_000 })
    lines.push(await phone.readsAloud())
  }
  const [ofOne, ofOther] = lines as [readonly string[], readonly string[]]
  // One word is misheard: it says so at once, and only that line is typed again.
  await typesLines(one, [ofOther[0]!, ofOther[0]!])
  await one.sees('La línea 2 no coincide. Pide que te la lean otra vez.')
  await typesLines(one, ofOther.slice(1))
  await one.sees('Ahora falta que el otro teléfono lea el tuyo')
  await typesLines(other, ofOne)
  await areLinked(one, other)
}

/** As a tired person does: four letters of each word, without accents. */
const typesLines = async (phone: Phone, lines: readonly string[]): Promise<void> => {
  const field = phone.page.getByRole('textbox', { name: 'Código del otro teléfono' })
  for (const line of lines) {
    await field.fill('')
    await field.pressSequentially(
      `${line
        .split(' ')
        .map((word) => word.normalize('NFD').replace(/\p{M}/gu, '').slice(0, 4))
        .join(' ')} `,
    )
  }
}

export const areLinked = async (one: Phone, other: Phone): Promise<void> => {
  await one.sees(`Este teléfono y el de ${other.name} ya están conectados`, { within: 60_000 })
  await other.sees(`Este teléfono y el de ${one.name} ya están conectados`, { within: 60_000 })
}

/** One scan of what a hub in the room shows on its terminal. */
export const scanHub = async (phone: Phone, hub: RoomHub): Promise<void> => {
  await opensEncounter(phone)
  await filmHub(phone, hub)
}

/** The same, wherever codes are read. */
export const filmHub = async (phone: Phone, { drawn }: RoomHub): Promise<void> => {
  await phone.looksThroughScreen()
  await phone.tap('Usar la cámara')
  await expect(phone.page.getByLabel('Lo que ve la cámara')).toBeVisible()
  await holdTerminalBeforeCameraOf(phone, drawn)
  await phone.sees('Este teléfono está conectado a la computadora')
}

const holdTerminalBeforeCameraOf = (phone: Phone, squares: RoomHub['drawn']): Promise<void> =>
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

/** Where a connection of this page could be reached, as its browser says. */
export const addressesOf = (phone: Phone): Promise<readonly string[]> =>
  phone.page.evaluate(async () => {
    const connection = new RTCPeerConnection()
    connection.createDataChannel('')
    await connection.setLocalDescription()
    while (connection.iceGatheringState !== 'complete')
      await new Promise((resolve) => (connection.onicegatheringstatechange = resolve))
    const sdp = connection.localDescription!.sdp
    connection.close()
    return [...sdp.matchAll(/^a=candidate:\S+ 1 \S+ \d+ (\S+) /gim)].map(([, host]) => host!)
  })
