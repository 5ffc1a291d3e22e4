import type { Operation } from '@caisson/simulator';
import type { Findings } from './findings.js';

/** No read may answer what nobody wrote under its key, whatever else a cluster has lost. */
export function judgeTruth(histories: ReadonlyMap<string, readonly Operation[]>, findings: Findings): void {
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
