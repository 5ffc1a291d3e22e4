/** What a server's own metrics say of its process; both sides of a comparison speak this format. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

export async function processUse(adminAddress: string): Promise<ProcessUse> {
  const text = await (await fetch(`http://${adminAddress}/metrics`)).text();
  return {
    cpuSeconds: metric(text, 'process_cpu_seconds_total'),
    rssBytes: metric(text, 'process_resident_memory_bytes'),
  };
}

/** The value of an unlabelled metric. */
export function metric(text: string, name: string): number {
  const found = new RegExp(`^${name} (\\S+)`, 'm').exec(text);
  if (!found) throw new RangeError(`no metric ${name}`);
  return Number(found[1]);
}
