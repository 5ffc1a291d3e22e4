import type { RepoFile } from './rule.js';

export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly nx?: { readonly tags?: readonly string[] };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** One workspace: a folder with a package.json below `libs`, `apps` or `tools`. */
export interface Project {
  readonly folder: string;
  readonly manifestPath: string;
  readonly name: string;
  /** From its one `layer:` tag; `undefined` when it has none or several. */
  readonly layer: string | undefined;
  readonly manifest: Manifest;
}

export function projectsOf(files: readonly RepoFile[]): readonly Project[] {
  return files
    .filter(({ path }) => /^(libs|apps|tools)\/.*package\.json$/.test(path) && !isFixture(path))
    .map(projectOf);
}

export function manifestOf(file: RepoFile): Manifest {
  return JSON.parse(file.text) as Manifest;
}

function projectOf(file: RepoFile): Project {
  const manifest = manifestOf(file);
  const layers = (manifest.nx?.tags ?? []).filter((tag) => tag.startsWith('layer:'));
  return {
    folder: file.path.slice(0, -'/package.json'.length),
    manifestPath: file.path,
    name: manifest.name ?? '',
    layer: layers.length === 1 ? layers[0]?.slice('layer:'.length) : undefined,
    manifest,
  };
}

/** Packages that tests install or generators write are not workspaces. */
function isFixture(path: string): boolean {
  return /\/(testdata|e2e|files)\//.test(path);
}
