import { print } from '../rule.js';
import { discretion, portableLockfile } from './discretion.js';

const check = (text: string, path = 'docs/guides/operate.md') =>
  discretion.check([{ path, text }]).map(print);
const slash = '/';

describe('discretion', () => {
  it.each([
    [`see ${slash}work/main`, 'one machine'],
    [`write to ${slash}tmp/out`, 'temporary folder'],
    [`as in ${'issue'} #12`, 'tracker'],
    [`see ${'shared'}/design/kv.md`, 'not in the repository'],
    [`https://registry.${'npmjs'}.org/x`, 'package registry'],
  ])('finds what only this machine or this moment knows: %s', (text, message) => {
    expect(check(`First.\n${text}\n`)).toEqual([expect.stringMatching(new RegExp(`^docs.*:2 .*${message}`))]);
  });

  it('lets tests use temporary folders', () => {
    expect(check(`open('${slash}tmp/x')`, 'libs/base/src/bytes.spec.ts')).toEqual([]);
  });

  it('takes a registry of writers for what it is', () => {
    expect(check('registry.entries.size')).toEqual([]);
  });
});

describe('the lockfile', () => {
  const npmrc = { path: '.npmrc', text: 'omit-lockfile-registry-resolved=true\n' };
  const lockfile = (resolved: string) => ({
    path: 'package-lock.json',
    text: `{\n"resolved": "${resolved}"\n}`,
  });

  it('may link the workspaces', () => {
    expect(portableLockfile.check([npmrc, lockfile('libs/base')])).toEqual([]);
  });

  it('must not name a host', () => {
    const found = portableLockfile.check([npmrc, lockfile('https://example.org/x.tgz')]).map(print);
    expect(found).toEqual(['package-lock.json:2 names a host']);
  });

  it('needs the setting that keeps it so', () => {
    const found = portableLockfile.check([lockfile('libs/base')]).map(print);
    expect(found).toEqual(['.npmrc must set omit-lockfile-registry-resolved=true']);
  });
});
