import type { Complaint, Rule } from '../rule.js';

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const NOT_A_DOMAIN = ['common', 'helpers', 'impl', 'misc', 'models', 'shared', 'types', 'utils'];
const CODE_ROOTS = /^(libs|apps|tools)\//;
const FREE = /(\.md$|\/testdata\/|\/gen\/|\/generators\/[^/]+\/files\/)/;

export const names: Rule = {
  id: 'names',
  why: 'the folder tree is the architecture, so its names are words of the domain, written one way',
  check: (files) =>
    files
      .map(({ path }) => path)
      .filter((path) => CODE_ROOTS.test(path))
      .flatMap(misnamed),
};

function misnamed(path: string): readonly Complaint[] {
  const segments = path.split('/');
  const folders = segments.slice(0, -1);
  const empty = folders.filter((folder) => NOT_A_DOMAIN.includes(folder));
  const complaints = empty.map((folder) => ({ path, message: `"${folder}" is no word of the domain` }));
  if (FREE.test(path)) return complaints;
  const words = segments.flatMap((segment) => segment.split('.')).filter((word) => word !== '');
  const odd = words.filter((word) => !KEBAB.test(word));
  return [...complaints, ...odd.map((word) => ({ path, message: `"${word}" is not kebab-case` }))];
}
