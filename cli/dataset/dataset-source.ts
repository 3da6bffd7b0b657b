/** What readers of sources give: items, and all that has to be said about how they were found. */
import type { Split } from '../../lambda/dataset/split';
import type { Clients } from '../shared/clients';
import type { Problem } from '../shared/problems';
import type { GroupRule } from './group-rule';
import type { LeftOut } from './layouts/left-out';
import type { DatasetUploadItem } from './upload-item';

export interface ReadDatasetOptions {
  /** Which images show the same part; not for a manifest, which says so itself. @default - each is its own group */
  readonly groupRule?: GroupRule | undefined;
  /** Classes by what the source calls them. @default - as they are called there, or the nearest name */
  readonly map?: ReadonlyMap<string, string> | undefined;
  /** Headers of columns of a table that mean nothing here. @default - none */
  readonly ignoreColumns?: readonly string[] | undefined;
  /** Class of images that annotations name without annotating them. @default - they are left out */
  readonly unannotated?: string | undefined;
  /** For `s3://` sources, made on first use. @default - S3 is refused */
  readonly s3?: () => Clients['s3'];
}

export interface DatasetSource {
  /** What the source was recognized as. */
  readonly layout: string;
  readonly items: readonly DatasetUploadItem[];
  readonly leftOut: readonly LeftOut[];
  readonly notes: readonly string[];
  /** Why it cannot be taken as it is. */
  readonly problems: readonly Problem[];
}

/** An image and what its source says of it. */
export interface LabelledImage {
  readonly path: string;
  readonly label: string;
  readonly split?: Split | undefined;
}

export const emptySource = (layout: string, problems: readonly Problem[]): DatasetSource => ({
  layout,
  items: [],
  leftOut: [],
  notes: [],
  problems,
});
