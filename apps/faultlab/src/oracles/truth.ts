import type { Operation, Transaction } from '@caisson/simulator';
import type { Diary } from './diary.js';
import type { Findings } from './findings.js';

export interface Told {
  readonly histories: ReadonlyMap<string, readonly Operation[]>;
  readonly transactions: readonly Transaction[];
}

/** No read may answer what nobody wrote under its key, whatever else a cluster has lost. */
export function judgeTruth({ histories, transactions }: Told, findings: Findings): void {
  judgeElements(transactions, findings);
  for (const [key, history] of histories) {
    const written = new Set(history.flatMap(({ action }) => (action.kind === 'read' ? [] : action.value)));
    for (const { action } of history) {
      if (action.kind !== 'read' || action.saw === undefined) continue;
      findings.saw('E8');
      if (!written.has(action.saw))
        findings.add('E8', `${key} was read as ${action.saw}, which nobody wrote`);
    }
  }
}

/** No value of a write that was refused is ever read. */
export function judgeRefusals(diary: Diary, findings: Findings): void {
  for (const { key, saw } of [...diary.reads, ...diary.snapshots]) {
    if (saw === undefined || saw === '') continue;
    findings.saw('R7');
    if (diary.isRefused(key, saw)) findings.add('R7', `${key} was read as ${saw}, which was refused`);
  }
}

function judgeElements(transactions: readonly Transaction[], findings: Findings): void {
  const actions = transactions.flatMap((transaction) => transaction.actions);
  const written = new Set(
    actions.flatMap((action) => (action.kind === 'append' ? `${action.key} ${action.element}` : [])),
  );
  for (const action of actions) {
    if (action.kind === 'append') continue;
    const stray = action.saw.find((element) => !written.has(`${action.key} ${element}`));
    findings.saw('E8', action.saw.length > 0);
    if (stray !== undefined) findings.add('E8', `${stray} was read in ${action.key}, which nobody wrote`);
  }
}
