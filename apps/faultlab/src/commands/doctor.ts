import Table from 'cli-table3';
import { Command } from 'commander';
import { availableDeeds } from '../chaos/actions.js';
import { probeCapabilities } from '../chaos/capabilities.js';
import { tell, say, writeDocument } from './output.js';

const DOCTOR_SCHEMA = 'caisson.faultlab.doctor/v1';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Says what this machine lets chaos do, and what it leaves out and why')
    .option('--json <file>', 'write the result; - for standard output')
    .addHelpText('after', '\nExample:\n  $ npm run -s faultlab -- doctor')
    .action(doctor);
}

async function doctor({ json }: { readonly json?: string }): Promise<void> {
  const capabilities = await probeCapabilities();
  const { kinds, left } = availableDeeds(capabilities);
  const table = new Table({ head: ['what', 'for', 'here'], style: { head: [], border: [] } });
  for (const { for: purpose, missing, need } of capabilities) table.push([need, purpose, missing ?? 'yes']);
  const print = json === '-' ? tell : say;
  print(table.toString());
  print(
    `chaos does ${kinds.join(', ')}${left.length > 0 ? `; not ${left.map(({ kind }) => kind).join(', ')}` : ''}`,
  );
  if (json !== undefined) await writeDocument(json, { schema: DOCTOR_SCHEMA, capabilities, kinds, left });
}
