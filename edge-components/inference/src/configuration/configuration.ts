import {
  type ComponentConfiguration,
  type OperatingPointConfiguration,
  problemsOf,
  type UseCaseConfiguration,
  withDefaults,
} from '../../../../contracts';
import { cameraProblems } from '../../../../contracts/camera-problems';
import type { LiftedQuarantines } from '../releases/quarantine';
import { expandTopic } from './topics';

/** `T` in which the groups `K`, and every field of them, have their values or their defaults. */
type Filled<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]-?: Required<NonNullable<T[P]>> };

type Confirmed = Required<NonNullable<UseCaseConfiguration['confirmations']>>;

export type SecondOpinionSettings = Required<NonNullable<UseCaseConfiguration['secondOpinion']>>;

/** One use case of the configuration, with the contract's defaults. */
export type UseCaseSettings = Filled<
  Omit<UseCaseConfiguration, 'frames'>,
  'limits' | 'upload' | 'outbox' | 'embeddingSums' | 'challenger' | 'shadow'
> & {
  readonly frames: FramesSettings;
  readonly retainStatus: boolean;
  readonly confirmations?: Confirmed;
  readonly secondOpinion?: SecondOpinionSettings;
};

type Frames = NonNullable<UseCaseConfiguration['frames']>;
type FramesSettings = Readonly<
  Required<Pick<Frames, 'policy' | 'queueLength'>> & Pick<Frames, 'deadlineMilliseconds'>
>;

/** Whom to ask about frames for review; undefined where no image may leave the device for that. */
export const secondOpinionOf = ({
  secondOpinion,
  upload,
}: Pick<UseCaseSettings, 'secondOpinion' | 'upload'>): SecondOpinionSettings | undefined =>
  secondOpinion?.ask === 'review' && upload.privacy !== 'never' ? secondOpinion : undefined;

type Group<K extends keyof ComponentConfiguration> = Readonly<
  Required<NonNullable<ComponentConfiguration[K]>>
>;

/** The configuration with the contract's defaults. */
export interface ComponentSettings {
  readonly useCases: Readonly<Record<string, UseCaseSettings>>;
  readonly captureBucket: string;
  /** Who may offer a configuration document. */
  readonly configurationComponentName?: string;
  readonly componentUpdate: Group<'componentUpdate'>;
  readonly storage: Group<'storage'>;
  readonly trial: Group<'trial'>;
  readonly statusIntervalSeconds: number;
  /** Thing name -> what an operator has lifted there: {@link LiftedQuarantines}. */
  readonly liftedQuarantines: Readonly<Record<string, LiftedQuarantines>>;
  /** Use case -> thing name, or `*` -> thresholds that an operator has moved there. */
  readonly operatingPoints: Readonly<Record<string, Readonly<Record<string, OperatingPointConfiguration>>>>;
}

/** Either the configuration, or everything that is wrong with it. */
export type ConfigurationReading =
  | { readonly ok: true; readonly settings: ComponentSettings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads what `GetConfiguration` answered. Never throws: a bad update must leave the configuration before in force. */
export function readConfiguration(value: unknown, thingName: string): ConfigurationReading {
  const problems = problemsOf('component-configuration', value);
  if (problems.length > 0) return { ok: false, problems };
  const settings = withDefaults(
    'component-configuration',
    value as ComponentConfiguration,
  ) as unknown as ComponentSettings;
  for (const [useCase, one] of Object.entries(settings.useCases)) {
    problems.push(...useCaseProblems(one, thingName).map((problem) => `useCases.${useCase}.${problem}`));
  }
  for (const field of ['modelComponentName', 'resultsTopic', 'statusTopic'] as const) {
    problems.push(...sharedValues(settings, field));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, settings };
}

/** Of the contract: for how long a controller is shown a disposition. */
const DEFAULT_HOLD_MILLISECONDS = 2_000;

/**
 * After which a part has moved on. A controller's disposition stands for no longer than the part is there, so that an answer
 * which comes later than that is another part's.
 */
export function deadlineMilliseconds({
  frames,
  decisionOutput,
}: Pick<UseCaseSettings, 'frames' | 'decisionOutput'>): number | undefined {
  if (frames.deadlineMilliseconds !== undefined) return frames.deadlineMilliseconds;
  return decisionOutput && (decisionOutput.holdMilliseconds ?? DEFAULT_HOLD_MILLISECONDS);
}

/** What JSON Schema cannot say about one use case. */
function useCaseProblems(settings: UseCaseSettings, thingName: string): string[] {
  const problems: string[] = [];
  const { resultsTopic, statusTopic, confirmations, secondOpinion } = settings;
  const topics = {
    resultsTopic,
    statusTopic,
    ...(confirmations && { 'confirmations.topic': confirmations.topic }),
    ...(secondOpinion && {
      'secondOpinion.questionTopic': secondOpinion.questionTopic,
      'secondOpinion.answerTopic': secondOpinion.answerTopic,
    }),
  };
  for (const [field, topic] of Object.entries(topics)) {
    try {
      expandTopic(topic, thingName);
    } catch (error) {
      problems.push(`${field}: ${(error as Error).message}`);
    }
  }
  for (const [cameraId, camera] of Object.entries(settings.cameras)) {
    problems.push(...cameraProblems(camera).map((problem) => `cameras.${cameraId}.${problem}`));
  }
  if (settings.retainStatus && settings.statusTopic.startsWith('$aws/')) {
    problems.push(
      `retainStatus: AWS IoT keeps no message of a reserved topic, got '${settings.statusTopic}'`,
    );
  }
  return problems;
}

/** Two use cases that share an address would answer for each other. */
function sharedValues(
  { useCases }: ComponentSettings,
  field: 'modelComponentName' | 'resultsTopic' | 'statusTopic',
): string[] {
  const owner = new Map<string, string>();
  return Object.entries(useCases).flatMap(([useCase, settings]) => {
    const other = owner.get(settings[field]);
    owner.set(settings[field], useCase);
    return other === undefined
      ? []
      : [`useCases.${useCase}.${field}: must differ from that of '${other}', got '${settings[field]}'`];
  });
}
