import { skipUnless } from './skip.js';

describe('skipUnless', () => {
  const scope = globalThis as unknown as { it: unknown };
  const registered: string[] = [];
  const fake = Object.assign((name: string) => registered.push(`run ${name}`), {
    skip: (name: string) => registered.push(`skip ${name}`),
  });

  const register = (condition: boolean) => {
    const original = scope.it;
    scope.it = fake;
    try {
      skipUnless(condition, 'needs root')('a full disk is told apart', () => undefined);
    } finally {
      scope.it = original;
    }
    return registered.pop();
  };

  it('runs the test where the condition holds', () => {
    expect(register(true)).toBe('run a full disk is told apart');
  });

  it('puts the reason into the name of a test that it skips', () => {
    expect(register(false)).toBe('skip a full disk is told apart [skipped: needs root]');
  });
});
