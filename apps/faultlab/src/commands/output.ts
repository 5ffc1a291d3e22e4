import { writeFile } from 'node:fs/promises';

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What is no result: progress, and everything else while standard output holds a document. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `-` is standard output. */
export async function writeDocument(path: string, document: object): Promise<void> {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (path === '-') process.stdout.write(text);
  else await writeFile(path, text);
}
