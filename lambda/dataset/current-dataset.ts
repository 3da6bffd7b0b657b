/** `manifests/current.json`: the dataset in force. */
export interface CurrentDataset {
  /** Digest of the accepted manifest's bytes. */
  readonly manifestSha256: string;
  /** Key of the accepted manifest. */
  readonly key: string;
  readonly items: number;
  /** Sorted. */
  readonly classes: readonly string[];
  /** ISO timestamp. */
  readonly acceptedAt: string;
  /** Key of the incoming manifest. */
  readonly source: string;
}
