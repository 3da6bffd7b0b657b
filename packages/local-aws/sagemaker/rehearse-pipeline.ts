/** Runs a pipeline without its jobs, in milliseconds: for tests of whoever writes a definition. */
import { createJob } from './api/job-operations';
import { Tags } from './api/tags';
import { checkTuningRequest } from './api/tuning-operations';
import { Arns } from './arn';
import type { JobRunner } from './jobs/job-runner';
import type { Json, JsonObject } from './json';
import type { Execution } from './pipeline/execution';
import { PipelineService } from './pipeline-service';

export interface RehearsalOptions {
  /** JSON text. */
  readonly definition: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The content of a property file, by its s3:// address. */
  readonly readJson: (uri: string) => Json;
  /** How often it is executed, one after the other: later ones find what earlier ones have left in the cache. @default 1 */
  readonly executions?: number;
}

export interface Rehearsal {
  /** The last one. */
  readonly execution: Execution;
  /** Create requests of the jobs, in their order, with every expression resolved. */
  readonly requests: readonly JsonObject[];
  /** Requests of the model packages that were registered. */
  readonly packages: readonly JsonObject[];
}

const ROLE_ARN = 'arn:aws:iam::000000000000:role/rehearsal';
const NAME = 'rehearsal';

/**
 * Every job ends well at once and leaves its model where its name says; the best trial of a search is its third.
 * @throws SageMakerError when the definition is refused. A request that is refused fails its step instead
 */
export async function rehearsePipeline(options: RehearsalOptions): Promise<Rehearsal> {
  const requests = new Map<string, JsonObject>();
  const packages: JsonObject[] = [];
  const anyName = { create: () => ({ arn: 'arn:aws:sagemaker:x' }) } as unknown as JobRunner;
  const service = new PipelineService({
    arns: new Arns('us-east-1', '000000000000'),
    clock: { now: () => new Date(0), sleep: async () => undefined },
    observer: { executionChanged: () => undefined, stepChanged: () => undefined },
    services: {
      createJob: async (kind, name, request) => {
        const named = { ...request, [`${kind}JobName`]: name };
        if (kind === 'HyperParameterTuning') checkTuningRequest(named);
        else createJob(anyName, new Tags(), kind, named);
        requests.set(name, request);
        return `arn:${name}`;
      },
      jobEnded: async () => ({ status: 'Completed' }),
      describeJob: (kind, name) => ({
        ...requests.get(name),
        [`${kind}JobName`]: name,
        ModelArtifacts: { S3ModelArtifacts: `s3://models/${name}/model.tar.gz` },
        BestTrainingJob: { TrainingJobName: `${name}-003-0a1b2c3d` },
      }),
      stopJob: () => undefined,
      registerModel: async (request) => {
        packages.push(request);
        return { ModelPackageArn: 'arn:package' };
      },
      readJson: async (uri) => options.readJson(uri),
    },
  });
  service.create(NAME, { roleArn: ROLE_ARN, definitionText: options.definition });
  const execute = async () => {
    const execution = service.start({ pipelineName: NAME, parameters: options.parameters });
    await execution.ended;
    return execution;
  };
  for (let before = 1; before < (options.executions ?? 1); before++) await execute();
  const execution = await execute();
  return { execution, requests: [...requests.values()], packages };
}
