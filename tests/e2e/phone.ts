import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  chromium,
  expect,
  type BrowserContext,
  type CDPSession,
  type Locator,
  type Page,
} from '@playwright/test'
import { chromiumFlags, findChromium } from '../../scripts/chromium.mjs'

/** A passphrase none of whose words anybody writes, so that a search for what was written does not find it. */
const PASSPHRASE = 'cuatro piedras junto al fogon'

/**
 * One person's phone: a Chromium process of its own with a profile of its own, driven as a person would, by what is
 * written on the screen.
 */
export class Phone {
  static readonly passphrase = PASSPHRASE
  readonly name: string
  readonly context: BrowserContext
  readonly page: Page
  readonly profile: string
  readonly #cdp: CDPSession
  /** Anything the page complained of: errors, and whatever its policy blocked. */
  readonly complaints: string[] = []

  private constructor(of: {
    name: string
    context: BrowserContext
    page: Page
    profile: string
    cdp: CDPSession
  }) {
    this.name = of.name
    this.context = of.context
    this.page = of.page
    this.profile = of.profile
    this.#cdp = of.cdp
    this.page.on('pageerror', (error) => this.complaints.push(`${of.name}: ${error.message}`))
    this.page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${of.name}: ${message.text()}`)
    })
  }

  /**
   * A new phone that opens the app at `address`: its start page, or a link somebody sent. `executablePath`: which
   * Chromium, if it is to run in a network of its own (tests/lan).
   */
  static async of(name: string, address: string, executablePath = findChromium()): Promise<Phone> {
    const profile = mkdtempSync(join(tmpdir(), 'lumbre-phone-'))
    const context = await chromium.launchPersistentContext(profile, {
      ...(executablePath ? { executablePath } : {}),
      args: [...chromiumFlags],
      viewport: { width: 360, height: 740 },
      locale: 'es-MX',
      // As after scanning a code: real addresses on the local network, no multicast needed.
      permissions: ['camera'],
    })
    context.setDefaultTimeout(20_000)
    const page = context.pages()[0] ?? (await context.newPage())
    const cdp = await context.newCDPSession(page)
    const phone = new Phone({ name, context, page, profile, cdp })
    // Conditions reach WebRTC only when some were set before its connections are made.
    await cdp.send('Network.enable')
    await phone.network('there')
    await phone.page.goto(address)
    return phone
  }

  /** Takes the network away, from pages and from links between devices alike, or gives it back. */
  async network(state: 'there' | 'gone'): Promise<void> {
    await this.#cdp.send('Network.emulateNetworkConditions', {
      offline: state === 'gone',
      latency: 0.5,
      downloadThroughput: 1e9,
      uploadThroughput: 1e9,
    })
  }

  /** Ends the browser; what it wrote stays until `forget`. */
  async close(): Promise<void> {
    await this.context.close()
  }

  forget(): void {
    rmSync(this.profile, { recursive: true, force: true })
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' })
  }

  field(label: string): Locator {
    return this.page.getByLabel(label, { exact: true })
  }

  /** Whatever can be tapped under this name: a button, or a link that leads somewhere. */
  async tap(name: string | RegExp): Promise<void> {
    const exact = typeof name === 'string'
    await this.button(name).or(this.page.getByRole('link', { name, exact })).first().click()
  }

  /** First use: chooses the phrase that opens this phone's notebook. */
  async choosesPhrase(): Promise<void> {
    await this.field('Tu frase').fill(PASSPHRASE)
    await this.tap('Guardar mi frase')
  }

  async lightsNotebook(title: string): Promise<void> {
    await this.tap(/^Crear/)
    await this.choosesPhrase()
    await this.field('Nombre del cuaderno').fill(title)
    await this.field('Para qué es').fill('Cuidar el agua entre todas')
    await this.field('Tu nombre').fill(this.name)
    await this.tap('Crear cuaderno')
    await this.sees('Escribir el primero')
  }

  async locks(): Promise<void> {
    await this.tap('Cerrar con llave')
    await expect(this.field('Frase')).toBeVisible()
  }

  async unlocks(): Promise<void> {
    await this.field('Frase').fill(PASSPHRASE)
    await this.tap('Abrir')
    await expect(this.page.getByRole('link', { name: 'Protocolo' }).first()).toBeVisible()
  }

  /** Has opened an invitation: chooses a phrase and gives a name. */
  async followsInvitation(): Promise<void> {
    await this.tap('Continuar')
    await this.choosesPhrase()
    await this.field('Tu nombre').fill(this.name)
    await this.tap('Entrar')
  }

  /** The app is on the phone itself from here on: it opens without whoever served it. */
  async keepsTheApp(): Promise<void> {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
  }

  /** From here on the camera sees what `holdsBeforeCameraOf` holds up: a canvas in place of a lens. */
  async looksThroughScreen(): Promise<void> {
    await this.page.evaluate(() => {
      const canvas = document.createElement('canvas')
      canvas.width = 640
      canvas.height = 480
      canvas.id = 'lens'
      canvas.getContext('2d')!.fillRect(0, 0, 640, 480)
      Object.assign(globalThis, { lens: canvas })
      navigator.mediaDevices.getUserMedia = () => Promise.resolve(canvas.captureStream(15))
    })
  }

  /** Shows the code on this screen to another phone’s camera, a little askew and off centre, as hands do. */
  async holdsBeforeCameraOf(other: Phone): Promise<void> {
    const picture = await this.page
      .getByRole('img', { name: 'Código para leer con la cámara' })
      .screenshot({ type: 'png' })
    await other.page.evaluate(
      async (bytes) => {
        const { lens } = globalThis as unknown as { lens: HTMLCanvasElement }
        const image = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }))
        const context = lens.getContext('2d')!
        context.fillStyle = '#777'
        context.fillRect(0, 0, lens.width, lens.height)
        context.translate(330, 235)
        context.rotate(0.12)
        context.drawImage(image, -200, -200, 400, 400)
        context.resetTransform()
      },
      [...picture],
    )
  }

  async goes(section: 'Protocolo' | 'Registro' | 'Colectivo'): Promise<void> {
    await this.page.getByRole('link', { name: section, exact: true }).first().click()
  }

  async writesArticle(title: string, ...paragraphs: readonly string[]): Promise<void> {
    await this.goes('Protocolo')
    await this.button(/Escribir el primero|^Artículo$/)
      .first()
      .click()
    await this.field('Título').fill(title)
    await this.writes(paragraphs.join('\n'))
    await this.tap('Leer')
    for (const text of paragraphs) await this.sees(text)
  }

  /** Begins an article and stays in it. */
  async addsArticle(title: string): Promise<void> {
    await this.goes('Protocolo')
    await this.tap('Artículo')
    await this.field('Título').fill(title)
    await expect(this.text).toBeVisible()
  }

  /** The text under the person's hands. */
  get text(): Locator {
    return this.page.locator('.ProseMirror')
  }

  async opensArticle(title: string): Promise<void> {
    await this.goes('Protocolo')
    await this.page.getByRole('link', { name: title }).first().click()
    await this.tap('Escribir')
    await expect(this.text).toBeVisible()
  }

  /** Types at the end, key by key, as people do. */
  async writes(text: string): Promise<void> {
    await this.text.click()
    await this.page.keyboard.press('Control+End')
    await this.page.keyboard.type(text)
  }

  /** Puts the cursor at the end of a paragraph, counted from 0, and looks whether it stands there, as a person would. */
  async putsCursorIn(paragraph: number): Promise<void> {
    await expect(async () => {
      await this.text.locator('> *').nth(paragraph).click()
      await this.page.keyboard.press('End')
      const stands = await this.text.evaluate((element) => {
        const node = getSelection()?.anchorNode ?? null
        return [...element.children].findIndex((block) => block.contains(node))
      })
      expect(stands).toBe(paragraph)
    }).toPass({ timeout: 10_000 })
  }

  /** Types at the end of a paragraph, counted from 0. */
  async writesIn(paragraph: number, text: string): Promise<void> {
    await this.putsCursorIn(paragraph)
    await this.page.keyboard.type(text)
  }

  /** What the article says, without the flags of others' cursors in it. */
  reads(): Promise<string> {
    return this.text.evaluate((element) => {
      const copy = element.cloneNode(true) as HTMLElement
      copy.querySelectorAll('.remote-cursor').forEach((cursor) => cursor.remove())
      return [...copy.children].map((block) => block.textContent).join('\n')
    })
  }

  /** Pastes at the end without the system's clipboard, which all phones of this machine share. */
  async pastes(text: string): Promise<void> {
    await this.text.click()
    await this.page.keyboard.press('Control+End')
    await this.text.evaluate((element, pasted) => {
      const data = new DataTransfer()
      data.setData('text/plain', pasted)
      element.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      )
    }, text)
  }

  async addsThreat(title: string): Promise<void> {
    await this.goes('Registro')
    await this.field('¿Qué les amenaza?').fill(title)
    await this.tap('Agregar')
    await this.sees(title)
  }

  async sees(text: string | RegExp): Promise<void> {
    await expect(this.page.getByText(text).filter({ visible: true }).first()).toBeVisible()
  }

  /** The four words on the screen, read aloud. */
  async words(): Promise<string> {
    const list = this.page.getByRole('list', { name: 'Palabras para comparar' }).first()
    await expect(list).toBeVisible()
    return (await list.getByRole('listitem').allInnerTexts())
      .map((word) => word.replace(/^\d+\W*/, '').trim())
      .join(' ')
  }

  /**
   * Every collective, member, device, feed and epoch id the app holds in memory just now, as hex, read from its heap from
   * outside: the keys of the maps of the ledger's state, known by what their values have.
   */
  async idsInMemory(): Promise<readonly string[]> {
    const { result } = await this.#cdp.send('Runtime.evaluate', { expression: 'Map.prototype' })
    const { objects } = await this.#cdp.send('Runtime.queryObjects', { prototypeObjectId: result.objectId! })
    const { result: found } = await this.#cdp.send('Runtime.callFunctionOn', {
      objectId: objects.objectId!,
      functionDeclaration: `function () {
        const ids = new Set()
        for (const map of this)
          for (const [key, value] of map) {
            if (typeof value !== 'object' || value === null || typeof key !== 'string') continue
            if ('yClient' in value || 'boxRoot' in value || ('founder' in value && 'votes' in value)) ids.add(key)
            if ('grantedBy' in value && 'standing' in value) ids.add(key).add(value.grantedBy)
          }
        return [...ids].filter((id) => /^[0-9a-f]+$/.test(id))
      }`,
      returnByValue: true,
    })
    return found.value as readonly string[]
  }

  /** Does what the app must never do: writes words and an id in the clear, to the disk and through the hub. */
  async plants(words: string, id: string): Promise<void> {
    await this.page.evaluate(
      async ([text, hex]) => {
        const raw = Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16))
        await new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open('planted')
          opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
          opening.onerror = () => reject(new Error('no database'))
          opening.onsuccess = () => {
            const tx = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
            tx.objectStore('rows').put({ text, raw }, 'row')
            tx.oncomplete = () => resolve()
          }
        })
        const blob = new Uint8Array([...new TextEncoder().encode(text), ...raw])
        // [2, mailbox, blob] in CBOR, as the hub takes it.
        const frame = new Uint8Array([
          0x83,
          2,
          0x58,
          32,
          ...new Uint8Array(32).fill(7),
          0x58,
          blob.length,
          ...blob,
        ])
        const socket = new WebSocket(`ws://${location.host}/post`)
        await new Promise((resolve) => (socket.onopen = resolve))
        socket.send(frame)
      },
      [words, id] as const,
    )
  }

  /** Everything this browser keeps of any page, as bytes on its disk. Close it first, so that all is written. */
  dump(): Buffer {
    return Buffer.concat(
      this.files().map(({ path, bytes }) => Buffer.concat([Buffer.from(`\n${path}\n`), bytes])),
    )
  }

  files(): readonly { readonly path: string; readonly bytes: Buffer }[] {
    const parts: { path: string; bytes: Buffer }[] = []
    const walk = (folder: string) => {
      for (const name of readdirSync(folder)) {
        const path = join(folder, name)
        const stat = statSync(path, { throwIfNoEntry: false })
        if (stat?.isDirectory()) walk(path)
        else if (stat?.isFile())
          parts.push({ path: path.slice(this.profile.length), bytes: readFileSync(path) })
      }
    }
    walk(this.profile)
    return parts
  }
}
