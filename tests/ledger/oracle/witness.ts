import type { EntryId } from '../../../src/lib/core/ids.ts'
import type { Oracle } from './oracle.ts'
import { standing } from './strata.ts'
import { isOwed, writtenUnder } from './writing.ts'

/** What the rules had to decide in a ledger, by name: a comparison of ledgers in which nothing happens proves nothing. */
export const seenIn = (oracle: Oracle): readonly string[] => {
  const sum = oracle.state()
  const reading = oracle.reading(oracle.inForce(null))
  const ids = [...oracle.words.keys()]
  const seen: string[] = []
  const authorOf = (id: EntryId) => oracle.words.get(id)!.author
  const holderOf = (id: EntryId) => sum.held.get(authorOf(id))?.[0]
  const see = (name: string, is: boolean) => void (is && seen.push(name))
  for (const id of ids) {
    const does = reading.allowed(id)?.does
    if (does) seen.push(`${does.action} ${sum.void.has(id) ? 'void' : 'carried out'}`)
    see(`${oracle.words.get(id)!.act?.type} not allowed`, reading.allowed(id) === null)
    see('judged as if it stood on a final checkpoint', reading.past(id).size > oracle.past(id).size)
    see(
      'allowed when nothing is final, not so later',
      reading.allowed(id) === null && oracle.reading([]).allowed(id) !== null,
    )
  }
  for (const device of sum.places.keys()) seen.push(`device ${standing(sum, device)}`)
  see(
    'a device brought in by a suspended one',
    sum.biting.some(({ said, device }) => {
      const act = oracle.words.get(said)!.act!
      return act.type === 'suspend' && act.device !== device
    }),
  )
  see(
    'a copied phone',
    sum.biting.some(({ said }) => oracle.words.get(said)!.act!.type === 'rekey'),
  )
  see(
    'paused admission',
    [...sum.places.values()].some(({ pausedBy }) => pausedBy.length > 0),
  )
  see(
    'suspension said that does not bite',
    ids.some(
      (id) =>
        reading.act(id, 'suspend') &&
        reading.allowed(id) &&
        !sum.void.has(id) &&
        !sum.biting.some(({ said }) => said === id),
    ),
  )
  see(
    'a newcomer votes',
    [...sum.voters].some((member) => !sum.founders.includes(member)),
  )
  seen.push(...sum.noted)
  see('somebody signed two pasts', oracle.doubleSigners().length > 0)
  see(
    'a suspension that another seconds',
    sum.biting.some(({ said, device }) =>
      sum.biting.some(
        (other) =>
          other.device === device && holderOf(other.said) !== holderOf(said) && device !== authorOf(said),
      ),
    ),
  )
  see('somebody is dormant', sum.dormant.size > 0)
  see('one final', sum.finals.length > 0)
  see('two finals', sum.finals.length > 1)
  see('rival checkpoints', oracle.candidates().length > sum.finals.length)
  see('policy changed', sum.policy !== 2)
  see('rules raised', sum.minRules > 1)
  for (const [device, frontier] of sum.frontiers)
    see(`how far a device counts that is ${standing(sum, device)}`, frontier.length > 0)
  for (const { status } of sum.proposals) seen.push(`proposal ${status}`)
  const under = writtenUnder(sum, () => true)
  see('something is written under a key that is not the newest', under !== null && isOwed(sum))
  see('a rotation is owed', sum.epochs.size > 0 && isOwed(sum))
  see(
    'a key was renewed',
    ids.some((id) => reading.act(id, 'rekey') && !sum.void.has(id)),
  )
  see(
    'an epoch upon others',
    [...sum.epochs.values()].some(({ depth }) => depth > 1),
  )
  see('an invitation was used', sum.used.size > 0)
  see('eight who vote', sum.voters.size >= 8)
  see(
    'two holders of one device',
    [...sum.held.values()].some((holders) => holders.length > 1),
  )
  return seen
}
