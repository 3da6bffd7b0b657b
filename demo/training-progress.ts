/** Shows what the pipeline's jobs are doing: step, epoch, loss, accuracy, time left. */
import type { SageMakerProgress } from '@kaizen-edge/local-aws';
import type { DemoConsole } from './console';

/** A training script's progress line; see training/scripts. */
export const PROGRESS_PREFIX = 'KAIZEN_PROGRESS ';

interface EpochProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly secondsLeft: number;
}

/** As SageMaker Pipelines names the jobs of its steps: `pipelines-<execution>-<step>-<suffix>`. */
const STEP_JOB = /^pipelines-[^-]+-(.+)-[^-]+$/;

/** Two networks may be in training at a time. @returns the job's name where no pipeline has started it */
const stepOf = (job: string): string => STEP_JOB.exec(job)?.[1] ?? job;

export class TrainingProgressPrinter {
  constructor(private readonly console: DemoConsole) {}

  print(event: SageMakerProgress): void {
    if (event.kind === 'step') {
      if (event.status === 'Executing') this.console.line(`  ${event.step} ...`);
      return;
    }
    if (!event.line.startsWith(PROGRESS_PREFIX)) {
      this.console.status(`${event.job}: ${event.line}`);
      return;
    }
    const progress = JSON.parse(event.line.slice(PROGRESS_PREFIX.length)) as EpochProgress;
    const { epoch, epochs, loss, accuracy, secondsLeft } = progress;
    this.console.line(
      `    ${stepOf(event.job)}: epoch ${epoch}/${epochs}  loss ${loss.toFixed(3)}  validation accuracy ${(accuracy * 100).toFixed(1)} %  ${Math.round(secondsLeft)} s left`,
    );
  }
}
