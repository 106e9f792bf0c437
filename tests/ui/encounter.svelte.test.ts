import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, type Locator } from 'vitest/browser'
import EncounterScreen from '../../src/lib/ui/encounter/EncounterScreen.svelte'
import {
  deviceId,
  memberId,
  paperKeeper,
  paperPassing,
  PaperSession,
  PaperSpace,
  PaperWorkspace,
} from './paper-session.ts'
import { expectNoBarriers, stage, type Staging } from './stage.ts'

const vertientes = () =>
  new PaperSpace({
    id: 'tres vertientes',
    kind: 'collective',
    title: 'Las Tres Vertientes',
    names: ['Ceiba', 'Tecolote', 'Jícara'],
  })
const show = (space: PaperSpace, about: Staging = {}) =>
  stage(EncounterScreen, {
    session: new PaperSession(new PaperWorkspace([space])),
    props: { space },
    path: '/encuentro',
    title: 'Encuentro',
    ...about,
  })
const button = (name: string | RegExp) => page.getByRole('button', { name })
const code = () => page.getByRole('textbox', { name: 'Código del otro teléfono' })

beforeEach(() => page.viewport(360, 740))
afterEach(() => void vi.restoreAllMocks())

test('why the camera is asked for is said before it is asked for, and one can go on without', async () => {
  const space = vertientes()
  show(space)
  await expect.element(page.getByText('No se guarda ninguna imagen')).toBeVisible()
  expect(space.encounters).toHaveLength(0)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  await expect.element(code()).toBeVisible()
})

test('Ceiba pastes Tecolote’s code, is told what is missing, and then that it was checked to be his phone', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await code().fill('ABC234')
  await button('Usar este código').click()
  const [encounter] = space.encounters
  expect(encounter!.taken).toEqual(['ABC234'])
  await expect.element(page.getByText('falta que el otro teléfono lea el tuyo')).toBeVisible()
  encounter!.state.set({ step: 'met', member: memberId('Tecolote') })
  await expect.element(page.getByText('Este teléfono y el de Tecolote ya están conectados')).toBeVisible()
})

test('a code that is none says so where it was pasted, and the own code stays', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await code().fill('https://ejemplo.org/otra-cosa')
  await button('Usar este código').click()
  await expect.element(page.getByText('Eso no es un código de esta app')).toBeVisible()
  expect(space.encounters).toHaveLength(1)
  await expect.element(page.getByRole('img')).toBeVisible()
})

test('when nothing comes about, it says what to look at, and shows another code', async () => {
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(code()).toBeVisible()
  space.encounters[0]!.state.set({ step: 'failed' })
  await expect.element(page.getByText('¿Es una red de visitas')).toBeVisible()
  await expect.element(button('Llevar en un archivo')).toBeVisible()
  await button('Mostrar otro código').click()
  await expect.element(page.getByRole('img')).toBeVisible()
  expect(space.encounters).toHaveLength(2)
  expect(space.encounters[0]!.isStopped).toBe(true)
})

test('a phone without any address says what to do, and nothing is shown in vain', async () => {
  const space = vertientes()
  space.hasAddress = false
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByText('no muestra ninguna dirección en la red')).toBeVisible()
  await expect.element(button('Usar la cámara')).toBeVisible()
})

test('a code that holds no address does not say that it does, and one tap on the camera shows another', async () => {
  vi.spyOn(navigator.mediaDevices, 'getUserMedia').mockRejectedValue(new DOMException('', 'NotAllowedError'))
  const space = vertientes()
  space.holds = 'nothing'
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByText('Este teléfono no muestra ninguna dirección')).toBeVisible()
  expect(page.getByText('Tu código lleva la dirección').elements()).toEqual([])
  expect(page.getByText('Todavía no vemos ningún teléfono').elements()).toEqual([])
  await expectNoBarriers()
  await code().fill('HIDDEN2')
  await button('Usar este código').click()
  await expect.element(page.getByText('Ningún teléfono muestra su dirección')).toBeVisible()
  expect(page.getByText('falta que el otro teléfono lea el tuyo').elements()).toEqual([])
  space.holds = 'address'
  await button('Usar la cámara').click()
  await expect.element(page.getByText('Tu código lleva la dirección')).toBeVisible()
  expect(space.encounters.map(({ isStopped }) => isStopped)).toEqual([true, false])
})

