import { execFileSync, spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findChromium } from '../../scripts/chromium.mjs'

/**
 * A wifi on one machine: network namespaces on a bridge of their own, with no route to anywhere else. Needs root and
 * `ip` (iproute2, which `npm test` installs as root where it is missing); losing packets needs `nft`.
 *
 *     test.skip(whyNoLan() !== null, whyNoLan() ?? '')          // prints why
 *     const lan = createLan()
 *     const [a, b] = [lan.machine(), lan.machine()]             // 10.77.0.11, 10.77.0.12
 *     await lan.internet('there', { port: 4221 })               // 127.0.0.1:4221 of every machine is that of this one
 *     const phone = await Phone.of('Ana', 'http://127.0.0.1:4221', a.chromium!)
 *     …                                                         // found, write; `phone.keepsTheApp()`
 *     await lan.internet('gone')                                // from here on there is only the bridge
 *     a.plug('out') · a.plug('in')                              // out of the wifi, and back
 *     a.moves()                                                 // another address, as another wifi gives
 *     a.sleeps() · a.wakes()                                    // everything that runs there stands still, and goes on
 *     const end = a.isolate()                                   // client isolation: reaches only who is not isolated
 *     lan.cut([a, b]) · lan.heal()                              // two networks, and one again
 *     lan.noMulticast()                                         // no mDNS
 *     const end = lan.hotspot(a, [b])                           // a is the wifi of b, and has mobile data behind it
 *     a.gateway()                                               // a default route that leads nowhere; without it: none
 *     a.loses(10)                                               // one UDP packet in ten does not arrive
 *     a.run('node', ['dist/hub/main.js', '--lan'])              // any program there
 *     await lan.close()                                         // ends what runs there; always, in afterEach
 *
 * The bridge lives in a namespace too, so that nothing of it is seen outside, and several tests can run at once with
 * the same addresses. Names hold the process id; what a killed process left is cleared away by the next.
 */
export interface Lan {
  /** One more machine in the wifi. At most 200. */
  machine(): Machine
  /**
   * `there`: this machine’s 127.0.0.1:port is also that of every machine made before, so a page from it is a secure
   * context. `gone`: cut at once, and refused from then on.
   */
  internet(state: 'there', at: { readonly port: number }): Promise<void>
  internet(state: 'gone'): Promise<void>
  /** These machines are in a network of their own from now on. */
  cut(apart: readonly Machine[]): void
  heal(): void
  noMulticast(): void
  /**
   * A phone makes the wifi itself, as Android does: it is 192.168.43.1 there, and the way out of `guests` (.11, .12 …); its own
   * way out is mobile data (100.64.0.2), which leads nowhere. None of them is in the other wifi until the returned is called.
   */
  hotspot(host: Machine, guests: readonly Machine[]): () => void
  close(): Promise<void>
}

