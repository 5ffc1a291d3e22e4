import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { StoredReport, StoredShrunk } from './stored.js';

const PAGE = new URL('../../../../docs/reference/faultlab-report.md', import.meta.url);

/** All names of fields, however deep; a plan has a schema of its own. */
function fieldsOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, ...rest } = schema as { readonly properties?: Readonly<Record<string, unknown>> };
  const own = Object.entries(properties).flatMap(([name, inner]) => {
    return [name, ...(name === 'plan' ? [] : fieldsOf(inner))];
  });
  return [...own, ...Object.values(rest).flatMap(fieldsOf)];
}

test('the page about reports names every field that is read', async () => {
  const page = await readFile(PAGE, 'utf8');
  const read = [StoredReport, StoredShrunk].flatMap((schema) => {
    return fieldsOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  });
  const names = [...new Set(read)];
  expect(names).toEqual(expect.arrayContaining(['traceHash', 'couldFail', 'arrivedAtMs', 'isMinimal']));
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('a report with a wrong field is refused, and one with a field that is not known is read', () => {
  const report = {
    schema: 'caisson.faultlab.report/v1',
    command: 'sim',
    node: 'v20',
    runs: [],
    untested: [],
  };
  expect(StoredReport.safeParse({ ...report, later: 1 }).success).toBe(true);
  const { error } = StoredReport.safeParse({ ...report, runs: [{ seed: 'one' }] });
  expect(error?.issues[0]?.path).toEqual(['runs', 0, 'seed']);
  expect(StoredReport.safeParse({ ...report, schema: 'caisson.faultlab.report/v2' }).success).toBe(false);
});
