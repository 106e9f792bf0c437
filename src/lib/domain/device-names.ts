import * as Y from 'yjs'
import type { DeviceId } from '../core/ids.ts'
import { change } from './change.ts'
import { rootOf } from './document.ts'
import { readField, writeField } from './fields.ts'
import { isMap, oncePerDocument } from './items.ts'
import type { Watched } from '../core/watched.ts'
import { oneLine } from './text.ts'

/** What phones are called, by whoever holds them: “the one of the kitchen”. A name helps to recognise a phone and proves nothing. */
export type DeviceNames = ReadonlyMap<DeviceId, string>

export const deviceNames: (doc: Y.Doc) => Watched<DeviceNames> = oncePerDocument((doc) => {
  const root = rootOf(doc, 'devices')
  return {
    read: () =>
      new Map(
        [...root].flatMap(([id, item]): readonly (readonly [DeviceId, string])[] => {
          const name = isMap(item) ? readField(item, 'name', oneLine).versions[0]?.text : undefined
          return name ? [[id as DeviceId, name]] : []
        }),
      ),
    watch: (onChange) => {
      root.observeDeep(onChange)
      return () => root.unobserveDeep(onChange)
    },
  }
})

/** Calls a phone by a name; an empty one takes the name away. */
export const nameDevice = (doc: Y.Doc, device: DeviceId, name: string): void =>
  change(doc, () => {
    const root = rootOf(doc, 'devices')
    const known = root.get(device)
    const item = isMap(known) ? known : new Y.Map<unknown>()
    if (item !== known) root.set(device, item)
    writeField(item, { field: 'name', text: oneLine(name) })
  })