export interface Machine {
  readonly address: string
  /** A program that starts Chromium there: give it to Playwright as `executablePath`. `null`: no Chromium here. */
  readonly chromium: string | null
  run(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess
  plug(how: 'in' | 'out'): void
  /** The address of before is gone at once. At most 40 times in one wifi. */
  moves(): void
  sleeps(): void
  wakes(): void
  /** Until the returned is called. */
  isolate(): () => void
  gateway(): void
  loses(percent: number): void
}

/** Why there can be no such network here, in one sentence, or `null`. */
export const whyNoLan = (): string | null => {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux'
  if (process.getuid?.() !== 0) return 'making network namespaces takes root'
  if (spawnSync('ip', ['-V']).status !== 0) return 'there is no `ip` (iproute2) here'
  const name = `${prefixOf(process.pid)}probe`
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' })
  if (made.status !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`
  spawnSync('ip', ['netns', 'del', name])
  return null
}

/** Why a machine cannot lose packets here, in one sentence, or `null`. */
export const whyNoLoss = (): string | null =>
  whyNoLan() ?? (spawnSync('nft', ['-v']).error ? 'there is no `nft` (nftables) here' : null)

/** Where a machine is plugged in. `setWifi`: takes its address too, or gives it back. */
type Port = {
  readonly machine: Machine
  readonly port: string
  readonly namespace: string
  readonly setWifi: (how: 'in' | 'out') => void
}

const PREFIX = 'lumbre-'
const prefixOf = (pid: number): string => `${PREFIX}${pid}-`
const SUBNET = '10.77.0'
const BRIDGES = ['br0', 'br1'] as const

let lans = 0

export const createLan = (): Lan => {
  clearLeftovers()
  const prefix = `${prefixOf(process.pid)}${lans++}-`
  const bridge = `${prefix}bridge`
  const folder = mkdtempSync(join(tmpdir(), 'lumbre-lan-'))
  const socketPath = join(folder, 'internet')
  const namespaces: string[] = []
  const processes = new Set<ChildProcess>()
  const ports: Port[] = []
  let moves = 0
  let hotspots = 0
  let internet: { readonly server: Server; readonly sockets: Set<Socket>; readonly port: number } | null =
    null

  const addNamespace = (name: string) => {
    ip('netns', 'add', name)
    namespaces.push(name)
    // An IPv6 address is there at once, or for a browser its network changes a second or two after it began to load.
    ip('netns', 'exec', name, 'sh', '-c', `[ ! -e ${DUPLICATE_CHECK} ] || echo 0 > ${DUPLICATE_CHECK}`)
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  const run = (namespace: string, program: string, args: readonly string[], options: SpawnOptions = {}) => {
    const child = spawn('ip', ['netns', 'exec', namespace, program, ...args], options)
    processes.add(child)
    child.on('exit', () => processes.delete(child))
    return child
  }
  const forward = async (namespace: string, port: number): Promise<void> => {
    const script = fileURLToPath(new URL('forward.mjs', import.meta.url))
    const child = run(namespace, process.execPath, [script, String(port), socketPath], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout!, 'data')
  }

  addNamespace(bridge)
  for (const name of BRIDGES) {
    ip('-n', bridge, 'link', 'add', name, 'type', 'bridge')
    ip('-n', bridge, 'link', 'set', name, 'up')
  }

  const machine = (): Machine => {
    const number = ports.length + 1
    if (number > 200) throw new Error('this wifi is full')
    const namespace = `${prefix}${number}`
    const port = `port${number}`
    let address = `${SUBNET}.${10 + number}`
    let hasGateway = false
    const setAddress = (now: string | null) => {
      ip('-n', namespace, 'addr', 'flush', 'dev', 'eth0')
      if (now === null) return
      ip('-n', namespace, 'addr', 'add', `${now}/24`, 'dev', 'eth0')
      if (hasGateway) made.gateway()
    }
    addNamespace(namespace)
    ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
    ip('-n', bridge, 'link', 'set', port, 'master', BRIDGES[0], 'up')
    ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
    ip('-n', namespace, 'link', 'set', 'eth0', 'up')
    const made: Machine = {
      get address() {
        return address
      },
      chromium: wrapperFor(folder, namespace),
      run: (program, args, options) => run(namespace, program, args, options),
      plug: (how) => ip('-n', bridge, 'link', 'set', port, how === 'in' ? 'up' : 'down'),
      moves: () => {
        if (++moves > 40) throw new Error('this wifi has no address left')
        address = `${SUBNET}.${210 + moves}`
        setAddress(address)
      },
      sleeps: () => signalAll(namespace, 'SIGSTOP'),
      wakes: () => signalAll(namespace, 'SIGCONT'),
      isolate: () => {
        const set = (how: 'on' | 'off') =>
          ip('-n', bridge, 'link', 'set', port, 'type', 'bridge_slave', 'isolated', how)
        set('on')
        return () => set('off')
      },
      gateway: () => {
        ip('-n', namespace, 'route', 'replace', 'default', 'via', `${SUBNET}.1`)
        hasGateway = true
      },
      loses: (percent) =>
        void execFileSync('ip', ['netns', 'exec', namespace, 'nft', '-f', '-'], { input: lossOf(percent) }),
    }
    const setWifi = (how: 'in' | 'out') => {
      made.plug(how)
      setAddress(how === 'in' ? address : null)
    }
    ports.push({ machine: made, port, namespace, setWifi })
    return made
  }

  const hotspot = (host: Machine, guests: readonly Machine[]): (() => void) => {
    const [own, ...others] = [host, ...guests].map((one) => ports.find(({ machine }) => machine === one)!)
    const within = own!.namespace
    const tower = `${prefix}tower${hotspots++}`
    for (const { setWifi } of [own!, ...others]) setWifi('out')
    ip('-n', within, 'link', 'add', 'ap0', 'type', 'bridge')
    ip('-n', within, 'addr', 'add', '192.168.43.1/24', 'dev', 'ap0')
    ip('-n', within, 'link', 'set', 'ap0', 'up')
    for (const [i, { namespace }] of others.entries()) {
      ip('-n', within, 'link', 'add', `ap0p${i}`, 'type', 'veth', 'peer', 'name', 'wlan0', 'netns', namespace)
      ip('-n', within, 'link', 'set', `ap0p${i}`, 'master', 'ap0', 'up')
      ip('-n', namespace, 'addr', 'add', `192.168.43.${11 + i}/24`, 'dev', 'wlan0')
      ip('-n', namespace, 'link', 'set', 'wlan0', 'up')
      ip('-n', namespace, 'route', 'add', 'default', 'via', '192.168.43.1')
    }
    addNamespace(tower)
    ip('-n', within, 'link', 'add', 'rmnet0', 'type', 'veth', 'peer', 'name', 'cell', 'netns', tower)
    for (const [namespace, device, address] of [
      [tower, 'cell', '100.64.0.1/30'],
      [within, 'rmnet0', '100.64.0.2/30'],
    ] as const) {
      ip('-n', namespace, 'addr', 'add', address, 'dev', device)
      ip('-n', namespace, 'link', 'set', device, 'up')
    }
    ip('-n', within, 'route', 'add', 'default', 'via', '100.64.0.1')
    return () => {
      for (const i of others.keys()) ip('-n', within, 'link', 'del', `ap0p${i}`)
      for (const device of ['ap0', 'rmnet0']) ip('-n', within, 'link', 'del', device)
      for (const { setWifi } of [own!, ...others]) setWifi('in')
    }
  }

  const setMaster = (of: (machine: Machine) => (typeof BRIDGES)[number]) => {
    for (const { machine, port } of ports) ip('-n', bridge, 'link', 'set', port, 'master', of(machine))
  }

  /** Forwarders stand from the first time on; what they lead to comes and goes. */
  const forwarded = new Set<string>()
  const setInternet = async (state: 'there' | 'gone', at?: { readonly port: number }): Promise<void> => {
    if (internet) {
      const { server, sockets } = internet
      internet = null
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
    if (state === 'gone' || !at) return
    const sockets = new Set<Socket>()
    const server = createServer((near) => {
      const far = connect(at.port, '127.0.0.1')
      for (const socket of [near, far]) {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          sockets.delete(socket)
          near.destroy()
          far.destroy()
        })
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    internet = { server, sockets, port: at.port }
    for (const [i] of ports.entries()) {
      const namespace = `${prefix}${i + 1}`
      if (forwarded.has(`${namespace} ${at.port}`)) continue
      forwarded.add(`${namespace} ${at.port}`)
      await forward(namespace, at.port)
    }
  }

  const lan: Lan = {
    machine,
    hotspot,
    internet: setInternet,
    cut: (apart) => setMaster((machine) => (apart.includes(machine) ? BRIDGES[1] : BRIDGES[0])),
    heal: () => setMaster(() => BRIDGES[0]),
    noMulticast: () => {
      for (const name of BRIDGES)
        ip('-n', bridge, 'link', 'set', name, 'type', 'bridge', 'mcast_snooping', '0')
      for (const { port } of ports)
        ip('-n', bridge, 'link', 'set', port, 'type', 'bridge_slave', 'mcast_flood', 'off')
    },
    close: async () => {
      await setInternet('gone')
      const ended = [...processes].map((child) => once(child, 'exit'))
      for (const child of processes) child.kill('SIGKILL')
      await Promise.all(ended)
      process.off('exit', clear)
      clear()
    },
  }
  const clear = () => {
    for (const name of namespaces.splice(0)) endNamespace(name)
    rmSync(folder, { recursive: true, force: true })
  }
  process.on('exit', clear)
  return lan
}

/** How often an address is asked for before it is taken (RFC 4862 §5.4), of what is made in a namespace from then on. */
const DUPLICATE_CHECK = '/proc/sys/net/ipv6/conf/default/accept_dad'

const ip = (...args: readonly string[]): void => {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** A namespace lives as long as anything runs in it, also without a name. */
const endNamespace = (name: string): void => {
  signalAll(name, 'SIGKILL')
  spawnSync('ip', ['netns', 'del', name])
}

/** To everything that runs in a namespace. */
const signalAll = (name: string, signal: NodeJS.Signals): void => {
  const { stdout } = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' })
  for (const pid of (stdout ?? '').split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), signal)
    } catch {
      // it went by itself
    }
  }
}

/** Replaces what was lost before. */
const lossOf = (percent: number): string => `
  add table inet loss
  delete table inet loss
  table inet loss {
    chain in {
      type filter hook input priority 0
      meta l4proto udp numgen random mod 100 < ${percent} drop
    }
  }
`

const wrapperFor = (folder: string, namespace: string): string | null => {
  const chromium = findChromium()
  if (!chromium) return null
  const path = join(folder, `chromium-${namespace}`)
  writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${namespace} '${chromium}' "$@"\n`, { mode: 0o755 })
  return path
}

/** Of processes that were killed before they could clear up. */
const clearLeftovers = (): void => {
  for (const name of namesOfNamespaces()) {
    const [, pid] = /^lumbre-(\d+)-/.exec(name) ?? []
    if (pid && !isAlive(Number(pid))) endNamespace(name)
  }
}

const namesOfNamespaces = (): readonly string[] => {
  try {
    return readdirSync('/run/netns')
  } catch {
    return []
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
