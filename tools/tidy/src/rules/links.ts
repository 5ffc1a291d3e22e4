import { dirname, join, normalize } from 'node:path/posix';
import type { Complaint, RepoFile, Rule } from '../rule.js';

const LINK = /\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)/g;
const ELSEWHERE = /^([a-z][a-z+.-]*:|\/\/)/i;

export const links: Rule = {
  id: 'links',
  why: 'a map with dead ends is worse than none',
  check: (files) =>
    files.filter(({ path }) => path.endsWith('.md')).flatMap((file) => deadLinks(file, files)),
};

function deadLinks(file: RepoFile, files: readonly RepoFile[]): readonly Complaint[] {
  let isFenced = false;
  return file.text.split('\n').flatMap((text, at) => {
    if (/^\s*(```|~~~)/.test(text)) isFenced = !isFenced;
    if (isFenced) return [];
    const targets = [...text.replace(/`[^`]*`/g, '').matchAll(LINK)].map(([, target]) => target ?? '');
    const dead = targets.filter((target) => !ELSEWHERE.test(target) && !leadsSomewhere(file, target, files));
    return dead.map((target) => ({
      path: file.path,
      line: at + 1,
      message: `links to ${target}, which is not there`,
    }));
  });
}

function leadsSomewhere(from: RepoFile, target: string, files: readonly RepoFile[]): boolean {
  const [relative = '', anchor] = decodeURI(target).split('#');
  const path = relative === '' ? from.path : normalize(join(dirname(from.path), relative)).replace(/\/$/, '');
  const file = files.find((candidate) => candidate.path === path);
  if (file === undefined)
    return path === '.' || files.some((candidate) => candidate.path.startsWith(`${path}/`));
  return anchor === undefined || !path.endsWith('.md') || headings(file.text).includes(anchor.toLowerCase());
}

function headings(text: string): readonly string[] {
  return [...text.matchAll(/^#+\s+(.+)$/gm)].map(([, title = '']) =>
    title
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
