import type { Membership } from '../../workspace/types.ts'

/** How many phones of this person belong, this one too. */
export const ownPhones = ({ members }: Membership): number =>
  members.find(({ me }) => me)?.devices.filter(({ standing }) => standing === 'active').length ?? 0