test('a phone that goes out through relay points alone does not say that its code holds its address', async () => {
  const space = vertientes()
  space.holds = 'relay'
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img')).toBeVisible()
  expect(page.getByText(/la dirección de este|ninguna dirección/).elements()).toEqual([])
})

/** From here on the browser says this of what the app may do. */
const allows = (states: Readonly<Record<string, PermissionState>>) => {
  const told = new EventTarget()
  vi.spyOn(navigator.permissions, 'query').mockImplementation(({ name }) => {
    const state = states[name]
    if (!state) return Promise.reject(new TypeError())
    const status = { state, addEventListener: told.addEventListener.bind(told) }
    return Promise.resolve(status as unknown as PermissionStatus)
  })
  return told
}
const reason = () => page.getByText('No es que no haya nadie')

test('a browser that hides the wifi from the app is told of as such, and never as if nobody were there', async () => {
  allows({ camera: 'granted', 'local-network-access': 'denied' })
  const space = vertientes()
  show(space)
  await expect.element(page.getByText('No es que no haya nadie')).toBeVisible()
  await button('Seguir sin cámara').click()
  await expect.element(code()).toBeVisible()
  space.encounters[0]!.state.set({ step: 'failed' })
  await expect.element(page.getByText('Qué revisar')).toBeVisible()
  await expect.element(page.getByText('No es que no haya nadie')).toBeVisible()
})

test('a “no” given after the code was shown is the reason that is told when nothing comes about', async () => {
  allows({ camera: 'granted', 'local-network-access': 'prompt' })
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(code()).toBeVisible()
  expect(reason().elements()).toEqual([])
  allows({ camera: 'granted', 'local-network-access': 'denied' })
  space.encounters[0]!.state.set({ step: 'failed' })
  await expect.element(reason()).toBeVisible()
})

test('a “no” is told of while the code still stands there, and taken back with it', async () => {
  const told = allows({ camera: 'granted', 'local-network-access': 'prompt' })
  const space = vertientes()
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(code()).toBeVisible()
  allows({ camera: 'granted', 'local-network-access': 'denied' })
  const nobody = page.getByText('Todavía no vemos ningún teléfono')
  await expect.element(nobody).toBeVisible()
  told.dispatchEvent(new Event('change'))
  await expect.element(reason()).toBeVisible()
  await expect.element(nobody).not.toBeInTheDocument()
  allows({ camera: 'granted', 'local-network-access': 'granted' })
  told.dispatchEvent(new Event('change'))
  await expect.element(reason()).not.toBeInTheDocument()
  await expect.element(nobody).toBeVisible()
})

test('a “no” given after the code of a computer was read says why it is not found', async () => {
  allows({ 'local-network-access': 'prompt' })
  const { session } = show(vertientes())
  await expect.element(page.getByText('Puede que el navegador pregunte')).toBeVisible()
  allows({ 'local-network-access': 'denied' })
  session.workspace.joinHub('HUB A')
  await expect.element(page.getByText('Buscando la computadora')).toBeVisible()
  await expect.element(reason()).toBeVisible()
})

test('a camera that was refused before is told of before it is asked for in vain', async () => {
  allows({ camera: 'denied' })
  show(vertientes())
  await expect.element(page.getByText('La cámara está apagada para esta app')).toBeVisible()
})

test('the code can be copied as text, also where a browser keeps its clipboard to itself', async () => {
  show(vertientes())
  await button('Seguir sin cámara').click()
  await page.getByText('Copiarlo como texto').click()
  await expect.element(page.getByText('CODE0', { exact: true })).toBeVisible()
})

