export interface Layer {
  readonly pure?: boolean;
  readonly may: readonly string[];
  readonly specs?: readonly string[];
  readonly npm: readonly string[];
  readonly why: string;
}

export declare const LAYERS: Readonly<Record<string, Layer>>;
export declare const LAYER_ORDER: readonly string[];
