import { CaissonError } from '@caisson/contracts';
import { toHex } from '@caisson/base';
import { Command } from 'commander';
import { campaign, type Failure, type Tally } from './campaign.js';
import { judge } from './judge.js';
import { inputOf } from './mutate.js';
import { SUBJECTS } from './registry.js';
import type { Subject } from './subject.js';
import { watch } from './watchdog.js';

interface Options {
  readonly inputs: string;
  readonly seed: string;
  readonly only?: string;
  readonly at?: string;
}

const SAY_EVERY_MS = 5_000;
const out = (text: string) => void process.stdout.write(`${text}\n`);
const say = (text: string) => void process.stderr.write(`${text}\n`);

const program = new Command('fuzz')
  .description('give every decoder hostile bytes; each is decoded, or refused with its typed error')
  .option('--inputs <n>', 'how many, over all decoders', '100000')
  .option('--seed <n>', 'which ones', '1')
  .option('--only <name>', 'decoders whose name has this in it')
  .option('--at <number>', 'with --only: this input alone, and what became of it')
  .action((options: Options) => void (process.exitCode = run(options)));

program.parse();

function run(options: Options): number {
  const seed = wholeNumber(options.seed, 'seed');
  const subjects = chosen(options.only);
  if (options.at !== undefined) return replay(subjects, seed, wholeNumber(options.at, 'at'));
  const inputs = wholeNumber(options.inputs, 'inputs');
  const startedMs = performance.now();
  const watchdog = watch();
  let saidMs = startedMs;
  const tallies = campaign({
    subjects,
    inputs,
    seed,
    onProgress: (done) => {
      watchdog.beat(done);
      const nowMs = performance.now();
      if (nowMs - saidMs < SAY_EVERY_MS) return;
      saidMs = nowMs;
      const rate = (done * 1000) / (nowMs - startedMs);
      say(`${done} of ${inputs} inputs, ${Math.round(rate)}/s, ETA ${Math.ceil((inputs - done) / rate)}s`);
    },
    onFailure: (failure) => tell(failure, seed),
  });
  void watchdog.stop();
  return report(tallies);
}

function report(tallies: readonly Tally[]): number {
  const width = Math.max(...tallies.map(({ subject }) => subject.length));
  for (const { subject, inputs, decoded, failed } of tallies) {
    const counts = `${inputs} inputs, ${decoded} decoded, ${inputs - decoded - failed} refused`;
    out(`${subject.padEnd(width)}  ${counts}${failed > 0 ? `, ${failed} FAILED` : ''}`);
  }
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0);
  const failed = sum((tally) => tally.failed);
  out(`inputs ${sum((tally) => tally.inputs)} failed ${failed}`);
  return failed === 0 ? 0 : 1;
}

function tell({ subject, number, input, failure }: Failure, seed: number): void {
  out(`${subject}: ${failure}`);
  out(`  input  ${toHex(input)}`);
  out(`  again  npm run fuzz -- --seed ${seed} --only '${subject}' --at ${number}`);
}

function replay(subjects: readonly Subject[], seed: number, number: number): number {
  let failed = 0;
  for (const subject of subjects) {
    const input = inputOf(seed, subject, number);
    const judgement = judge(subject, input);
    out(`${subject.name}: ${'failure' in judgement ? judgement.failure : judgement.outcome}`);
    out(`  input  ${toHex(input)}`);
    if ('failure' in judgement) failed++;
  }
  return failed === 0 ? 0 : 1;
}

function chosen(only: string | undefined): readonly Subject[] {
  const subjects = SUBJECTS.filter(({ name }) => only === undefined || name.includes(only));
  if (subjects.length > 0) return subjects;
  throw new CaissonError('INVALID_ARGUMENT', { field: 'only', limit: 'a part of the name of a decoder' });
}

function wholeNumber(text: string, field: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new CaissonError('INVALID_ARGUMENT', { field, limit: 'a whole number' });
}