test('Ceiba sees what passes with each phone, and in the end that all have the same and who is missing', async () => {
  const space = vertientes()
  space.exchange.state.set([
    paperPassing('Tecolote', {
      step: 'passing',
      done: 12,
      total: 40,
      toReceive: 28,
      received: { changes: 12, bytes: 30_000 },
    }),
  ])
  show(space)
  await expect.element(page.getByText('Van 12 de 40')).toBeVisible()
  await expect.element(page.getByText('Recibiste 12 cambios (30 kB)')).toBeVisible()
  await expect.element(page.getByRole('progressbar')).toHaveAttribute('value', '12')
  space.exchange.state.set([paperPassing('Tecolote', { received: { changes: 40, bytes: 90_000 } })])
  await expect.element(page.getByText('Tú y Tecolote ya tienen lo mismo.')).toBeVisible()
  await expect.element(page.getByText('Falta encontrarse con Jícara.')).toBeVisible()
})

test('what passed is said with how much and since when', async () => {
  const space = vertientes()
  const since = Date.now() - 12 * 60_000
  const sent = { changes: 1, bytes: 2_000_000 }
  space.exchange.state.set([
    paperPassing('Tecolote', { since, sent, received: { changes: 28, bytes: 30_000 } }),
  ])
  const { language } = show(space)
  const when = language.ago(since, Date.now())
  expect(when).toContain('12')
  await expect
    .element(
      page.getByText(
        `Enviaste un cambio (${language.size(2_000_000)}). Recibiste 28 cambios (30 kB). Desde ${when}.`,
      ),
    )
    .toBeVisible()
})

test('beside each phone stands what this one knows of whose it is, and nothing that was not checked', async () => {
  const space = vertientes()
  const now = space.membership.read()
  space.membership.set({
    ...now,
    members: now.members.map((member) =>
      member.id === memberId('Jícara') ? { ...member, trust: 'verified' } : member,
    ),
    keepers: [paperKeeper('one')],
  })
  space.exchange.state.set([
    paperPassing('Tecolote'),
    paperPassing('Jícara'),
    paperPassing('Ceiba'),
    paperPassing('one', { member: null }),
  ])
  show(space)
  const phone = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  await expect.element(phone('Tecolote').getByRole('button', { name: 'Sin comprobar todavía' })).toBeVisible()
  await expect.element(phone('Jícara').getByRole('button', { name: 'Comprobada', exact: true })).toBeVisible()
  await expect.element(phone('Ceiba').getByRole('button', { name: 'Tú' })).toBeVisible()
  // A keeper is nobody’s, and was let in by all.
  await expect.element(phone('El equipo que guarda')).toBeVisible()
  expect(phone('El equipo que guarda').getByRole('button').elements()).toEqual([])
  await expectNoBarriers()
})

test('what is new passes by itself: before anything is touched it says so, and offers to stop', async () => {
  const space = vertientes()
  space.exchange.state.set([paperPassing('Tecolote', { step: 'passing', done: 1, total: 9 })])
  show(space)
  await expect.element(page.getByText('Lo nuevo pasa solo entre los dos')).toBeVisible()
  await expect.element(button('Parar')).toBeVisible()
  expect(page.getByRole('button', { name: /Empezar|Seguir$/ }).elements()).toEqual([])
})

test('each keeper is woven as itself, found here and in who has what I wrote', async () => {
  const space = vertientes()
  space.membership.set({ ...space.membership.read(), keepers: [paperKeeper('one'), paperKeeper('two')] })
  space.exchange.state.set([paperPassing('one', { member: null }), paperPassing('two', { member: null })])
  space.latest.set(
    ['one', 'two'].map((word) => ({ member: null, device: deviceId(`${word} phone`), upTo: 'all' as const })),
  )
  show(space)
  const woven = (region: string) =>
    page
      .getByRole('region', { name: region })
      .getByRole('img')
      .elements()
      .map((mark) => mark.innerHTML)
  await expect.element(page.getByText('lo tiene todo en 2 de 2 teléfonos')).toBeVisible()
  expect(new Set(woven('Teléfonos encontrados')).size).toBe(2)
  expect(woven('Quién tiene lo tuyo').sort()).toEqual(woven('Teléfonos encontrados').sort())
})

