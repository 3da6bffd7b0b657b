/** Headers of messages between the component and the process in which a graph runs. The body of a run is its pixels. */
import type { ImageStatistics, ModelError, ModelSpecification } from '../ports';
import type { Answer } from './child';

export interface LoadRequest extends ModelSpecification {
  readonly id: number;
  readonly type: 'load';
}

export interface RunRequest {
  readonly id: number;
  readonly type: 'run';
}

export type InferenceRequest = LoadRequest | RunRequest;

export interface RunAnswer extends Answer {
  readonly ok: true;
  /** JSON knows no NaN and no infinity; as text there. */
  readonly probabilities: readonly (number | string)[];
  readonly novelty?: number | string;
  readonly embedding?: readonly (number | string)[];
  readonly statistics: ImageStatistics;
  readonly milliseconds: number;
}

export interface RefusedAnswer extends Answer {
  readonly ok: false;
  readonly kind: Exclude<ModelError['kind'], 'gone'>;
  readonly message: string;
}

export const asJsonNumber = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value);
