/**
 * What became of an input. `accepted` only says that it was taken notice of; a message may still have been
 * out of date. Nothing changed with any other answer.
 */
export type StepOutcome = 'accepted' | 'proposal-dropped' | 'peer-not-found' | 'local-message';
