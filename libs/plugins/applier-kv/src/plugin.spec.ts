import { toUtf8 } from '@caisson/base';
import { ClearEncryption, ManualClock, MemoryLogs, PlainStores, ReferenceEngine } from '@caisson/compliance';
import type { AnyService, Applier, Faults, KvService, Logger } from '@caisson/contracts';
import { ApplierKvConfig, applierKv } from './index.js';

const logger: Logger = { log: () => undefined, child: () => logger };
const faults: Faults = { degraded: () => undefined, recovered: () => undefined, fatal: () => undefined };

interface Running {
  readonly kv: KvService;
  stop(): Promise<void>;
}

/** The plugin's services over a reference engine, created and started as a host does. */
async function start(stores: PlainStores, logs: MemoryLogs, config: unknown = undefined): Promise<Running> {
  const clock = new ManualClock();
  const [groupsOf, applierOf, kvOf] = applierKv.services(
    ApplierKvConfig.parse(config),
  ) as readonly AnyService[];
  const groups: unknown = groupsOf!.create({ clock }, faults);
  const applier = applierOf!.create({ groups }, faults) as Applier;
  const encryption = new ClearEncryption(stores);
  const onFatal = (): void => undefined;
  const engine = new ReferenceEngine({ logs, encryption, appliers: [applier], groups: [1], onFatal });
  const kv = kvOf!.create({ engine, groups, clock, logger, meter: undefined }, faults) as KvService;
  await engine.start();
  await kvOf!.start!(kv, new AbortController().signal);
  return {
    kv,
    stop: async () => {
      await kvOf!.drain!(kv, new AbortController().signal);
      await kvOf!.stop!(kv);
      await engine.stop();
    },
  };
}

test('calls become entries and entries become versions, over a restart too', async () => {
  const [stores, logs] = [new PlainStores(), new MemoryLogs()];
  const mutation = { op: 'put' as const, key: toUtf8('a'), value: toUtf8('one') };
  const first = await start(stores, logs);
  const written = await first.kv.write({ mutations: [mutation] }, {});
  expect(written.kind).toBe('committed');
  await first.stop();
  const second = await start(stores, logs);
  const { found } = await second.kv.get({ key: toUtf8('a') }, {});
  expect(found?.value).toEqual(toUtf8('one'));
  const { startTs } = await second.kv.begin({});
  expect(written).toMatchObject({ commitTs: startTs });
  await second.stop();
});

test('the configured limits are those of the service', async () => {
  const running = await start(new PlainStores(), new MemoryLogs(), { valueBytesMax: 10 });
  const mutation = { op: 'put' as const, key: toUtf8('a'), value: new Uint8Array(11) };
  await expect(running.kv.write({ mutations: [mutation] }, {})).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    details: { field: 'mutations[0].value', limit: 10, bytes: 11 },
  });
  await running.stop();
});

test('an empty section is the defaults; unknown and impossible fields are problems', () => {
  expect(ApplierKvConfig.parse(undefined)).toEqual(ApplierKvConfig.parse({}));
  expect(ApplierKvConfig.parse({}).valueBytesMax).toBe(8 * 1024 * 1024);
  const parsed = ApplierKvConfig.safeParse({
    valueBytesMax: 65 * 1024 * 1024,
    retentionMs: 0,
    colour: 'red',
  });
  const renewed = ApplierKvConfig.safeParse({ ceilingWindowMs: 500 });
  expect(renewed.error?.issues).toMatchObject([{ path: ['ceilingRenewalMs'] }]);
  expect(parsed.error?.issues.map(({ path }) => path.join('.')).sort()).toEqual([
    '',
    'retentionMs',
    'valueBytesMax',
  ]);
});
