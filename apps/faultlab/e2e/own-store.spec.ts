import { GuidePlugin } from './guide-plugins.js';

const SYNC = '      await file.sync();\n';
const STORMS = ['sim', '--profile', 'usual', '--seconds', '2', '--twice-every', '0'];

let store: GuidePlugin;

beforeAll(async () => {
  store = await GuidePlugin.of('Your own store');
});
afterAll(() => store.remove());

test("somebody's store goes through storms, and nothing breaks", async () => {
  const ended = await store.run(store.source, ...STORMS, '--seeds', '2', '--jobs', '2');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
});

test('the same store breaks a rule when it does not sync what it promises', async () => {
  expect(store.source).toContain(SYNC);
  const { code, stdout } = await store.run(store.source.replace(SYNC, ''), ...STORMS, '--seeds', '2');
  expect(stdout).toMatch(/BROKEN (R|T|L|E)\d/);
  expect([3, 4, 5]).toContain(code);
});

test('what a simulation cannot take from a plugin is refused, with the reason', async () => {
  const clock = store.source.replaceAll('UntrustedStores', 'Clock');
  const { code, stderr } = await store.run(clock, ...STORMS, '--seeds', '1');
  expect(code).toBe(2);
  expect(stderr).toContain('provides Clock; a simulation takes UntrustedStores, RaftLogs');
});

test('a crash behind every operation is for logs, and the plugins must have one', async () => {
  const { code, stderr } = await store.run(store.source, 'crashpoints');
  expect(code).toBe(2);
  expect(stderr).toContain('no plugin that provides RaftLogs');
});
