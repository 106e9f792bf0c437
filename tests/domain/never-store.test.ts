import { fc, test as prop } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { tellingIn, type TellingKind } from '../../src/lib/domain/never-store.ts'

const kinds = (text: string): readonly TellingKind[] => tellingIn(text).map(({ kind }) => kind)

describe('what tells too much is named by what it is', () => {
  test.each<[TellingKind, string]>([
    ['phone', 'Si pasa algo, llama a Rosa al 612 345 678.'],
    ['phone', 'WhatsApp +57 300 123 4567'],
    ['phone', '+502-5555-1234'],
    ['phone', '(011) 4567-8901'],
    ['phone', 'su cel es 3001234567'],
    ['phone', 'telefono: 2222.3333'],
    ['phone', 'اتصل على ٠١٠١٢٣٤٥٦٧٨'],
    ['document', 'cédula 1.020.345.678'],
    ['document', 'C.C. 52345678'],
    ['document', 'Rosa, DNI: 12345678Z'],
    ['document', 'pasaporte AB123456'],
    ['document', 'CURP BADD110313HCMLNS09'],
    ['document', 'BADD110313HCMLNS09'],
    ['document', 'CPF 123.456.789-09'],
    ['document', '12.345.678-K'],
    ['document', 'Passport No. X1234567'],
    ['address', 'Vive en la calle 12 # 34-56'],
    ['address', 'Av. Los Álamos 1020, segundo piso'],
    ['address', 'Carrera 7 No. 45-10'],
    ['address', 'Rua das Flores, 15'],
    ['address', 'we sleep at 12 Orchard Road this week'],
    ['address', 'شارع النصر ١٢'],
    ['coordinates', 'el retén está en 6.25184, -75.56359'],
    ['coordinates', '6°15′06.6″N 75°33′49″W'],
    ['coordinates', 'geo:6.2518,-75.5636'],
    ['coordinates', 'https://maps.app.goo.gl/AbC123'],
    ['coordinates', 'nos vemos en 67R6F6GP+CV'],
    ['e-mail', 'escribe a rosa.lopez@correo.example.org'],
  ])('%s in “%s”', (kind, text) => {
    expect(kinds(text)[0]).toBe(kind)
  })

  test('all of them in one text, in the order they stand in, as they were written', () => {
    const text = 'Rosa (rosa@correo.org, 612 345 678) duerme en la calle Luna 14.'
    expect(tellingIn(text)).toEqual([
      { kind: 'e-mail', said: 'rosa@correo.org' },
      { kind: 'phone', said: '612 345 678' },
      { kind: 'address', said: 'calle Luna 14' },
    ])
  })

  test('a long list gives eight warnings, not a hundred', () => {
    expect(tellingIn(Array.from({ length: 100 }, (_, i) => `61234${5000 + i}`).join('\n'))).toHaveLength(8)
  })
})

test.each([
  'Nos reunimos el 2026-11-28 a las 19:30.',
  'Del 01/11/2026 al 15/11/2026',
  'Entre 2024-2026 hubo 3 amenazas',
  'Cuesta $ 1.250.000 al mes',
  'Pidieron 2.000.000 pesos, o 1,500,000 COP',
  'Artículo 12: turnos de 3 personas cada 2 horas',
  'El 80 % de las 120 familias',
  'Vinieron 3 camionetas, luego 4 motos, luego 12 hombres',
  'En la calle había 30 personas',
  'La avenida estaba cerrada',
  'Llamen a quien tenga el turno @noche',
  'Punto de encuentro: la ceiba',
  'version 10.20.30',
  'Calle abajo, hasta el río',
])('what a protocol says every day is not held against anybody: “%s”', (text) => {
  expect(tellingIn(text)).toEqual([])
})

prop.prop([fc.string({ unit: 'grapheme', maxLength: 400 })])(
  'whatever is written: an answer, and each place it names stands in the text',
  (text) => {
    for (const { said } of tellingIn(text)) expect(text).toContain(said)
  },
)

test.each([
  ['digits', '1'.repeat(400_000)],
  ['digits and dots', '1.'.repeat(200_000)],
  ['streets', 'calle a '.repeat(50_000)],
  ['a street that never ends', `calle ${'a'.repeat(400_000)}`],
  ['addresses that are none', 'a@'.repeat(200_000)],
  ['documents', 'dni de no '.repeat(40_000)],
])('a long text of %s holds up nobody', (_, text) => {
  const start = performance.now()
  tellingIn(text)
  expect(performance.now() - start).toBeLessThan(3000)
})
