import { type ApplierHarness, applierKit, describeKit, type ScriptStep } from '@caisson/compliance';
import { fullNodeId } from '@caisson/formats';
import { makeNode, script, type TestNode } from '../e2e/test-node.js';

const OWN = fullNodeId('n1');

/** An applier belongs to the store of its own node: the next one that the kit asks for. */
async function makeHarness(): Promise<ApplierHarness> {
  const nodes: TestNode[] = [];
  let paired: TestNode | undefined;
  const newNode = async () => {
    const node = await makeNode();
    nodes.push(node);
    return node;
  };
  const steps: readonly ScriptStep[] = await script(OWN);
  return {
    applier: async () => {
      paired = await newNode();
      return paired.applier;
    },
    store: async () => {
      const node = paired ?? (await newNode());
      paired = undefined;
      return node.session.store;
    },
    script: steps,
    malformed: [
      Uint8Array.of(3),
      Uint8Array.of(4, 2, 1),
      Uint8Array.of(5, 1, 1),
      Uint8Array.of(6),
      Uint8Array.of(7),
    ],
    dispose: async () => {
      for (const node of nodes) await node.close();
    },
  };
}

describeKit(applierKit, makeHarness, { describe, it });
