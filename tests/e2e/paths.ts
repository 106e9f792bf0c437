import type { Phone } from './phone.ts'

export type Noting = { connections?: RTCPeerConnection[] }

/** The connections that a page and its frames make, or its frames alone, are noted in the page. */
export const noteConnections = (where?: 'in frames') => {
  if (where === 'in frames' && globalThis.top === globalThis.self) return
  const noted = ((globalThis.top as unknown as Noting).connections ??= [])
  const Native = globalThis.RTCPeerConnection
  globalThis.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      noted.push(this)
    }
  }
}

/** Of each connection that is open on this phone: the address it leads from, as others see it, and the one it leads to. */
export const paths = (phone: Phone): Promise<readonly { readonly from: string; readonly to: string }[]> =>
  phone.page.evaluate(async () => {
    const { connections = [] } = globalThis as unknown as Noting
    const open = connections.filter(({ connectionState }) => connectionState === 'connected')
    const found = await Promise.all(
      open.map(async (connection) => {
        const stats = [...((await connection.getStats()) as ReadonlyMap<string, unknown>).values()] as Record<
          string,
          string
        >[]
        const of = (id: string | undefined) => {
          const end = stats.find((one) => one['id'] === id)
          return end?.['address'] ?? 'nothing'
        }
        const pair = stats.find(
          (one) => one['id'] === stats.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'],
        )
        return { from: of(pair?.['localCandidateId']), to: of(pair?.['remoteCandidateId']) }
      }),
    )
    return found
  })
