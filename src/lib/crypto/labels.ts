/**
 * Every context string under which we hash, derive, sign or seal, in one place, so that no two uses can share one.
 * On the wire each stands behind `lumbre1 ` (hash, KDF) or `lumbre1 sig ` (signature). Append only: changing a label
 * makes old data unreadable. Spec: keys.md §3.
 */
export const HASH_LABELS = [
  'dev', // device id
  'led', // ledger entry id
  'att', // attachment of an entry
  'feed', // feed id
  'yc', // Yjs client id of a feed
  'ycs', // Yjs client id of a settled document
  'ct', // ciphertext inside a record id
  'rec', // record id
  'boxleaf', // leaf of the box tree
  'boxnode', // inner node of the box tree
  'epctx', // context of an epoch
  'kempk', // public KEM key inside a box key
  'kemct', // KEM ciphertext inside a box key
  'cb', // channel binding of a link
  'th', // transcript of a handshake
  'qr', // card commitment
  'meet', // a meeting of two devices that scanned each other
  'found', // stands for the collective while it is being founded
  'state', // ledger state
  'snap', // sealed snapshot
  'welcome', // welcome manifest
  'sas', // commitment to a nonce before words are read aloud
  'words', // words of an id read aloud
  'weave', // the woven band of a collective
  'presence', // presence payload
  'file', // file chunk
  'blob', // name of a sealed blob that others carry or fetch
  'within', // what binds a device of a circle to a device of the collective around it
  'founding', // invitation to found: the mailbox identity of the proposer
  'start', // how the ledger judged what a device wrote down for its next start; never leaves the device
  'passed', // a note that went through here to somebody else; never leaves the device
  'keeper', // how a keeper is named in its invitation, and what its first meeting is bound to
  'log', // one commit in the log of a keeper; never leaves its disk
  'closed', // name of a closed item in what was settled, by what it says
  'refound', // which collective a new one takes the place of, for who was in it
  'spoken', // what makes sure of each line of a code that is read aloud, and of all of them
] as const

export const KDF_LABELS = [
  'commit', // key commitment of an epoch
  'rec', // records of one feed under an epoch
  'file', // one file under an epoch
  'carry', // what a circle gives to others to carry, under an epoch
  'snap', // one snapshot under an epoch
  'box', // epoch key boxed for a device
  'grant', // existing keys boxed for a device
  'hs', // handshake secret
  'hs I', // initiator to responder, handshake
  'hs R', // responder to initiator, handshake
  'hs fin', // finished
  'link I', // initiator to responder, traffic
  'link R', // responder to initiator, traffic
  'exp', // exported secret of a link
  'sas', // words compared by voice
  'psk', // pre-shared secret of a pair
  'rv', // rendezvous mailbox
  'rvkey', // sealing of rendezvous messages
  'found', // founding seed
  'invite', // invitation signing key
  'slot', // passphrase slot
  'slotcommit', // passphrase slot commitment
  'store', // one store of a vault
  'row', // row names of a store
  'mark', // woven band of a vault's lock screen
  'profile', // name of the database of a vault
  'backup', // chunks of a backup file
] as const

export const SIGN_LABELS = [
  'led', // ledger entry
  'dev', // a device binds itself to a member of a collective
  'seal', // head of a feed
  'link R', // responder in a handshake
  'link I', // initiator in a handshake
  'invite', // proof of an invitation
  'presence', // presence of a device
  'welcome', // welcome manifest
  'within', // a device of a collective vouches for its own device in a circle
] as const

export type HashLabel = (typeof HASH_LABELS)[number]
export type KdfLabel = (typeof KDF_LABELS)[number]
export type SignLabel = (typeof SIGN_LABELS)[number]
