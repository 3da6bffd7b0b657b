import type { DatasetItem } from '../../contracts';

/** One image to upload, with what its source says about it. */
export interface DatasetUploadItem {
  readonly id: string;
  readonly groupId: string;
  readonly label: string;
  readonly origin: DatasetItem['origin'];
  readonly capturedAt: string;
  /** What the source says; without it the split is that of the group. */
  readonly split?: DatasetItem['split'];
  /** When given, the bytes must have this digest. */
  readonly sha256?: string;
  /** Where it was found, for messages. */
  readonly path?: string;
  readonly read: () => Promise<Uint8Array>;
}
