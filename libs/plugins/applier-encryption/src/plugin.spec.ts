import { type AnyService } from '@caisson/contracts';
import { applierEncryption } from './plugin.js';

async function configured(input: unknown): Promise<readonly AnyService[] | readonly string[]> {
  const result = await applierEncryption.config!['~standard'].validate(input);
  if (result.issues !== undefined) return result.issues.map(({ path = [] }) => path.join('.'));
  return applierEncryption.services(result.value);
}

const PROVIDED = [
  'NodeEncryption',
  'EncryptionLayer',
  'StoredStates',
  'EncryptionService',
  'Applier',
  'KeyDriver',
  'Rewrite',
  'RetiredKeys',
  'KeyLifecycleService',
  'KekCanary',
  'UsageReports',
  'StandingRotations',
];

test('it provides the door, the applier, what brings keys about and what orders them, on by default', async () => {
  const services = (await configured(undefined)) as readonly AnyService[];
  const provided = services.map(({ provides }) => provides.name.replace('@caisson/encryption/', ''));
  expect(provided).toEqual(PROVIDED);
});

test('only a version that this build writes can be asked for, and unknown options are refused', async () => {
  expect(await configured({ envelopeVersion: 3 })).toEqual(['envelopeVersion']);
  for (const envelopeVersion of [1, 2])
    expect(await configured({ envelopeVersion })).toHaveLength(PROVIDED.length);
  expect(await configured({ usage: { softBytes: 4096, hardBytes: 2048 } })).toEqual(['usage.softBytes']);
  expect(await configured({ rotateOnStartup: { purpose: 'all' } })).toEqual(['rotateOnStartup.purpose']);
  expect(await configured({ enabled: 'yes' })).toEqual(['enabled']);
  expect(await configured({ disabled: true })).toHaveLength(1);
  expect(await configured({ enabled: false })).toHaveLength(PROVIDED.length);
});
