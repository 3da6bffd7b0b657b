import type { Application, Resource } from './application';

// biome-ignore lint/suspicious/noExplicitAny: the request of any kind of job
type Request = Readonly<Record<string, any>>;

/** A job that a SageMaker pipeline starts. */
export interface PipelineJob {
  readonly pipeline: Resource;
  readonly step: string;
  readonly kind: 'training' | 'processing';
  /** The request of CreateTrainingJob or CreateProcessingJob, or a tuning job's definition of its trials. */
  readonly request: Request;
}

interface Step {
  readonly Name: string;
  readonly Type: string;
  readonly Arguments?: Request;
  readonly IfSteps?: readonly Step[];
  readonly ElseSteps?: readonly Step[];
}

function jobsOf(pipeline: Resource, steps: readonly Step[]): PipelineJob[] {
  return steps.flatMap((step): PipelineJob[] => {
    const { Arguments = {} } = step;
    if (step.Type === 'Processing')
      return [{ pipeline, step: step.Name, kind: 'processing', request: Arguments }];
    if (step.Type === 'Training')
      return [{ pipeline, step: step.Name, kind: 'training', request: Arguments }];
    if (step.Type === 'Tuning') {
      const request: Request = Arguments.TrainingJobDefinition ?? {};
      return [{ pipeline, step: step.Name, kind: 'training', request }];
    }
    const { IfSteps = [], ElseSteps = [] } = step.Type === 'Condition' ? (Arguments as Partial<Step>) : {};
    return jobsOf(pipeline, [...IfSteps, ...ElseSteps]);
  });
}

/** The jobs of every pipeline whose definition is in the template. */
export function pipelineJobs(application: Application): PipelineJob[] {
  return application.resources('AWS::SageMaker::Pipeline').flatMap((pipeline) => {
    const body: unknown = pipeline.properties.PipelineDefinition?.PipelineDefinitionBody;
    if (body === undefined) return [];
    const { Steps }: { Steps: readonly Step[] } = JSON.parse(application.text(pipeline.stack, body));
    return jobsOf(pipeline, Steps);
  });
}
