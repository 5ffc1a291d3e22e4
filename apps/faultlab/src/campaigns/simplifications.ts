import { describeFault } from '../faults/fault.js';
import type { Plan, Shape, Step } from '../faults/plan.js';
import type { RuleId } from '../oracles/rules.js';
import type { Verdict } from '../storm/verdict.js';

/** Another plan that asks for less; nothing where there is nothing to leave away. */
export type Simplification = (plan: Plan) => Plan | undefined;

/** Between the last fault and the end, where the failure shows only in the calm. */
const AFTERMATH_MS = 100;

/** Without what does not decide how a storm goes. */
export function plainer(plan: Plan, rule: RuleId): Plan {
  const { about: _about, mood: _mood, title: _title, traceHash: _hash, ...rest } = plan;
  // What the story must contain is what this one rule is about.
  if (rule === 'H8') return rest;
  const { expect: _expect, forbid: _forbid, ...plain } = rest;
  return plain;
}

/** A storm that ends where it failed, or soon after its last fault. */
export function inItsTime({ begunAtMs, findings }: Verdict, rule: RuleId): readonly Simplification[] {
  const failed = findings.find((finding) => finding.rule === rule);
  const failedMs = failed === undefined ? Infinity : failed.atMs - begunAtMs;
  const cutTo = (ms: number, plan: Plan): Plan | undefined => {
    const stormMs = Math.max(1, Math.ceil(ms));
    if (ms < 0 || stormMs >= plan.stormMs) return undefined;
    return { ...plan, stormMs, steps: plan.steps.filter(({ atMs }) => atMs <= stormMs) };
  };
  const lastMs = ({ steps }: Plan) => Math.max(0, ...steps.map(({ atMs }) => atMs)) + AFTERMATH_MS;
  return [(plan) => cutTo(failedMs, plan), (plan) => cutTo(lastMs(plan), plan)];
}

/** Fewer clients and nodes, and nothing odd about them. */
export function calmer({ shape = {} }: Plan): readonly Simplification[] {
  const clients = [1, 2].map(
    (count): Simplification =>
      (plan) => {
        const few = plan.shape?.clients ?? Infinity;
        return count < few ? { ...plan, shape: { ...plan.shape, clients: count } } : undefined;
      },
  );
  const knobs = (Object.keys(shape) as (keyof Shape)[])
    .filter((knob) => knob !== 'clients')
    .map(
      (knob): Simplification =>
        (plan) => {
          const { [knob]: _, ...rest } = plan.shape ?? {};
          return { ...plan, shape: rest };
        },
    );
  const longLogs: Simplification = (plan) =>
    plan.hasShortLogs ? { ...plan, hasShortLogs: false } : undefined;
  return [...clients, ...knobs, longLogs];
}

/** At a time instead of at a moment, for each fault whose moment came. */
export function later({ begunAtMs, plan: { steps }, story }: Verdict): readonly Simplification[] {
  const atItsTime = (step: Step): Step | undefined => {
    const words = describeFault(step.fault);
    const happened = story.find(({ atMs, text }) => text === words && atMs - begunAtMs >= step.atMs);
    return happened && { atMs: happened.atMs - begunAtMs, fault: step.fault };
  };
  return steps.map(
    (_, at): Simplification =>
      (plan) => {
        const step = plan.steps[at];
        const timed = step?.when === undefined ? undefined : atItsTime(step);
        return timed && { ...plan, steps: plan.steps.with(at, timed) };
      },
  );
}
