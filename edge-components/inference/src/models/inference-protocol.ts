/** Messages between the component and the thread or process in which a graph runs. */
import type { ModelInput } from '../../../../contracts';
import type { ImageStatistics } from '../ports';

export type HostRequest =
  | {
      readonly id: number;
      readonly type: 'load';
      readonly path: string;
      readonly sha256: string;
      readonly input: ModelInput;
      readonly classes: number;
    }
  | {
      readonly id: number;
      readonly type: 'run';
      /** height x width x 3, 8-bit RGB. */
      readonly pixels: Uint8Array;
    };

export type HostReply =
  | { readonly id: number; readonly ok: true }
  | {
      readonly id: number;
      readonly ok: true;
      readonly probabilities: readonly number[];
      readonly statistics: ImageStatistics;
      readonly milliseconds: number;
    }
  | {
      readonly id: number;
      readonly ok: false;
      readonly kind: 'graph' | 'load' | 'contract' | 'run';
      readonly message: string;
    };
