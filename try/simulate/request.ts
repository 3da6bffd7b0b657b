/** What `kaizen device simulate` asks for, as its program gets it. */
import type { NucleusName } from '@kaizen-edge/local-aws';
import type { Wave } from '../../cli/device/device-folder';

export interface SimulateRequest {
  readonly environment: string;
  readonly thingName: string;
  readonly wave: Wave;
  readonly nucleus: NucleusName;
  /** Folder of the device. @default - out/simulated/<thingName> */
  readonly out?: string;
  readonly camera: { readonly source: string } & Readonly<Record<string, unknown>>;
}
