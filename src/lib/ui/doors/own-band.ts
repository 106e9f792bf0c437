/** The band of the app itself, for as long as there is no notebook to have one of its own. */
export const OWN_BAND: Uint8Array = new TextEncoder().encode('un cuaderno tejido')
