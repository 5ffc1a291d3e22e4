import { readFile } from 'node:fs/promises';
import { Plan } from '../faults/plan.js';
import { StoredReport } from '../reports/stored.js';

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

/** A plan, or the plan of the first storm of a report that broke a rule. */
export async function readPlan(path: string): Promise<Plan> {
  const document = await readDocument(path);
  const { data: report } = StoredReport.safeParse(document);
  const failed = report?.runs.find(({ findings, plan }) => findings.length > 0 && plan !== undefined)?.plan;
  const parsed = Plan.safeParse(failed ?? document);
  if (parsed.success) return parsed.data;
  if (report !== undefined) throw new UsageError(`${path} holds no plan of a storm that broke a rule`);
  const [issue] = parsed.error.issues;
  throw new UsageError(`${path} is no plan: ${issue?.path.join('.')}: ${issue?.message}`);
}
