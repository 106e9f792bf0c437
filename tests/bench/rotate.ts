import { expectOk } from '../../src/lib/core/result.ts'
import { encapsulate } from '../../src/lib/crypto/kem.ts'
import { createLedger } from '../../src/lib/ledger/graph.ts'
import { activeDevices } from '../../src/lib/ledger/epochs.ts'
import { createRotate } from '../../src/lib/ledger/rotation.ts'
import { AssemblyHistory } from './assembly-history.ts'
import { figure, type Figure } from './report.ts'

/** A new epoch for 200 devices, boxes, root and signature, beside as many bare X-Wing encapsulations. */
export const rotate = ({ rounds }: { rounds: number }): readonly Figure[] => {
  const history = new AssemblyHistory({ acts: 0, members: 200, devices: 200 })
  const ledger = expectOk(createLedger(history.genesis))
  ledger.add(history.wires)
  const state = ledger.state()
  const keys = activeDevices(state).map((id) => state.devices.get(id)!.kemPk)
  const [ours, bare]: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    bare.push(timed(() => keys.map((key) => encapsulate(key))))
    ours.push(timed(() => createRotate({ ledger, own: history.founder })))
  }
  return [
    figure({
      name: `rotate (${keys.length} devices)`,
      unit: 'ms',
      values: ours,
      baseline: bare,
      baselineName: 'as many X-Wing encapsulations',
      goal: { atMost: 1.3 },
    }),
  ]
}

const timed = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}
