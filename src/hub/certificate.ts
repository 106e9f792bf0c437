import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** The hub’s DTLS certificate with its key, as PEM, and what stands in the code for it. */
export type HubCertificate = {
  readonly certificate: string
  readonly key: string
  /** SHA-256 of the certificate, 32 bytes. */
  readonly fingerprint: Uint8Array
}

const FILE = 'hub.pem'

/**
 * The certificate in `folder`, made at the first start: a code that hangs on the wall stays true. One file, readable by
 * its owner alone. Who copies it can stand in for the hub, and still reads nothing. Rejects when the folder cannot be
 * written, or holds something else under that name.
 */
export const keptCertificate = async (folder: string): Promise<HubCertificate> => {
  const path = join(folder, FILE)
  const kept = await readFile(path, 'utf8').catch(() => null)
  if (kept !== null) return certificateFrom(kept)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const made = makeCertificate()
  // Whole or not at all: a power cut must not leave half a key.
  const file = await open(`${path}.new`, 'w', 0o600)
  await file.writeFile(`${made.certificate}${made.key}`)
  await file.sync()
  await file.close()
  await chmod(`${path}.new`, 0o600)
  await rename(`${path}.new`, path)
  return made
}

const certificateFrom = (text: string): HubCertificate => {
  const [certificate] = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----\n/.exec(text) ?? []
  const [key] = /-----BEGIN PRIVATE KEY-----[\s\S]+?-----END PRIVATE KEY-----\n/.exec(text) ?? []
  if (!certificate || !key) throw new Error(`${FILE} is damaged. Move it away, and the hub gets a new code.`)
  const der = Buffer.from(certificate.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')
  return { certificate, key, fingerprint: fingerprintOf(der) }
}

const fingerprintOf = (der: Buffer): Uint8Array => new Uint8Array(createHash('sha256').update(der).digest())

/** Self-signed, P-256, without a date or a name that would say anything (RFC 5280 §4.1, RFC 8827 §6.5). */
export const makeCertificate = (): HubCertificate => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = sequence(tlv(OBJECT_ID, ECDSA_WITH_SHA256))
  const name = sequence(tlv(SET, sequence(tlv(OBJECT_ID, COMMON_NAME), tlv(UTF8, Buffer.from('WebRTC')))))
  const body = sequence(
    tlv(VERSION_TAG, tlv(INTEGER, Buffer.from([2]))),
    // Positive, never zero.
    tlv(INTEGER, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name,
    sequence(tlv(TIME, Buffer.from('20200101000000Z')), tlv(TIME, Buffer.from('99991231235959Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  const der = sequence(body, algorithm, tlv(BIT_STRING, Buffer.concat([Buffer.from([0]), signature])))
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    fingerprint: fingerprintOf(der),
  }
}

/** DER tags. */
const [INTEGER, BIT_STRING, OBJECT_ID, UTF8, TIME, SET, VERSION_TAG] = [2, 3, 6, 12, 24, 0x31, 0xa0] as const
/** 1.2.840.10045.4.3.2 and 2.5.4.3 */
const ECDSA_WITH_SHA256 = Buffer.from('2a8648ce3d040302', 'hex')
const COMMON_NAME = Buffer.from('550403', 'hex')

const tlv = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts)
