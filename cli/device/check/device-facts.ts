/** What is known of a machine that is to be, or is, a core device. */

export interface FileFact {
  /** Permission bits; undefined when there is no such file. */
  readonly mode: number | undefined;
}

export interface CertificateFact {
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Whether the private key beside it is its own. */
  readonly fitsKey: boolean;
}

/** What came of a connection with the device's certificate. */
export interface EndpointFact {
  /** What is asked there, such as `credentials`. */
  readonly purpose: string;
  /** `host:port` */
  readonly address: string;
  /** What went wrong, in one sentence; undefined when the answer was as it should be. */
  readonly problem: string | undefined;
  /** Of an HTTP answer: its time minus this machine's. */
  readonly aheadMilliseconds?: number | undefined;
}

export interface DeviceFacts {
  readonly now: Date;
  /** `process.platform`-`process.arch`, such as linux-arm64. */
  readonly architecture: string;
  readonly node: { readonly version: string; readonly path: string };
  /** Undefined where the C library is another one, such as musl. */
  readonly glibc: string | undefined;
  /** Newest GLIBCXX version of libstdc++; undefined when it was not found. */
  readonly glibcxx: string | undefined;
  /** Undefined without systemd. */
  readonly systemd: number | undefined;
  /** Major version; undefined without Java. */
  readonly java: number | undefined;
  readonly memoryBytes: number;
  /** On the file system that the nucleus writes to. */
  readonly freeDiskBytes: number;
  /** Of the device's folder, by name. */
  readonly files: Readonly<Record<string, FileFact>>;
  /** Undefined when certificate or key cannot be read. */
  readonly certificate: CertificateFact | undefined;
  /** Empty when they were not asked. */
  readonly endpoints: readonly EndpointFact[];
}
