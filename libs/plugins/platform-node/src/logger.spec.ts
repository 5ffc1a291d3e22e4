import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { CaissonError, Secret } from '@caisson/contracts';
import { presentFields } from './log-fields.js';

const ENTRY = join(import.meta.dirname, '..', 'dist', 'index.js');

function printed(options: object, script: string): { stdout: string; stderr: string } {
  const source = `import { createLogger } from ${JSON.stringify(ENTRY)};
    const logger = createLogger(${JSON.stringify(options)});
    ${script}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    encoding: 'utf8',
  });
  return { stdout, stderr };
}

test('lines go to stderr as JSON with time, level, message and fields of all ancestors', () => {
  const { stdout, stderr } = printed(
    { level: 'info', format: 'json' },
    `logger.log('debug', 'quiet'); logger.child({ group: 1 }).child({ node: 'a' }).log('warn', 'loud', { index: 7n });`,
  );
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  const line = JSON.parse(stderr) as Record<string, unknown>;
  expect(line).toMatchObject({ level: 'warn', msg: 'loud', group: 1, node: 'a', index: '7' });
  expect(new Date(line['time'] as string).toISOString()).toBe(line['time']);
});

test('pretty lines hold message and fields, and the line before a crash is there', () => {
  const { stderr } = printed(
    { level: 'debug', format: 'pretty' },
    `logger.log('info', 'started', { group: 1 }); process.kill(process.pid, 'SIGKILL');`,
  );
  expect(stderr).toContain('INFO: started {"group":1}');
});

test('a silent logger says nothing', () => {
  expect(printed({ level: 'silent', format: 'json' }, `logger.log('error', 'x');`).stderr).toBe('');
});

test('secrets and bytes are never printed, however deep they hide', () => {
  const key = new Uint8Array(4).fill(0x41);
  const fields = {
    secret: new Secret(key),
    bytes: key,
    buffer: key.buffer,
    deep: [{ key }, new Map([['k', new Secret(key)]])],
  };
  expect(presentFields(fields)).toEqual({
    secret: '[secret]',
    bytes: '[4 bytes]',
    buffer: '[4 bytes]',
    deep: [{ key: '[4 bytes]' }, { k: '[secret]' }],
  });
});

test('errors show code, details, stack and their causes', () => {
  const error = new CaissonError('DISK_FULL', { path: '/x', bytes: 5n }, { cause: new Error('below') });
  expect(presentFields({ error })).toMatchObject({
    error: {
      name: 'CaissonError',
      code: 'DISK_FULL',
      details: { path: '/x', bytes: '5' },
      cause: { message: 'below' },
    },
  });
});

test('values JSON does not know, cycles and absent fields do no harm', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const shown = presentFields({ cycle, gone: undefined, nan: Number.NaN, at: new Date(0), run: () => 1 });
  expect(shown).toMatchObject({ nan: 'NaN', at: '1970-01-01T00:00:00.000Z', run: '[function]' });
  expect(Object.keys(shown)).not.toContain('gone');
  expect(JSON.stringify(shown)).toContain('[deep]');
});
