import type { Layer } from '../layers.js';
import { type Project, manifestOf, projectsOf } from '../project.js';
import type { Complaint, RepoFile, Rule } from '../rule.js';

const EXACT = /^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Dependencies of every package.json respect the table of layers, like the imports that ESLint looks at. */
export function layeredManifests(layers: Readonly<Record<string, Layer>>): Rule {
  return {
    id: 'layered-manifests',
    why: 'a dependency that the layer may not import has no business in its package.json',
    check: (files) => {
      const projects = projectsOf(files);
      return projects.flatMap((project) => forbiddenDependencies(project, projects, layers));
    },
  };
}

export const pinnedVersions: Rule = {
  id: 'pinned-versions',
  why: 'two installs of one commit are the same program',
  check: (files) => files.filter(({ path }) => isManifest(path)).flatMap(looseVersions),
};

const REASONS = 'docs/dependencies.md';

export const reasonedDependencies: Rule = {
  id: 'reasoned-dependencies',
  why: 'whoever ships a package can say why, and nobody keeps one that is not used any more',
  check: (files) => {
    const page = files.find(({ path }) => path === REASONS)?.text ?? '';
    const explained = new Set([...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name!));
    const shipped = files.filter(({ path }) => isManifest(path)).flatMap(shippedNames);
    const missing = shipped
      .filter(({ name }) => !explained.has(name))
      .map(({ path, name }) => ({ path, message: `${name} has no line in ${REASONS}` }));
    const unused = [...explained]
      .filter((name) => !shipped.some((one) => one.name === name))
      .map((name) => ({ path: REASONS, message: `nothing depends on ${name}` }));
    return [...missing, ...unused];
  },
};

function shippedNames(file: RepoFile): readonly { readonly path: string; readonly name: string }[] {
  const names = Object.keys(manifestOf(file).dependencies ?? {});
  return names.filter((name) => !name.startsWith('@caisson/')).map((name) => ({ path: file.path, name }));
}

function forbiddenDependencies(
  project: Project,
  projects: readonly Project[],
  layers: Readonly<Record<string, Layer>>,
): readonly Complaint[] {
  const { manifest, manifestPath: path } = project;
  const layer = project.layer === undefined ? undefined : layers[project.layer];
  if (layer === undefined)
    return [{ path, message: 'needs exactly one tag `layer:…` that tools/layers.mjs knows' }];
  const complain = (name: string) => ({ path, message: `layer ${project.layer} may not depend on ${name}` });
  const shipped = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const inSpecs = Object.keys(manifest.devDependencies ?? {});
  const layerOf = (name: string) => projects.find((other) => other.name === name)?.layer;
  const isWorkspace = (name: string) => projects.some((other) => other.name === name);
  const mayUse = (name: string, extra: readonly string[]) => {
    const target = layerOf(name);
    return isWorkspace(name)
      ? target !== undefined && [...layer.may, ...extra].includes(target)
      : layer.npm.includes(name);
  };
  return [
    ...shipped.filter((name) => !mayUse(name, [])).map(complain),
    ...inSpecs.filter((name) => isWorkspace(name) && !mayUse(name, layer.specs ?? [])).map(complain),
  ];
}

function looseVersions(file: RepoFile): readonly Complaint[] {
  const { dependencies, devDependencies, optionalDependencies } = manifestOf(file);
  const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const loose = all.filter(([, version]) => !EXACT.test(version));
  return loose.map(([name, version]) => ({
    path: file.path,
    message: `${name} is "${version}", not one version`,
  }));
}

function isManifest(path: string): boolean {
  return /(^|\/)package\.json$/.test(path);
}
