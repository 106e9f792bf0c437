import fc from 'fast-check'

/**
 * Drawn examples are the same in every run, so that what failed once fails again and what passed says something of
 * the change, not of the dice. Long runs draw new ones each time, and print their seed when they fail: `SEED=n`
 * draws those again.
 */
const { SEED, SLOW } = process.env
if (SEED !== undefined || SLOW !== '1') fc.configureGlobal({ seed: Number(SEED ?? 19680504) })
