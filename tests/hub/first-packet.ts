import { systemRandom } from '../../src/lib/crypto/random.ts'

/** A STUN binding request (RFC 8489 §5) that names both sides, as the first packet of ICE does; signed by nobody. */
export const knockOf = (username: string): Buffer => {
  const name = attribute(6, Buffer.from(username))
  const integrity = attribute(8, Buffer.from(systemRandom.bytes(20)))
  const head = Buffer.alloc(20)
  head.writeUInt16BE(1, 0)
  head.writeUInt16BE(name.length + integrity.length, 2)
  head.writeUInt32BE(0x2112a442, 4)
  Buffer.from(systemRandom.bytes(12)).copy(head, 8)
  return Buffer.concat([head, name, integrity])
}

const attribute = (type: number, value: Buffer): Buffer => {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  padded.writeUInt16BE(type, 0)
  padded.writeUInt16BE(value.length, 2)
  value.copy(padded, 4)
  return padded
}
