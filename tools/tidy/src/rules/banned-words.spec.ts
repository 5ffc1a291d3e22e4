import { print } from '../rule.js';
import { bannedWords } from './banned-words.js';

const check = (path: string, text: string) => bannedWords.check([{ path, text }]).map(print);
const SHIPPED = 'libs/core/kv/src/operations.ts';

describe('banned words', () => {
  it.each([
    ['Date.now()', 'the Clock service'],
    ['new Date()', 'the Clock service'],
    ['Math.random()', 'the Random service'],
    ['setTimeout(run, 5)', 'the Clock service'],
    ['setInterval(run, 5)', 'the Clock service'],
    ["console.log('x')", 'the Logger service'],
    ['process.env.HOME', 'configuration'],
    ["throw new Error('x')", 'CaissonError'],
    ['f(x as any)', 'a type'],
    ['f(); // TODO: more', 'the work'],
    ['f(); // FIXME', 'the fix'],
    ['// @ts-ignore', '@ts-expect-error'],
    ["import { f } from './utils.js'", 'a name from the domain'],
  ])('%s is found and has its replacement', (text, instead) => {
    const found = check(SHIPPED, `const a = 1;\n${text};\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${SHIPPED}:2 .*${instead}`));
  });

  it('are fine in comments and texts, where they are explained', () => {
    expect(check(SHIPPED, "// No Date.now here: the Clock says.\nconst hint = 'set process.env';")).toEqual(
      [],
    );
  });

  it('are fine where the word is somebody’s business', () => {
    expect(check('libs/plugins/platform-node/src/clock.ts', 'Date.now();')).toEqual([]);
    expect(check('libs/plugins/kek-env/src/provider.ts', 'process.env.KEY;')).toEqual([]);
    expect(check('apps/cli/src/main.ts', 'setTimeout(f, 5);')).toEqual([]);
  });

  it('are looked for in apps too, where nobody has an excuse', () => {
    expect(check('apps/cli/src/main.ts', 'console.log();')).toHaveLength(1);
  });

  it('leave specs their timers and plain errors, never their missing types', () => {
    const text = "throw new Error('planted');\nsetTimeout(f, 1);\nf(x as any);";
    expect(check('libs/core/kv/src/operations.spec.ts', text)).toEqual([
      'libs/core/kv/src/operations.spec.ts:3 says as any; the house says a type',
    ]);
  });
});
