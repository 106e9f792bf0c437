import type { RoomHub, Workspace } from '../../workspace/types.ts'
import { Live } from '../live.svelte.ts'

type HubState = ReturnType<RoomHub['state']['read']>

/** The hubs in the room, as the screen of meetings shows them. */
export class RoomHubList {
  readonly #workspace: Workspace
  readonly #hubs: Live<readonly RoomHub[]>
  readonly all: readonly { readonly hub: RoomHub; readonly state: Live<HubState> }[] = $derived.by(() =>
    this.#hubs.current.map((hub) => ({ hub, state: new Live<HubState>(hub.state) })),
  )

  constructor(workspace: Workspace) {
    this.#workspace = workspace
    this.#hubs = new Live(workspace.hubs)
  }

  /** Takes what was scanned or pasted if it is the code of a hub. `false`: it is something else. */
  take(text: string): boolean {
    return this.#workspace.joinHub(text).ok
  }
}
