import type { TestInfo } from '@playwright/test'
import { Phone } from './phone.ts'

type PhonesOf<Names extends readonly string[]> = { readonly [At in keyof Names]: Phone }

export type FoundingOptions<Names extends readonly string[]> = {
  /** Where the app comes from. */
  readonly address: string
  /** At least three: fewer cannot found. */
  readonly names: Names
  /** Has each as soon as it is there, so that it can be closed. */
  readonly phones: Phone[]
  /** Which Chromium each runs, where they are in networks of their own (tests/lan). */
  readonly chromiums?: readonly (string | null)[]
  /** How each comes by a phone, if not by `Phone.of`. */
  readonly phoneOf?: typeof Phone.of
}

/** These people found a collective, each with a phone of their own, the first one as host. */
export const foundAt = async <const Names extends readonly string[]>({
  address,
  names,
  phones,
  chromiums = [],
  phoneOf = Phone.of,
}: FoundingOptions<Names>): Promise<PhonesOf<Names>> => {
  const arrives = async (at: number, opens: string): Promise<Phone> => {
    const phone = await phoneOf(names[at]!, opens, chromiums[at])
    phones.push(phone)
    return phone
  }
  const host = await arrives(0, address)
  await host.lightsNotebook('Cuaderno')
  await host.goes('Colectivo')
  await host.tap('Fundar un colectivo')
  await host.field('Nombre del colectivo').fill('Las Tres Vertientes')
  await host.tap('Empezar')
  const link = await host.field('Enlace para tu equipo').inputValue()
  const guests: Phone[] = []
  for (let at = 1; at < names.length; at++) {
    const guest = await arrives(at, link)
    guests.push(guest)
    await guest.followsInvitation()
    await guest.words()
    const row = host.page.getByRole('listitem').filter({ hasText: guest.name })
    await row.getByRole('button', { name: 'Son las mismas', exact: true }).click()
    await guest.tap('Son las mismas')
  }
  await host.tap('Ya estamos todas las personas')
  const all = [host, ...guests]
  for (const phone of all) await phone.words()
  for (const phone of all) await phone.tap('Son las mismas, firmar')
  await host.tap('Ir al protocolo')
  for (const guest of guests) await guest.tap('Entrar al cuaderno')
  for (const phone of all) {
    await phone.goes('Colectivo')
    for (const name of names) await phone.sees(name)
  }
  return all as unknown as PhonesOf<Names>
}

/** After a test: closes the phones and forgets what they kept. Of one that failed, their pictures are left, and their words and complaints printed. */
export const closePhones = async (phones: Phone[], testInfo: TestInfo): Promise<void> => {
  for (const phone of phones.splice(0)) {
    if (testInfo.status !== testInfo.expectedStatus) {
      await phone.page.screenshot({ path: testInfo.outputPath(`${phone.name}.png`) }).catch(() => {})
      const screen = await phone.page.locator('body').innerText({ timeout: 5000 }).catch(String)
      process.stdout.write(`\n── what ${phone.name} sees at ${phone.page.url()}\n${screen}\n`)
      process.stdout.write(phone.complaints.map((complaint) => `${complaint}\n`).join(''))
    }
    await phone.close()
    phone.forget()
  }
}

/** What a page says of itself when the hub or the internet is gone, which is no fault of ours. */
const OFFLINE = /WebSocket|Failed to load|net::ERR/

/** What phones complained of that nobody can explain by a missing network. */
export const strangeComplaints = (phones: readonly Phone[]): readonly string[] =>
  phones.flatMap(({ complaints }) => complaints.filter((complaint) => !OFFLINE.test(complaint)))
