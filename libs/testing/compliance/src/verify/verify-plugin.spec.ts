import {
  CONTRACTS_VERSION,
  definePlugin,
  Gateway,
  KekProvider,
  type Plugin,
  service,
  UntrustedStores,
} from '@caisson/contracts';
import { PlainStores } from '../doubles/plain-stores.js';
import { toyKekHarness } from '../mutants/kek-mutants.js';
import { ToyKek } from '../toys/toy-kek.js';
import { KITS, kitFor } from './kits.js';
import type { PluginCompliance } from './plugin-compliance.js';
import { verifyPlugin } from './verify-plugin.js';

const plugin: Plugin = definePlugin({
  id: 'kek-toy',
  contracts: CONTRACTS_VERSION,
  services: () => [service({ provides: KekProvider, create: () => new ToyKek() })],
});
const compliance: PluginCompliance = { kits: [{ kit: 'kek', harness: toyKekHarness }] };

describe('verifyPlugin', () => {
  it('runs the kits that a plugin offers', async () => {
    const seen: string[] = [];
    const verdict = await verifyPlugin({ plugin, compliance }, { onResult: ({ id }) => void seen.push(id) });
    expect(verdict).toMatchObject({ plugin: 'kek-toy', isCompliant: true, problems: [], unexamined: [] });
    expect(verdict.results).toHaveLength(KITS.kek.cases.length);
    expect(seen).toEqual(KITS.kek.cases.map(({ id }) => id));
  });

  it('holds a failed case against it, and lists skipped ones without', async () => {
    const alike = { provider: new ToyKek(), foreign: new ToyKek() };
    const failed = await verifyPlugin({
      plugin,
      compliance: { kits: [{ kit: 'kek', harness: () => alike }] },
    });
    expect(failed.isCompliant).toBe(false);
    const poor = { kits: [{ kit: 'kek', harness: () => ({ provider: new ToyKek() }) }] };
    const verdict = await verifyPlugin({ plugin, compliance: poor });
    expect(verdict.isCompliant).toBe(true);
    expect(verdict.results.filter(({ verdict: each }) => each === 'skipped').length).toBeGreaterThan(0);
  });

  it('tells a contract that nobody examined from one that has no kit', async () => {
    const silent: Plugin = {
      ...plugin,
      services: () => [
        service({ provides: KekProvider, create: () => new ToyKek() }),
        service({ provides: UntrustedStores, create: () => new PlainStores() }),
        service({ provides: Gateway, create: () => ({ name: 'none', addresses: [] }) }),
      ],
    };
    const verdict = await verifyPlugin({ plugin: silent, compliance });
    expect(verdict.problems).toEqual(['provides UntrustedStores and offers no harness for the store kit']);
    expect(verdict.unexamined).toEqual(['Gateway']);
    expect(verdict.isCompliant).toBe(false);
    const { problems } = await verifyPlugin({ plugin });
    expect(problems).toEqual(['provides KekProvider and offers no harness for the kek kit']);
  });

  it('says what is wrong with an offer, a configuration, or a generation', async () => {
    const strict: Plugin = {
      ...plugin,
      contracts: 99,
      config: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: () => ({ issues: [{ message: 'path is missing' }] }),
        },
      },
    };
    const offers = { kits: [{ kit: 'teapot', harness: toyKekHarness }, { kit: 'kek' }] };
    const { problems, results } = await verifyPlugin({ plugin: strict, compliance: offers });
    expect(problems).toEqual([
      'built for contracts 99; these kits examine contracts 1',
      'its own example configuration does not pass its schema: path is missing',
      'offers a kit that is not known: teapot',
      'offers the kek kit without a harness',
    ]);
    expect(results).toEqual([]);
  });

  it('refuses a module without a plugin', async () => {
    await expect(verifyPlugin({ compliance })).rejects.toMatchObject({ code: 'PLUGIN_INVALID' });
  });
});

test('each kit is found by the contract that it examines', () => {
  for (const [id, { contract }] of Object.entries(KITS)) expect(kitFor(contract)).toBe(id);
  expect(kitFor('Gateway')).toBeUndefined();
});
