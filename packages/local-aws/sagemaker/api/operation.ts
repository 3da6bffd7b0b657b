import type { JsonObject } from '../json';
import type { Schema } from './request-schema';

/** One operation of the API: what it takes, and what it does. */
export interface Operation {
  readonly request: Schema;
  handle(request: JsonObject): JsonObject | Promise<JsonObject>;
}

export type Operations = Readonly<Record<string, Operation>>;
