import type { RoomHub, Workspace } from '../../workspace/types.ts'
import { Live } from '../live.svelte.ts'

type HubState = ReturnType<RoomHub['state']['read']>

/** The hubs in the room, as the screen of meetings shows them. */
export class RoomHubList {
  readonly #hubs: Live<readonly RoomHub[]>
  readonly all: readonly { readonly hub: RoomHub; readonly state: Live<HubState> }[] = $derived.by(() =>
    this.#hubs.current.map((hub) => ({ hub, state: new Live<HubState>(hub.state) })),
  )

  constructor(workspace: Workspace) {
    this.#hubs = new Live(workspace.hubs)
  }
}
