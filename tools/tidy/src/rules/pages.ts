import type { RepoFile, Rule } from '../rule.js';

/** A file, or a part of one between markers, whose text follows from the code. */
export interface Page {
  readonly path: string;
  /**
   * Names the markers `<!-- name:begin -->` and `<!-- name:end -->`; without it the page is the whole file.
   */
  readonly section?: string;
  readonly text: string;
}

export function writtenPages(pages: readonly Page[]): Rule {
  return {
    id: 'written-pages',
    why: 'what can be derived from the code is, and never disagrees with it',
    check: (files) =>
      pages.flatMap((page) => {
        const file = files.find(({ path }) => path === page.path);
        if (file !== undefined && file.text === rewritten(page, file)) return [];
        return [{ path: page.path, message: 'differs from the code; run `npm run docs`' }];
      }),
  };
}

/** The file as it must be; `undefined` when the page is a section and its markers are missing. */
export function rewritten({ section, text }: Page, file: RepoFile | undefined): string | undefined {
  if (section === undefined) return text;
  const begin = `<!-- ${section}:begin -->\n`;
  const end = `<!-- ${section}:end -->`;
  const from = file?.text.indexOf(begin) ?? -1;
  const to = file?.text.indexOf(end) ?? -1;
  if (file === undefined || from < 0 || to < from) return undefined;
  return `${file.text.slice(0, from)}${begin}${text}${file.text.slice(to)}`;
}
