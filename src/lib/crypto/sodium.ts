// The one file that imports libsodium. See note: one verifier (docs/adr/0003).
import sodium from 'libsodium-wrappers'

await sodium.ready

export default sodium
