/** Epochs are 16 bits of every nonce. */
export const EPOCH_MAX = 0xffff;
