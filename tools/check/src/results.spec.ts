import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { judge, readProjects, resultFiles } from './results.mjs';

const passed = { fullName: 'a value comes back', status: 'passed' };
const spec = (name: string, ...assertionResults: { fullName: string; status: string }[]) => ({
  name: `/anywhere/${name}`,
  status: 'passed',
  assertionResults,
});

describe('the judgement of test results', () => {
  it('counts what passed', () => {
    const projects = [
      { name: 'libs/a', specs: ['src/a.spec.ts'], results: [spec('src/a.spec.ts', passed, passed)] },
    ];
    expect(judge(projects)).toEqual({ passed: 2, failures: [], skips: [], problems: [] });
  });

  it('names each failed test', () => {
    const bad = { fullName: 'a value is lost', status: 'failed' };
    const projects = [
      { name: 'libs/a', specs: ['src/a.spec.ts'], results: [spec('src/a.spec.ts', passed, bad)] },
    ];
    expect(judge(projects).failures).toEqual(['libs/a: a value is lost']);
  });

  it('takes the reason of a skip from its name', () => {
    const skip = { fullName: 'a full disk is told apart [skipped: needs root]', status: 'pending' };
    const projects = [
      { name: 'libs/a', specs: ['src/a.spec.ts'], results: [spec('src/a.spec.ts', passed, skip)] },
    ];
    const expected = { project: 'libs/a', title: 'a full disk is told apart', reason: 'needs root' };
    expect(judge(projects).skips).toEqual([expected]);
  });

  it('refuses a skip without a reason', () => {
    const skip = { fullName: 'a full disk is told apart', status: 'pending' };
    const projects = [{ name: 'libs/a', specs: ['src/a.spec.ts'], results: [spec('src/a.spec.ts', skip)] }];
    expect(judge(projects).problems).toEqual(['libs/a: skipped without a reason: a full disk is told apart']);
  });

  it('refuses a project with specs and no result', () => {
    const projects = [{ name: 'libs/a', specs: ['src/a.spec.ts'], results: undefined }];
    expect(judge(projects).problems).toEqual(['libs/a has specs and no test result']);
  });

  it('lets a project without specs be', () => {
    expect(judge([{ name: 'libs/a', specs: [], results: undefined }]).problems).toEqual([]);
  });

  it('refuses a spec file that the runner did not see', () => {
    const specs = ['src/a.spec.ts', 'extra/b.spec.ts'];
    const projects = [{ name: 'libs/a', specs, results: [spec('src/a.spec.ts', passed)] }];
    expect(judge(projects).problems).toEqual(['libs/a: extra/b.spec.ts was not run']);
  });

  it('refuses a spec file that broke before its first test', () => {
    const projects = [{ name: 'libs/a', specs: ['src/a.spec.ts'], results: [spec('src/a.spec.ts')] }];
    expect(judge(projects).problems).toEqual(['libs/a: /anywhere/src/a.spec.ts has no test that ran']);
  });
});

describe('the search for test results', () => {
  const root = mkdtempSync(join(tmpdir(), 'caisson-check-'));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('libs/core/raft/jest.config.mjs', '');
  write('libs/core/raft/src/log.spec.ts', '');
  write('libs/core/raft/dist/log.spec.ts', '');
  write(
    'libs/core/raft/test-results.json',
    JSON.stringify({ testResults: [spec('src/log.spec.ts', passed)] }),
  );
  write('apps/server/jest.config.mjs', '');
  write('apps/server/e2e/crash.spec.ts', '');
  write('libs/base/src/index.ts', '');

  it('walks nested folders and leaves out what was built', () => {
    const raft = {
      name: 'libs/core/raft',
      specs: ['src/log.spec.ts'],
      results: [spec('src/log.spec.ts', passed)],
    };
    const server = { name: 'apps/server', specs: ['e2e/crash.spec.ts'], results: undefined };
    expect(readProjects(root)).toEqual([raft, server]);
  });

  it('knows where each project writes its result', () => {
    const expected = ['libs/core/raft', 'apps/server'].map((folder) =>
      join(root, folder, 'test-results.json'),
    );
    expect(resultFiles(root)).toEqual(expected);
  });
});
