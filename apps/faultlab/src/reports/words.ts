/** A value as people read it: without what marks it for the search in files and frames. */
export function plain(value: string): string {
  return value.replace(/^(?:canary|early):/, '') || 'the empty value';
}

export function times(ms: number): string {
  return `${Math.round(ms).toLocaleString('en-US')} ms`;
}

export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
