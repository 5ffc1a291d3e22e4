/**
 * What the test runner wrote down, judged.
 *
 * A project with specs must have a result, every spec file must appear in it, and every skipped test must
 * carry its reason in its name as `[skipped: reason]`. Whatever breaks one of these is a problem and counts
 * as failed: a test that silently did not run is worse than one that failed.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {{ fullName: string, status: string }} Assertion
 * @typedef {{ name: string, status: string, assertionResults: Assertion[] }} SpecResult
 * @typedef {{ name: string, specs: string[], results: SpecResult[] | undefined }} TestedProject
 * @typedef {{ project: string, title: string, reason: string }} Skip
 * @typedef {{ passed: number, failures: string[], skips: Skip[], problems: string[] }} Verdict
 */

const RESULT_FILE = 'test-results.json';
const ROOTS = ['libs', 'apps', 'tools'];
const NOT_SOURCE = new Set(['node_modules', 'dist', 'out-tsc', 'gen', 'files', 'testdata', 'coverage']);
const SKIPPED = /\[skipped: ([^\]]+)\]/;

/**
 * Every folder below `root` with a jest configuration, its spec files relative to it, and its last result.
 *
 * @param {string} root
 * @returns {TestedProject[]}
 */
export function readProjects(root) {
  return ROOTS.flatMap((top) => projectsBelow(root, join(root, top)));
}

/** @param {string} root */
export function resultFiles(root) {
  const folders = ROOTS.flatMap((top) => foldersWithTests(join(root, top)));
  return folders.map((folder) => join(folder, RESULT_FILE));
}

/**
 * @param {readonly TestedProject[]} projects
 * @returns {Verdict}
 */
export function judge(projects) {
  /** @type {Verdict} */
  const verdict = { passed: 0, failures: [], skips: [], problems: [] };
  for (const project of projects) {
    if (project.results === undefined) {
      if (project.specs.length > 0) verdict.problems.push(`${project.name} has specs and no test result`);
      continue;
    }
    for (const missing of unrunSpecs(project, project.results)) {
      verdict.problems.push(`${project.name}: ${missing} was not run`);
    }
    for (const result of project.results) judgeSpec(project.name, result, verdict);
  }
  return verdict;
}

/**
 * @param {TestedProject} project
 * @param {readonly SpecResult[]} results
 */
function unrunSpecs(project, results) {
  return project.specs.filter((spec) => !results.some(({ name }) => name.endsWith(`/${spec}`)));
}

/**
 * @param {string} project
 * @param {SpecResult} result
 * @param {Verdict} verdict
 */
function judgeSpec(project, result, verdict) {
  if (result.assertionResults.length === 0) {
    verdict.problems.push(`${project}: ${result.name} has no test that ran`);
  }
  for (const { fullName, status } of result.assertionResults) {
    if (status === 'passed') verdict.passed++;
    else if (status === 'failed') verdict.failures.push(`${project}: ${fullName}`);
    else judgeSkip(project, fullName, verdict);
  }
}

/**
 * @param {string} project
 * @param {string} title
 * @param {Verdict} verdict
 */
function judgeSkip(project, title, verdict) {
  const reason = SKIPPED.exec(title)?.[1];
  if (reason === undefined) verdict.problems.push(`${project}: skipped without a reason: ${title}`);
  else verdict.skips.push({ project, title: title.replace(SKIPPED, '').trim(), reason });
}

/**
 * @param {string} root
 * @param {string} top
 * @returns {TestedProject[]}
 */
function projectsBelow(root, top) {
  return foldersWithTests(top).map((folder) => {
    const file = join(folder, RESULT_FILE);
    return {
      name: relative(root, folder),
      specs: filesBelow(folder)
        .filter((path) => path.endsWith('.spec.ts'))
        .map((path) => relative(folder, path)),
      results: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).testResults : undefined,
    };
  });
}

/** @param {string} top */
function foldersWithTests(top) {
  return filesBelow(top)
    .filter((path) => path.endsWith('/jest.config.mjs'))
    .map((path) => join(path, '..'));
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      const isSource = !NOT_SOURCE.has(entry.name) && !entry.name.startsWith('.');
      return isSource ? filesBelow(join(folder, entry.name)) : [];
    }
    return [join(folder, entry.name)];
  });
}
