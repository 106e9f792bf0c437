/** Where threats are, in the address bar, without `#`. */
export const REGISTER_PATH = '/registro'
export const threatPath = (id: string): string => `${REGISTER_PATH}/${id}`
