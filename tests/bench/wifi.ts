import { spawnSync } from 'node:child_process'

/** What twelve phones share in one room: an ordinary wifi with some distance, Mbit/s. */
export const WIFI_MBIT = 20

/** Set where this process already is in such a room. */
const INSIDE = 'LUMBRE_BENCH_WIFI'

/** All that goes between two addresses of this machine goes over `lo`: held back there it is one medium for all. */
const SET_UP = `
set -e
ip link set lo up
ip link add phone0 type veth peer name phone1
ip address add 10.77.0.1/24 dev phone0
ip link set phone0 up
ip link set phone1 up
tc qdisc add dev lo root tbf rate ${WIFI_MBIT}mbit burst 64kb latency 300ms
exec "$0" "$@"
`

/** Whether this process is in such a room. */
export const isOnWifi = (): boolean => process.env[INSIDE] === '1'

/**
 * Runs this program again, with the same arguments, in a network of its own whose one medium is as slow as a wifi, and
 * hands over what it prints. `null`: this machine does not let us (root and `tc` are needed).
 */
export const onWifi = (name: string): string | null => {
  const [node, ...args] = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const others = args.filter((arg, i) => arg !== '--only' && args[i - 1] !== '--only')
  const run = spawnSync('unshare', ['--net', 'sh', '-c', SET_UP, node, ...others, '--only', name], {
    env: { ...process.env, [INSIDE]: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  return run.status === 0 ? run.stdout : null
}
