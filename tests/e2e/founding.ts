import { Phone } from './phone.ts'

/** Three people found a collective at `address`. `phones` has each as soon as it is there, so that it can be closed. */
export const foundAt = async (
  address: string,
  names: readonly [string, string, string],
  phones: Phone[],
): Promise<readonly [Phone, Phone, Phone]> => {
  const [first, ...others] = names
  const host = await Phone.of(first, address)
  phones.push(host)
  await host.lightsNotebook('Cuaderno')
  await host.goes('Colectivo')
  await host.tap('Fundar un colectivo')
  await host.field('Nombre del colectivo').fill('Las Tres Vertientes')
  await host.tap('Empezar')
  const link = await host.field('Enlace para tu equipo').inputValue()
  const guests: Phone[] = []
  for (const name of others) {
    const guest = await Phone.of(name, link)
    phones.push(guest)
    guests.push(guest)
    await guest.followsInvitation()
    await guest.words()
    const row = host.page.getByRole('listitem').filter({ hasText: name })
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
  return [host, guests[0]!, guests[1]!]
}
