import { readFile } from 'node:fs/promises';
import { Plan } from '../faults/plan.js';

/** A file that is not what it should be, said to whoever named it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export async function readDocument(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${path} cannot be read as JSON: ${(cause as Error).message}`, { cause });
  }
}

export async function readPlan(path: string): Promise<Plan> {
  const parsed = Plan.safeParse(await readDocument(path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${path} is no plan: ${issue?.path.join('.')}: ${issue?.message}`);
}
