/** Where articles are, in the address bar, without `#`. */
export const PROTOCOL_PATH = '/protocolo'
export const articlePath = (id: string): string => `${PROTOCOL_PATH}/${id}`
