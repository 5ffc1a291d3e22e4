import { z } from 'zod';

const ms = z.number().nonnegative();
const isPast = z.boolean();

/** One call of a client to a node, or what it came to. */
export const Call = z.object({
  client: z.string(),
  node: z.string(),
  what: z.enum(['get', 'scan', 'write', 'begin']),
  key: z.string().optional(),
  /** What was written, or what was read. */
  value: z.string().optional(),
  /** Of a write that is made only where it finds something, or nothing. */
  expects: z.string().optional(),
  fromMs: ms,
  /** Absent where nobody ever answered. */
  untilMs: ms.optional(),
  end: z.enum(['ok', 'refused', 'open']),
  /** As of which moment it was answered, where that is said. */
  ts: z.string().optional(),
  /** Of an answer that is no success: which. */
  said: z.string().optional(),
  isPast,
});
export type Call = z.infer<typeof Call>;

/** Anything else that takes a while at a node: an order, a call to a key service, trouble of a disk. */
export const Work = z.object({
  lane: z.enum(['order', 'key', 'disk']),
  node: z.string(),
  what: z.string(),
  fromMs: ms,
  untilMs: ms.optional(),
  /** Of work that failed. */
  said: z.string().optional(),
  isPast,
});
export type Work = z.infer<typeof Work>;

/** What a node says of itself, from one change to the next. */
export const Standing = z.object({
  atMs: ms,
  term: z.number(),
  leader: z.string().optional(),
  halted: z.string().optional(),
  /** Active keys with their epochs. */
  keys: z.string().optional(),
});
export type Standing = z.infer<typeof Standing>;

/** How far a node had come. */
export const Reached = z.object({ atMs: ms, applied: z.number(), durable: z.number() });
export type Reached = z.infer<typeof Reached>;

export const NodeRecord = z.object({ standings: z.array(Standing), reached: z.array(Reached) });
export type NodeRecord = z.infer<typeof NodeRecord>;

/** An entry of the log, and when each node applied it first. */
export const EntryRecord = z.object({
  index: z.number(),
  term: z.number(),
  writes: z.array(z.object({ key: z.string(), value: z.string().optional() })),
  appliedAtMs: z.record(z.string(), ms),
});
export type EntryRecord = z.infer<typeof EntryRecord>;

/** What went from one node to another. */
export const Message = z.object({
  from: z.string(),
  to: z.string(),
  what: z.string(),
  sentAtMs: ms,
  /** Absent where it never arrived. */
  arrivedAtMs: ms.optional(),
  isPast,
});
export type Message = z.infer<typeof Message>;

/** The past of what broke: how far it reaches on each lane. */
export const Slice = z.object({
  /** Which of the findings, counted from 0. */
  finding: z.number(),
  lane: z.string(),
  atMs: ms,
  untilMs: z.record(z.string(), ms),
});
export type Slice = z.infer<typeof Slice>;

/** Everything about one storm that a timeline shows. Only a run that was recorded has one. */
export const StormRecord = z.object({
  calls: z.array(Call),
  works: z.array(Work),
  nodes: z.record(z.string(), NodeRecord),
  entries: z.array(EntryRecord),
  messages: z.array(Message),
  /** Of each finding: at which node or client it came out, where that is known. */
  foundAt: z.array(z.string().nullable()),
  /** Of a text that is the second under its key and nonce: who sealed the first, and when. */
  sealedBefore: z.array(z.string().nullable()),
  slice: Slice.optional(),
  /** What there was more of than is kept here. */
  leftOut: z.array(z.string()),
});
export type StormRecord = z.infer<typeof StormRecord>;

/** Whether a text tells of an answer as of the moment that it names: of a scan, or a call, that it names. */
export function tellsOf(text: string, { fromMs, ts, what }: Pick<Call, 'fromMs' | 'ts' | 'what'>): boolean {
  const [, calledAt] = /called for at (\d+) ms/.exec(text) ?? [];
  if (ts === undefined || ts !== momentIn(text)) return false;
  return calledAt === undefined ? what === 'scan' || !text.includes('scan') : fromMs === Number(calledAt);
}

/** The moment that a text names, as commit timestamps are written: no index and no time is so long. */
function momentIn(text: string): string | undefined {
  return /\b\d{15,20}\b/.exec(text)?.[0];
}
