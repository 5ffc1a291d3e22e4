import { print } from '../rule.js';
import { names } from './names.js';

const check = (path: string) => names.check([{ path, text: '' }]).map(print);

describe('names', () => {
  it.each([
    'libs/core/raft/src/read-queue.spec.ts',
    'libs/core/raft/testdata/Leader_Elected.txt',
    'tools/workspace/generators/plugin/files/src/__name__.ts.template',
    'libs/core/raft/DESIGN.md',
    'README.md',
  ])('may be %s', (path) => {
    expect(check(path)).toEqual([]);
  });

  it.each([
    ['libs/base/src/readQueue.ts', '"readQueue" is not kebab-case'],
    ['libs/base/src/read_queue.ts', '"read_queue" is not kebab-case'],
    ['libs/Base/src/queue.ts', '"Base" is not kebab-case'],
    ['libs/base/src/helpers/queue.ts', '"helpers" is no word of the domain'],
    ['apps/cli/src/common/queue.ts', '"common" is no word of the domain'],
  ])('must not be %s', (path, message) => {
    expect(check(path)).toEqual([`${path} ${message}`]);
  });
});
