/**
 * The two nuclei, as far as a component or a deployment can tell them apart. Classic is 2.18
 * (aws-greengrass-nucleus), lite 2.6.0 (aws-greengrass-lite).
 */
import { liteRecipeProblem } from './lite-recipe';

export const NUCLEUS_NAMES = ['classic', 'lite'] as const;
export type NucleusName = (typeof NUCLEUS_NAMES)[number];

export interface Nucleus {
  readonly version: string;
  /** The platform attribute by which manifests tell the nuclei apart. */
  readonly runtime: string;
  /** Why it cannot use the text of a recipe, or undefined. */
  readonly recipeProblem: (text: string) => string | undefined;
  /** Of a deployment's document, which it otherwise leaves in the queue of IoT Jobs for ever. */
  readonly largestDocumentBytes: number;
  /** IPC operations that it answers with an error without a message. */
  readonly unservedOperations: ReadonlySet<string>;
  /** It cuts the connection at a larger one. */
  readonly largestIpcMessageBytes: number;
  /** Whether it cuts without saying why. */
  readonly endsWithoutAWord: boolean;
  /** What it appends to the startup script, whose exit code it takes instead. */
  readonly afterStartup: string;
  /** What a component is done to whose configuration changes. */
  readonly onConfigurationChange: 'tell' | 'restart';
  /** Whether it asks components before a deployment, and takes a failed one back. */
  readonly asksComponents: boolean;
  readonly rollsBack: boolean;
  /** Whether its log gives back a number of a lifecycle that differs from the recipe's. */
  readonly misreadsNumbers: boolean;
  /**
   * How many bytes of messages to the cloud it holds that the cloud has not acknowledged; it tells the component at once
   * that they are sent, and forgets them with the connection. Undefined: the component is told when the cloud has them.
   */
  readonly unacknowledgedBytes?: number;
  /**
   * How many bytes of messages to the cloud it keeps in memory until the cloud has them, across connections and not across
   * a restart, where the device is set up to spool; it tells the component at once that they are sent.
   */
  readonly spoolBytes?: number;
}

const CLASSIC: Nucleus = {
  version: '2.18.2',
  runtime: 'aws_nucleus_classic',
  recipeProblem: () => undefined,
  largestDocumentBytes: Number.POSITIVE_INFINITY,
  unservedOperations: new Set(),
  largestIpcMessageBytes: 24 * 1024 * 1024,
  endsWithoutAWord: false,
  afterStartup: '',
  onConfigurationChange: 'tell',
  asksComponents: true,
  rollsBack: true,
  misreadsNumbers: true,
  // `mqtt.spooler.maxSizeInBytes`, `storageType: Memory`; measured: full after about 220 messages of 10 KB.
  spoolBytes: 2_621_440,
};

const LITE: Nucleus = {
  version: '2.6.0',
  runtime: 'aws_nucleus_lite',
  recipeProblem: liteRecipeProblem,
  // Measured: a job of about 2,900 bytes was taken, one of 3,892 was not.
  largestDocumentBytes: 2_900,
  unservedOperations: new Set([
    'SubscribeToValidateConfigurationUpdates',
    'SendConfigurationValidityReport',
    'SubscribeToComponentUpdates',
    'DeferComponentUpdate',
  ]),
  // GGL_IPC_MAX_MSG_LEN.
  largestIpcMessageBytes: 10_000,
  endsWithoutAWord: true,
  // Stands for `systemd-notify --ready`.
  afterStartup: '\ntrue\n',
  onConfigurationChange: 'restart',
  asksComponents: false,
  rollsBack: false,
  misreadsNumbers: false,
  unacknowledgedBytes: 15_000,
};

export const NUCLEI: Readonly<Record<NucleusName, Nucleus>> = { classic: CLASSIC, lite: LITE };
