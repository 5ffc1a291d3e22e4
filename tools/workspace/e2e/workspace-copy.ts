import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/**
 * The sources of this workspace in a folder of their own, with its packages linked, so that a generator may
 * write there and nx may build there without anyone noticing.
 */
export class WorkspaceCopy {
  readonly root = mkdtempSync(join(tmpdir(), 'caisson-workspace-'));

  constructor() {
    for (const path of sourcePaths()) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      cpSync(join(ROOT, path), join(this.root, path));
    }
    this.#linkPackages();
  }

  /** What `npm install` would do for a new workspace. */
  link(name: string, folder: string): void {
    const place = join(this.root, 'node_modules', '@caisson', name);
    if (!existsSync(place)) symlinkSync(join(this.root, folder), place);
  }

  filesBelow(folder: string): readonly string[] {
    const entries = readdirSync(join(this.root, folder), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => relative(this.root, join(parentPath, name)));
  }

  nx(...args: readonly string[]): Outcome {
    const entry = join(ROOT, 'node_modules/.bin/nx');
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], {
      cwd: this.root,
      env: plainEnvironment(),
      encoding: 'utf8',
      timeout: 240_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return { code: status, output: `${stdout}\n${stderr}` };
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #linkPackages(): void {
    const installed = join(ROOT, 'node_modules');
    const place = join(this.root, 'node_modules');
    mkdirSync(join(place, '@caisson'), { recursive: true });
    for (const name of readdirSync(installed)) {
      if (name !== '@caisson') symlinkSync(join(installed, name), join(place, name));
    }
    for (const path of sourcePaths().filter((each) => /^(libs|apps|tools)\/.*package\.json$/.test(each))) {
      const folder = dirname(path);
      const isPackage = existsSync(join(ROOT, 'node_modules/@caisson', packageName(folder)));
      if (isPackage) this.link(packageName(folder), folder);
    }
  }
}

/** Folders of the workspace are named after their packages. */
function packageName(folder: string): string {
  return relative(dirname(folder), folder);
}

function sourcePaths(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

/** The nx that runs these tests tells its children about its own workspace; this one must find its own. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(NX_|JEST_|NODE_OPTIONS|INIT_CWD|FORCE_COLOR)/.test(name),
  );
  return { ...Object.fromEntries(inherited), NX_ISOLATE_PLUGINS: 'false', NX_TUI: 'false', NO_COLOR: '1' };
}
