/**
 * Shows that the library's own specs catch every deliberate fault: `node tools/mutants.mjs [--only PART]
 * [--workers N]`.
 *
 * The unpatched suite must pass first. A patch that no longer fits, that does not compile or under which
 * the specs hang or do not load, counts as not caught.
 */
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { mutants } from '../mutants/index.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    workers: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '120' },
  },
});

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);
const chosen = mutants.filter(({ id }) => id.includes(values.only));
const specs = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.spec.ts'))
  .map((name) => `${root}src/${name}`)
  .sort();

/** A process that runs specs; it is replaced when it hangs. */
class Worker {
  #child = this.#start();

  #start() {
    const env = { ...process.env, CAISSON_RAFT_SCRIPTS: undefined, CAISSON_RAFT_SEEDS: '120' };
    delete env.CAISSON_RAFT_SCRIPTS;
    return fork(new URL('./mutant-worker.mjs', import.meta.url), {
      execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** @returns {Promise<{ kind: string, text?: string, spec?: string, test?: string, tests?: number }>} */
  run(mutant, paths) {
    return new Promise((resolve) => {
      const child = this.#child;
      const finish = (outcome) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(outcome);
      };
      const timer = setTimeout(
        () => {
          child.kill('SIGKILL');
          this.#child = this.#start();
          finish({ kind: 'broken', text: `no answer within ${values.timeout} s` });
        },
        Number(values.timeout) * 1000,
      );
      child.once('message', finish);
      child.once('exit', (code) => {
        this.#child = this.#start();
        finish({ kind: 'broken', text: `the specs ended the process (${code})` });
      });
      child.send({ mutant, specs: paths });
    });
  }

  stop() {
    this.#child.kill();
  }
}

/** Why each patch cannot be used, if so: it does not fit exactly once, or what it makes does not compile. */
function findMisfits() {
  const options = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.lib.json`, ts.sys.readFile).config,
    ts.sys,
    root,
  );
  const overlays = new Map();
  const service = ts.createLanguageService({
    getCompilationSettings: () => options.options,
    getScriptFileNames: () => options.fileNames,
    getScriptVersion: (file) => overlays.get(file)?.id ?? '',
    getScriptSnapshot: (file) => {
      const text = overlays.get(file)?.text ?? ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  });
  const misfits = new Map();
  for (const { id, file, find, replace } of chosen) {
    const path = `${root}src/${file}`;
    const source = readFileSync(path, 'utf8');
    const fits = source.split(find).length - 1;
    if (fits !== 1) {
      misfits.set(id, `the patch fits ${fits} times`);
      continue;
    }
    overlays.set(path, { id, text: source.replace(find, () => replace) });
    const [problem] = [...service.getSyntacticDiagnostics(path), ...service.getSemanticDiagnostics(path)];
    if (problem !== undefined)
      misfits.set(id, `does not compile: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`);
    overlays.delete(path);
  }
  return misfits;
}

async function hunt(worker, mutant) {
  const early = specs.filter((path) => mutant.first.some((part) => path.includes(`/${part}.spec`)));
  const rest = specs.filter((path) => !early.includes(path));
  const first = early.length > 0 ? await worker.run(mutant, early) : { kind: 'passed' };
  return first.kind === 'passed' ? worker.run(mutant, rest) : first;
}

const started = performance.now();
const misfits = findMisfits();
const workers = Array.from({ length: Number(values.workers) }, () => new Worker());
const baseline = await workers[0].run(undefined, specs);
say(
  `without faults: ${baseline.kind === 'passed' ? `${baseline.tests} tests passed` : JSON.stringify(baseline)}`,
);

let caught = 0;
if (baseline.kind === 'passed') {
  const queue = [...chosen];
  const serve = async (worker) => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const misfit = misfits.get(mutant.id);
      const outcome = misfit === undefined ? await hunt(worker, mutant) : { kind: 'broken', text: misfit };
      if (outcome.kind === 'caught') {
        caught++;
        say(`caught   ${mutant.id}\n         by ${outcome.spec} › ${outcome.test}`);
      } else {
        const why = outcome.kind === 'passed' ? 'every test passes' : outcome.text;
        say(`MISSED   ${mutant.id} (${mutant.file}): ${why}`);
      }
    }
  };
  await Promise.all(workers.map(serve));
}
for (const worker of workers) worker.stop();
const gaps = chosen.filter(({ isGap }) => isGap).length;
const seconds = Math.round((performance.now() - started) / 1000);
say(`caught ${caught} of ${chosen.length} faults, ${gaps} of them unseen by public scripts, in ${seconds} s`);
process.exitCode = caught === chosen.length && caught > 0 ? 0 : 1;
