import { z } from 'zod';

const NODE = /^n[1-9]\d{0,5}$/;
const NODE_OR_PART = /^(n[1-9]\d{0,5}|leader|follower)$/;

/** A machine. */
export const node = z.string().regex(NODE);

/** A machine, or whoever plays that part when it happens. */
export const nodeOrPart = z.string().regex(NODE_OR_PART);
