import { describeFinding } from '../oracles/rules.js';
import { escaped } from './markup.js';
import type { KeptRun } from './report.js';

/** One test case per seed, as continuous integration reads it. */
export function toJunit(runs: readonly KeptRun[]): string {
  const failed = runs.filter(({ findings }) => findings.length > 0).length;
  const head = `<testsuite name="faultlab" tests="${runs.length}" failures="${failed}">`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', head, ...runs.map(caseOf), '</testsuite>', ''].join('\n');
}

function caseOf({ findings, seed, wallMs }: KeptRun): string {
  const open = `  <testcase classname="faultlab.sim" name="seed ${seed}" time="${(wallMs / 1000).toFixed(3)}"`;
  if (findings.length === 0) return `${open}/>`;
  const text = escaped(findings.map(describeFinding).join('\n'));
  const rule = escaped(findings[0]!.rule);
  return `${open}>\n    <failure message="${rule}">${text}</failure>\n  </testcase>`;
}
