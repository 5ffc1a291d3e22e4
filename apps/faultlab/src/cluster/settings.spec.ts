import { applierEncryption } from '@caisson/applier-encryption';
import { settingsOf } from './settings.js';

test('settings are filled in as the program does it, and refused as the program does it (LAB-10)', () => {
  expect(settingsOf(applierEncryption, { enabled: false })).toMatchObject({ envelopeVersion: 2 });
  expect(() => settingsOf(applierEncryption, { envelopeVersion: 3 })).toThrow('LAB-10');
});
