// The types of target.mjs, for the example in TypeScript.
import type { CallOptions, Portkey } from '../index.mjs';

export interface Target {
  name: string;
  customHost: string;
  authorization?: string;
  local: boolean;
  stop(): Promise<void>;
}

export function openTarget(needs?: { apiKey?: string; embeddings?: boolean; signal?: AbortSignal }): Promise<Target>;

export function chooseModel(
  portkey: Portkey,
  choice?: { opts?: CallOptions; fits?: (id: string) => boolean },
): Promise<string>;
