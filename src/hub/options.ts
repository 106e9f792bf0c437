import { err, ok, type Result } from '../lib/core/result.ts'
import { parseHubAddress, parseHubList, type BadHubList, type HubAddress } from '../lib/wire/hub-list.ts'

/** What whoever runs a hub says about it and its neighbours. */
export type HubSettings = {
  /** Further hubs its pages may reach. Their pages may come here too, if they list this one. */
  readonly hubs: readonly HubAddress[]
  /** How it is called from outside, behind something that speaks TLS for it. `null`: only this machine reaches it. */
  readonly name: HubAddress | null
}

/** `OptionWithoutValue`: `--hub` or `--name` stands last, or before another option. */
export type BadSettings = BadHubList | { readonly type: 'OptionWithoutValue'; readonly option: string }

/**
 * From `--hub wss://…` (again for each), `--name wss://…`, and the same as `LUMBRE_HUBS` (several, with commas) and
 * `LUMBRE_NAME`. Other options are others’ business.
 */
export const readSettings = (
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Result<HubSettings, BadSettings> => {
  const given = { '--hub': [env['LUMBRE_HUBS'] ?? ''], '--name': [env['LUMBRE_NAME'] ?? ''] }
  for (const [at, arg] of args.entries()) {
    const [, option, inline] = /^(--hub|--name)(?:=(.*))?$/.exec(arg) ?? []
    if (option !== '--hub' && option !== '--name') continue
    const value = inline ?? args[at + 1]
    if (!value || value.startsWith('--')) return err({ type: 'OptionWithoutValue', option })
    given[option].push(value)
  }
  const hubs = parseHubList(given['--hub'].join(' '))
  if (!hubs.ok) return hubs
  const called = given['--name'].filter(Boolean).at(-1)
  const name = called ? parseHubAddress(called) : null
  if (name && !name.ok) return name
  const own = name?.value ?? null
  // Listing itself as a neighbour is no mistake: one list can then serve all.
  return ok({ hubs: hubs.value.filter(({ origin }) => origin !== own?.origin), name: own })
}

/** What was wrong with the settings, for a terminal. */
export const wordsFor = (bad: BadSettings): string => {
  switch (bad.type) {
    case 'NotAHubAddress':
      return `“${bad.text}” is no address of a hub. They look like wss://hub.example or wss://hub.example:8443.`
    case 'HubWithoutTls':
      return `“${bad.text}” has no TLS: everybody on the way would see who comes. Only this machine needs none.`
    case 'HubTwice':
      return `“${bad.text}” is listed twice.`
    case 'TooManyHubs':
      return `More than ${bad.most} hubs are too many: every phone would keep a connection to each.`
    case 'OptionWithoutValue':
      return `${bad.option} needs an address, like wss://hub.example.`
  }
}
