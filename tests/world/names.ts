/** Twelve people. */
export const NAMES = [
  'Alba',
  'Bruna',
  'Ceiba',
  'Dalia',
  'Elva',
  'Flor',
  'Gala',
  'Hilda',
  'Inés',
  'Jara',
  'Luz',
  'Mina',
]
