import { describeKit, type PluginCompliance, storeKit, verifyPlugin } from '@caisson/compliance';
import * as storeMemory from './index.js';

const offered: PluginCompliance = storeMemory.compliance;

describeKit(
  storeKit,
  storeMemory.compliance.kits[0].harness,
  { describe, it },
  {
    lacks: {
      durable: 'memory is not durable',
      damage: 'there are no files to damage',
      files: 'there are no files to free',
    },
  },
);

test('the package offers what `caisson plugin verify` asks for', async () => {
  expect(offered.kits).toHaveLength(1);
  expect(await verifyPlugin(storeMemory)).toMatchObject({ isCompliant: true, problems: [] });
});
