/** Registers one test, as Jest's `it` does. */
export type RegisterTest = (name: string, run: () => Promise<void> | void, timeoutMs?: number) => void;

interface Runner {
  (name: string, run: () => Promise<void> | void, timeoutMs?: number): void;
  readonly skip: RegisterTest;
}

/**
 * `it` where the condition holds; elsewhere a skipped test that carries its reason in its name, which is how
 * the summary of the test run can print it.
 */
export function skipUnless(condition: boolean, reason: string): RegisterTest {
  const { it } = globalThis as unknown as { readonly it: Runner };
  if (condition) return it;
  return (name, run, timeoutMs) => it.skip(`${name} [skipped: ${reason}]`, run, timeoutMs);
}
