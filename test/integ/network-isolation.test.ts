/** [C14] The project's own pipeline and default script with the network cut off. */
import { spawnSync } from 'node:child_process';
import { DescribeProcessingJobCommand, DescribeTrainingJobCommand } from '@aws-sdk/client-sagemaker';
import {
  type FinishedExecution,
  type RunningTrainingPipeline,
  startTrainingPipeline,
} from '../training/running-training-pipeline';

/** Only ends what hangs. */
const TIMEOUT = 900_000;
const SHORT = { Epochs: '1', WidthMultiplier: '0.1' };

let pipeline: RunningTrainingPipeline;

beforeAll(async () => {
  pipeline = await startTrainingPipeline({
    // Few, and yet a part of every class in every split.
    datasetItems: 240,
    training: { network: { isolation: { python: '3.12' } } },
  });
}, TIMEOUT);

afterAll(() => pipeline?.stop(), TIMEOUT);

const nameIn = (arn: string | undefined) => arn?.split('/').at(-1);

/** The execution's jobs as the service describes them. */
async function jobsOf({ steps }: FinishedExecution) {
  const train = await pipeline.sagemaker.send(
    new DescribeTrainingJobCommand({ TrainingJobName: nameIn(steps.Train?.Metadata?.TrainingJob?.Arn) }),
  );
  const processing = await Promise.all(
    ['Prepare', 'Evaluate', 'Export'].map((step) =>
      pipeline.sagemaker.send(
        new DescribeProcessingJobCommand({
          ProcessingJobName: nameIn(steps[step]?.Metadata?.ProcessingJob?.Arn),
        }),
      ),
    ),
  );
  return { train, processing };
}

/** Containers of CI may get no namespaces. */
const CUTS_OFF = spawnSync('unshare', ['--user', '--map-root-user', '--net', 'true']).status === 0;

if (CUTS_OFF) {
  test(
    '[C14] every job without a network: the model is trained, registered, and the champion of the next execution',
    async () => {
      const first = await pipeline.execute(SHORT);
      expect(first.reasons).toEqual([]);
      expect(first.status).toBe('Succeeded');
      const { train, processing } = await jobsOf(first);
      expect(train.EnableNetworkIsolation).toBe(true);
      expect(processing.map(({ NetworkConfig }) => NetworkConfig)).toEqual(
        processing.map(() => ({ EnableNetworkIsolation: true })),
      );
      const { accuracy } = await pipeline.evaluation();

      const ChampionModelUri = train.ModelArtifacts?.S3ModelArtifacts ?? '';
      const second = await pipeline.execute({ ...SHORT, Seed: '8', ChampionModelUri });
      expect(second.reasons).toEqual([]);
      expect(second.status).toBe('Succeeded');
      const { champion } = await pipeline.evaluation();
      expect(champion.accuracy).toBe(accuracy);
    },
    TIMEOUT,
  );
} else {
  test(
    '[C14] a machine that cannot cut jobs off refuses them',
    async () => {
      const { status, reasons } = await pipeline.execute(SHORT);
      expect(status).toBe('Failed');
      expect(reasons.join()).toContain('EnableNetworkIsolation cannot be kept on this machine');
    },
    TIMEOUT,
  );
}
