import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const GUIDE = fileURLToPath(new URL('../../../docs/guides/faultlab.md', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A plugin as a section of the guide has it, in a folder of its own. */
export class GuidePlugin {
  private constructor(
    readonly folder: string,
    /** The module in the guide. */
    readonly source: string,
    readonly file: string,
    readonly section: string,
  ) {}

  static async of(heading: string): Promise<GuidePlugin> {
    const folder = await mkdtemp(join(tmpdir(), 'faultlab-'));
    const section = (await readFile(GUIDE, 'utf8')).split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
    const config = block(section, 'json');
    await writeFile(join(folder, 'faultlab.json'), config);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await symlink(MODULES, join(folder, 'node_modules'));
    const { plugins } = JSON.parse(config) as { readonly plugins: readonly { readonly module: string }[] };
    return new GuidePlugin(folder, block(section, 'js'), plugins[0]!.module, section);
  }

  /** Runs the program with this source of the module. */
  async run(source: string, ...args: readonly string[]): Promise<Ended> {
    await writeFile(join(this.folder, this.file), source);
    return this.runWith(join(this.folder, 'faultlab.json'), ...args);
  }

  runWith(config: string, ...args: readonly string[]): Promise<Ended> {
    const [command = '', ...rest] = args;
    return new Promise((resolve) => {
      const all = [MAIN, command, '--config', config, ...rest];
      const child = execFile(process.execPath, all, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      });
    });
  }

  /** All that the section has in a language. */
  blocks(language: string): readonly string[] {
    return blocksIn(this.section, language);
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

function block(text: string, language: string): string {
  return blocksIn(text, language)[0]!;
}

function blocksIn(text: string, language: string): readonly string[] {
  const parts = text.split(`\`\`\`${language}\n`).slice(1);
  return parts.map((part) => part.split('\n```')[0]! + '\n');
}
