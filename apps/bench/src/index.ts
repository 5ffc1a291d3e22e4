import { eventLoop } from './benches/event-loop.js';
import { kvEncrypted } from './benches/kv-encrypted.js';
import { kvOneNode } from './benches/kv-one-node.js';
import { seal } from './benches/seal.js';
import { store } from './benches/store.js';
import type { Bench } from './measure.js';

export const BENCHES: readonly Bench[] = [seal, store, kvEncrypted, eventLoop, kvOneNode];
