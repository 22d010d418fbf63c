/** What every command says of a purger that observes. */
export const observingReason = 'observing: nothing is purged';
