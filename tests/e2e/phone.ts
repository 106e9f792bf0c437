import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { readFile } from 'node:fs/promises'
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

/** Room for the profiles of a dozen phones. Bytes. */
const PROFILES_BYTES = 4 * 2 ** 30

/**
 * Every phone has a disk of its own. Where they all wait for the one of this machine, which takes nothing else while one of them
 * makes sure, what one does comes a second late; so they lie in memory where there is enough. Linux.
 */
const newProfile = (): string =>
  mkdtempSync(join(hasRoom('/dev/shm') ? '/dev/shm' : tmpdir(), 'lumbre-phone-'))

const hasRoom = (folder: string): boolean => {
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= PROFILES_BYTES
  } catch {
    return false
  }
}

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
  static of(name: string, address: string, executablePath = findChromium()): Promise<Phone> {
    return Phone.#start({
      name,
      address,
      executablePath,
      profile: newProfile(),
    })
  }

  /**
   * The same, of somebody who allowed this address the camera for good. `of` allows it over the head of the browser, which
   * then allows it to every frame, also to one that may not use it.
   */
  static allowing(name: string, address: string, executablePath = findChromium()): Promise<Phone> {
    const profile = newProfile()
    mkdirSync(join(profile, 'Default'))
    writeFileSync(
      join(profile, 'Default', 'Preferences'),
      JSON.stringify({
        profile: {
          content_settings: {
            exceptions: { media_stream_camera: { [`${new URL(address).origin},*`]: { setting: 1 } } },
          },
        },
      }),
    )
    return Phone.#start({ name, address, executablePath, profile, camera: {} })
  }

  static async #start(of: {
    readonly name: string
    readonly address: string
    readonly executablePath: string | null
    readonly profile: string
    /** What is told to the browser about the camera. */
    readonly camera?: { readonly permissions?: string[] }
  }): Promise<Phone> {
    // As after scanning a code: real addresses on the local network, no multicast needed.
    const { name, address, executablePath, profile, camera = { permissions: ['camera'] } } = of
    const context = await chromium.launchPersistentContext(profile, {
      ...(executablePath ? { executablePath } : {}),
      args: [...chromiumFlags],
      viewport: { width: 360, height: 740 },
      locale: 'es-MX',
      ...camera,
    })
    context.setDefaultTimeout(20_000)
    const page = context.pages()[0] ?? (await context.newPage())
    const cdp = await context.newCDPSession(page)
    await page.exposeFunction('saysYes', () => context.grantPermissions(['camera']))
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

  /** The battery falls out: every process of this browser ends at once, and nothing is tidied. Linux. */
  async dies(): Promise<void> {
    const gone = new Promise((resolve) => this.context.once('close', resolve))
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (line.includes(this.profile)) process.kill(Number(pid), 'SIGKILL')
    }
    await gone
  }

  /** The same phone, switched on again. */
  again(address: string): Promise<Phone> {
    const { name, profile } = this
    return Phone.#start({ name, address, executablePath: findChromium(), profile })
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

  /** Closes the app and opens it again, from the phone itself if it `keepsTheApp`. */
  async opensAgain(): Promise<void> {
    await this.page.reload()
    await this.unlocks()
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
    const isKept = () =>
      this.page.evaluate(async () => {
        const known = await navigator.serviceWorker.getRegistration()
        // One that the network broke off is gone; the next opening would begin it again.
        if (!known) await navigator.serviceWorker.register('service-worker.js').catch(() => null)
        return Boolean(known?.active)
      })
    await expect.poll(isKept, { timeout: 120_000 }).toBe(true)
  }

  /**
   * From here on the camera sees what `holdsBeforeCameraOf` holds up: a canvas in place of a lens. The person says yes
   * when the app asks for it.
   */
  async looksThroughScreen(): Promise<void> {
    await this.page.evaluate(() => {
      const canvas = document.createElement('canvas')
      canvas.width = 640
      canvas.height = 480
      canvas.id = 'lens'
      canvas.getContext('2d')!.fillRect(0, 0, 640, 480)
      Object.assign(globalThis, { lens: canvas })
      navigator.mediaDevices.getUserMedia = async () => {
        await (globalThis as unknown as { saysYes: () => Promise<void> }).saysYes()
        return canvas.captureStream(15)
      }
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
    await this.button('Leer').click()
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

  /** Sees where all the others write, each under their own name. */
  async seesCursorsOf(all: readonly Phone[]): Promise<void> {
    const names = all.flatMap(({ name }) => (name === this.name ? [] : name)).sort()
    await expect
      .poll(async () => (await this.page.locator('.remote-cursor .remote-name').allTextContents()).sort())
      .toEqual(names)
  }

  /** When this phone is touched next: milliseconds since 1970, taken by the page itself. */
  nextTap(): Promise<number> {
    return this.page.evaluate(
      () =>
        new Promise<number>((resolve) =>
          addEventListener('pointerdown', () => resolve(Date.now()), { capture: true, once: true }),
        ),
    )
  }

  /**
   * From here on counts what hands do on this screen: touches, as the page itself notices them, and letters that came to stand
   * in fields. Until the page is loaded anew.
   */
  async counts(): Promise<() => Promise<{ readonly touches: number; readonly letters: number }>> {
    await this.page.evaluate(() => {
      const hands = { touches: 0, letters: 0 }
      Object.assign(globalThis, { hands })
      addEventListener('pointerdown', () => (hands.touches += 1), { capture: true })
      addEventListener(
        'change',
        ({ target }) => {
          if (target instanceof HTMLInputElement) hands.letters += target.value.length
        },
        { capture: true },
      )
    })
    return () =>
      this.page.evaluate(() => ({
        ...(globalThis as unknown as { hands: { touches: number; letters: number } }).hands,
      }))
  }

  /** The lines of words a person reads aloud from this screen. */
  async readsAloud(): Promise<readonly string[]> {
    await this.page.getByText('Leerlo en voz alta').click()
    return this.page.locator('.spoken').getByRole('listitem').allInnerTexts()
  }

  /** The code on this screen as text, as if copied. */
  async shownCode(): Promise<string> {
    await this.page.getByText('Copiarlo como texto').click()
    return this.page.locator('.copied').innerText()
  }

  /** From the collective to what was set aside. */
  async opensAside(): Promise<void> {
    await this.page
      .getByRole('link', { name: /apartado/ })
      .first()
      .click()
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

  /** `within`: how long it may take, in ms, where that is more than a moment. */
  async sees(text: string | RegExp, { within = 15_000 } = {}): Promise<void> {
    await expect(this.page.getByText(text).filter({ visible: true }).first()).toBeVisible({ timeout: within })
  }

  /** The four words on the screen, read aloud. */
  async words(): Promise<string> {
    const list = this.page.getByRole('list', { name: 'Palabras para comparar' }).first()
    await expect(list).toBeVisible()
    return (await list.getByRole('listitem').allInnerTexts())
      .map((word) => word.replace(/^\d+[^\p{L}]*/u, '').trim())
      .join(' ')
  }

  /**
   * Every collective, member, device, feed and epoch id the app holds in memory just now, as hex, read from its heap from
   * outside: the keys of the maps of the ledger's state, known by what their values have. The act that let the founders'
   * phones in is the first of all, and its name is the collective's.
   */
  async idsInMemory(): Promise<
    Readonly<Record<'collectives' | 'members' | 'devices' | 'feeds' | 'epochs', readonly string[]>>
  > {
    const { result } = await this.#cdp.send('Runtime.evaluate', { expression: 'Map.prototype' })
    const { objects } = await this.#cdp.send('Runtime.queryObjects', { prototypeObjectId: result.objectId! })
    const { result: found } = await this.#cdp.send('Runtime.callFunctionOn', {
      objectId: objects.objectId!,
      functionDeclaration: `function () {
        const [collectives, members, devices, feeds, epochs] = [1, 2, 3, 4, 5].map(() => new Set())
        const [founders, grants] = [new Set(), []]
        for (const map of this)
          for (const [key, value] of map) {
            if (typeof value !== 'object' || value === null) continue
            if (typeof key !== 'string' || !/^[0-9a-f]+$/.test(key)) continue
            if ('founder' in value && 'votes' in value) members.add(key)
            if (value.founder === true && 'votes' in value) founders.add(key)
            if ('yClient' in value) feeds.add(key)
            if ('boxRoot' in value) epochs.add(key)
            if ('grantedBy' in value && 'standing' in value) {
              devices.add(key)
              grants.push(value)
            }
          }
        for (const { member, grantedBy } of grants) if (founders.has(member)) collectives.add(grantedBy)
        return Object.fromEntries(
          Object.entries({ collectives, members, devices, feeds, epochs }).map(([kind, ids]) => [kind, [...ids]]),
        )
      }`,
      returnByValue: true,
    })
    return found.value as Awaited<ReturnType<Phone['idsInMemory']>>
  }

  /** Does what the app must never do: writes these bytes in the clear, to the disk and through the hub. */
  async plants(seeds: readonly Buffer[]): Promise<void> {
    await this.page.evaluate(
      async (rows) => {
        await new Promise<void>((resolve, reject) => {
          const opening = indexedDB.open('planted')
          opening.onupgradeneeded = () => opening.result.createObjectStore('rows')
          opening.onerror = () => reject(new Error('no database'))
          opening.onsuccess = () => {
            const tx = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
            rows.forEach((bytes, i) => tx.objectStore('rows').put({ bytes: new Uint8Array(bytes) }, i))
            tx.oncomplete = () => resolve()
          }
        })
        const socket = new WebSocket(`ws://${location.host}/post`)
        await new Promise((resolve) => (socket.onopen = resolve))
        for (const bytes of rows)
          // [2, mailbox, blob] in CBOR, as the hub takes it.
          socket.send(
            new Uint8Array([
              ...[0x83, 2, 0x58, 32, ...new Uint8Array(32).fill(7)],
              ...[0x59, bytes.length >> 8, bytes.length & 255, ...bytes],
            ]),
          )
      },
      seeds.map((bytes) => [...bytes]),
    )
  }

  /**
   * Everything the page itself can read of what it keeps: all rows of all databases, and the small storages. Beside the
   * files, because what lies in those for a while is packed, and a packed word is not found.
   */
  async rows(): Promise<Buffer> {
    const packed = await this.page.evaluate(async () => {
      const parts: BlobPart[] = []
      const take = (value: unknown): void => {
        if (typeof value === 'string') parts.push(value, '\n')
        else if (value instanceof ArrayBuffer) parts.push(value, '\n')
        else if (ArrayBuffer.isView(value)) parts.push(value as Uint8Array<ArrayBuffer>, '\n')
        else if (typeof value === 'object' && value !== null)
          for (const [key, inner] of Object.entries(value)) {
            take(key)
            take(inner)
          }
        else parts.push(String(value), '\n')
      }
      const asked = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result)
          request.onerror = () => reject(new Error('unreadable'))
        })
      for (const { name } of await indexedDB.databases()) {
        take(name)
        const db = await asked(indexedDB.open(name!))
        for (const store of db.objectStoreNames) {
          take(store)
          const rows = db.transaction(store).objectStore(store)
          take(await asked(rows.getAllKeys()))
          take(await asked(rows.getAll()))
        }
        db.close()
      }
      take({ ...localStorage })
      take({ ...sessionStorage })
      const reader = new FileReader()
      return new Promise<string>((resolve) => {
        reader.onload = () => resolve((reader.result as string).split(',')[1] ?? '')
        reader.readAsDataURL(new Blob(parts))
      })
    })
    return Buffer.from(packed, 'base64')
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