test('Parar is always there: it stops what passes and takes the code away, and it can go on', async () => {
  const space = vertientes()
  space.exchange.state.set([paperPassing('Tecolote', { step: 'passing', done: 1, total: 9 })])
  show(space)
  await button('Seguir sin cámara').click()
  await expect.element(page.getByRole('img', { name: 'Código para leer con la cámara' })).toBeVisible()
  await button('Parar').click()
  expect(space.exchange.paused.read()).toBe(true)
  expect(space.encounters[0]!.isStopped).toBe(true)
  await expect.element(page.getByText('Nada de lo escrito sale ni llega')).toBeVisible()
  await page.getByRole('button', { name: 'Seguir', exact: true }).click()
  expect(space.exchange.paused.read()).toBe(false)
})

const DAY = 86_400_000

test('who has what I wrote is said by person, and by phone where somebody has two', async () => {
  const space = vertientes()
  const tuesday = Date.now() - 3 * DAY
  space.latest.set([
    { member: memberId('Tecolote'), device: deviceId('Tecolote phone'), upTo: 'all' },
    { member: memberId('Tecolote'), device: deviceId('Tecolote laptop'), upTo: null },
    { member: memberId('Jícara'), device: deviceId('Jícara phone'), upTo: tuesday },
  ])
  const { language } = show(space)
  await expect.element(page.getByText('lo tiene todo en 1 de 2 teléfonos')).toBeVisible()
  await expect.element(page.getByText('aún no sabemos qué tiene')).toBeVisible()
  await expect.element(page.getByText(`hasta el ${language.since(tuesday, Date.now())}`)).toBeVisible()
})

test('a file is made after it was said what it shows, and saved under a name that says nothing', async () => {
  const space = vertientes()
  show(space)
  await button('Llevar en un archivo').click()
  await expect.element(page.getByText('Quien lo lleva no puede leerlo')).toBeVisible()
  await button('Hacer el archivo').click()
  const save = page.getByRole('link', { name: 'Guardar el archivo' })
  await expect.element(save).toHaveAttribute('download', 'notas.bin')
  expect(space.bundles.asked).toEqual(['everything'])
  await expectNoBarriers()
})

/** The browser’s own window for saving stays out of the test. */
const presses = async (link: Locator) => {
  link.element().addEventListener('click', (event) => event.preventDefault(), { once: true })
  await link.click()
}

test('the next file begins after this one only when its person says that it is kept', async () => {
  const space = vertientes()
  show(space)
  await button('Llevar en un archivo').click()
  await button('Hacer el archivo').click()
  const save = page.getByRole('link', { name: 'Guardar el archivo' })
  await expect.element(save).toBeVisible()
  expect(page.getByText('¿Quedó guardado?').elements()).toEqual([])
  await presses(save)
  await expect.element(page.getByText('¿Quedó guardado?')).toBeVisible()
  expect(space.bundles.last.read()).toBe(null)
  await expectNoBarriers()
  await button('No quedó').click()
  await expect.element(page.getByText('El próximo archivo llevará también lo de este')).toBeVisible()
  expect(space.bundles.last.read()).toBe(null)
  await presses(save)
  await button('Sí, ya lo tengo').click()
  await expect.element(page.getByText('parte ahora de este archivo')).toBeVisible()
  expect(space.bundles.last.read()).not.toBe(null)
})

test('a second file may carry only what is new since the first', async () => {
  const space = vertientes()
  space.bundles.last.set(Date.now() - 2 * DAY)
  show(space)
  await button('Llevar en un archivo').click()
  await page.getByText('Solo lo nuevo').click()
  await expect.element(page.getByText('desde el último archivo que guardaste')).toBeVisible()
  await button('Hacer el archivo').click()
  await expect.element(page.getByText('Tu archivo está listo')).toBeVisible()
  expect(space.bundles.asked).toEqual(['news'])
})

