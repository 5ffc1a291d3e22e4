/**
 * The few globals that pure layers may use. They exist in every JavaScript runtime; everything else that
 * reaches outside the program (clock, randomness, disk, network) arrives as a service of
 * `@caisson/contracts`.
 */

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare var AbortController: { new (): AbortController };

interface TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
}

interface TextDecoder {
  decode(bytes?: Uint8Array): string;
}

declare var TextEncoder: { new (): TextEncoder };
declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};
