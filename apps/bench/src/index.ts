import { apply } from './benches/apply.js';
import { eventLoop } from './benches/event-loop.js';
import { growth } from './benches/growth.js';
import { kvEncrypted } from './benches/kv-encrypted.js';
import { kvOneNode } from './benches/kv-one-node.js';
import { kvThreeNodes } from './benches/kv-three-nodes.js';
import { memory } from './benches/memory.js';
import { rewrite } from './benches/rewrite.js';
import { seal } from './benches/seal.js';
import { snapshot } from './benches/snapshot.js';
import { store } from './benches/store.js';
import type { Bench } from './measure.js';

export const BENCHES: readonly Bench[] = [
  seal,
  store,
  apply,
  growth,
  memory,
  eventLoop,
  kvEncrypted,
  kvOneNode,
  kvThreeNodes,
  snapshot,
  rewrite,
];