test('more than one file can carry is said, and nothing is offered to be saved', async () => {
  const space = vertientes()
  space.bundles.refuses = { type: 'TooLarge' }
  show(space)
  await button('Llevar en un archivo').click()
  await button('Hacer el archivo').click()
  await expect.element(page.getByText('demasiado para un solo archivo')).toBeVisible()
  expect(page.getByRole('link', { name: 'Guardar el archivo' }).elements()).toEqual([])
})

const choose = async () => {
  await button('Abrir un archivo').click()
  await page.getByLabelText('Elegir el archivo').upload(new File(['no importa'], 'algo.bin'))
}

test('what a file brings is said before anything of it is taken, and then what came', async () => {
  const space = vertientes()
  const { session } = show(space)
  session.workspace.incoming = {
    news: { acts: 2, records: 3, keys: 0, parts: 0, carried: 4 },
    done: { acts: 2, records: 3, carried: 4, refused: 1, waits: true },
  }
  await choose()
  await expect.element(page.getByText('Es para «Las Tres Vertientes»')).toBeVisible()
  await expect.element(page.getByText('Trae 3 cambios nuevos y 2 decisiones')).toBeVisible()
  await expect.element(page.getByText('Y 4 cosas cerradas, que este teléfono llevará')).toBeVisible()
  expect(session.workspace.asked).not.toContain('take it in')
  await expectNoBarriers()
  await button('Agregar lo que trae').click()
  await expect.element(page.getByText('Llegaron 3 cambios')).toBeVisible()
  await expect.element(page.getByText('Una parte no venía bien')).toBeVisible()
  await expect.element(page.getByText('Falta un archivo anterior')).toBeVisible()
})

test('a file that brings nothing but what is carried for others is worth opening too', async () => {
  const { session } = show(vertientes())
  session.workspace.incoming = {
    news: { acts: 0, records: 0, keys: 0, parts: 1, carried: 1 },
    done: { acts: 0, records: 0, carried: 1, refused: 0, waits: false },
  }
  await choose()
  await expect.element(page.getByText('lo que aquí falta de un acuerdo')).toBeVisible()
  await button('Agregar lo que trae').click()
  await expect.element(page.getByText('lleva ahora algo cerrado para otras personas')).toBeVisible()
})

test('a file with nothing new says so and offers nothing to take', async () => {
  const { session } = show(vertientes())
  session.workspace.incoming = {
    news: { acts: 0, records: 0, keys: 0, parts: 0, carried: 0 },
    done: { acts: 0, records: 0, carried: 0, refused: 0, waits: false },
  }
  await choose()
  await expect.element(page.getByText('No trae nada que aquí falte')).toBeVisible()
  expect(button('Agregar lo que trae').elements()).toEqual([])
})

for (const [type, words] of [
  ['BadFile', 'no es de esta app, o llegó incompleto'],
  ['BadBundle', 'lo de adentro no está bien'],
  ['FileTooLarge', 'más grande que cualquiera'],
  ['FileUnreadable', 'no pudo leer ese archivo'],
  ['NotForThisPhone', 'es para otros teléfonos'],
  ['NewerBundle', 'versión más nueva de la app'],
  ['OtherCollective', 'es de otro colectivo'],
] as const)
  test(`a file that is refused (${type}) says why, and that nothing has changed`, async () => {
    const { session } = show(vertientes())
    session.workspace.refusesFile = type
    await choose()
    await expect.element(page.getByText(words)).toBeVisible()
    await expect.element(page.getByText('Aquí no cambió nada')).toBeVisible()
  })

for (const look of ['light', 'dark'] as const)
  for (const locale of ['es', 'ar'])
    test(`has no barriers and no sideways scrolling, ${look}, ${locale}`, async () => {
      const { t } = show(vertientes(), { look, locale })
      await button(t('encounter.noCamera')).click()
      await expect.element(page.getByRole('img')).toBeVisible()
      await expectNoBarriers()
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360)
    })
