import type { Clients } from '../shared/clients';
import { describeEnvironment, type KaizenEnvironment } from '../shared/environment';
import { InputError, refuse } from '../shared/errors';
import { describeStep, formatPlan } from './format-plan';
import type { Choices } from './holdings';
import { planTeardown, type TeardownPlan, type TeardownStep } from './plan-teardown';
import { readExisting } from './read-existing';
import { takeStep } from './take-step';

export interface DestroyOptions {
  readonly choices: Choices;
  /** Folder of this machine for what is exported. */
  readonly exportFolder?: string | undefined;
  /** Whether the plan is only shown. */
  readonly dryRun: boolean;
  /** Waits between looks. @default - real time */
  readonly pause?: (milliseconds: number) => Promise<void>;
}

export interface DestroyOutcome {
  readonly environment: string;
  /** The steps of the plan, in words. */
  readonly steps: readonly { readonly what: string; readonly why: string }[];
  /** Holdings that stay. */
  readonly kept: readonly string[];
  /** Whether the steps were taken; also true when there were none. */
  readonly done: boolean;
}

function outcomeOf(environment: string, { steps, kept }: TeardownPlan, done: boolean): DestroyOutcome {
  return {
    environment,
    steps: steps.map(describeStep).map(([what, why]) => ({ what, why })),
    kept,
    done,
  };
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** @throws InputError when something is exported, and nobody has said where to */
function checkExport({ choices, exportFolder }: DestroyOptions): void {
  const exported = Object.entries(choices).filter(([, choice]) => choice === 'export');
  if (exported.length > 0 && exportFolder === undefined) {
    throw new InputError(
      `--export-to: must name a folder where ${exported.map(([name]) => name).join(', ')} is exported`,
    );
  }
}

/**
 * Takes an environment down: plans by what is there, shows the plan, and takes its steps unless `dryRun`. A run that
 * was cut off is finished by running it again with the same choices.
 * @throws InputError with every reason not to begin; then nothing has been done
 * @throws Error when a step fails, or when something is left at the end
 */
export async function destroyEnvironment(
  clients: Clients,
  environment: KaizenEnvironment,
  options: DestroyOptions,
  write: (text: string) => void,
): Promise<DestroyOutcome> {
  checkExport(options);
  const existing = await readExisting(clients, environment);
  const plan = planTeardown(existing, options.choices);
  refuse(`environment '${environment.name}' is not destroyed`, plan.refusals);
  if (plan.steps.length === 0) {
    write(`Nothing is left of environment ${environment.name}`);
    return outcomeOf(environment.name, plan, true);
  }
  write(formatPlan(environment.name, plan));
  if (options.dryRun) {
    write('Nothing was done: add --execute');
    return outcomeOf(environment.name, plan, false);
  }
  const context = {
    clients,
    environment,
    folder: () => options.exportFolder ?? '',
    modelPackages: existing.modelPackages,
    pause: options.pause ?? sleep,
  };
  const planAgain = async () =>
    planTeardown(
      await readExisting(clients, await describeEnvironment(clients, environment.name)),
      options.choices,
    );
  const stopped = plan.steps.slice(0, plan.steps.findIndex(({ kind }) => kind === 'stop-rollouts') + 1);
  const take = async (steps: readonly TeardownStep[], before: number, all: number) => {
    for (const [index, step] of steps.entries()) {
      write(`${before + index + 1}/${all} ${describeStep(step)[0]}`);
      await takeStep(context, step);
    }
  };
  await take(stopped, 0, plan.steps.length);
  // A rollout may have deployed until it was stopped.
  const rest = stopped.length > 0 ? (await planAgain()).steps : plan.steps;
  await take(rest, stopped.length, stopped.length + rest.length);
  const left = await planAgain();
  if (left.steps.length + left.refusals.length > 0) {
    throw new Error(
      `something has come into environment '${environment.name}' meanwhile: run the command again`,
    );
  }
  write(`Destroyed environment ${environment.name}; kept: ${plan.kept.join(', ') || 'nothing'}`);
  return outcomeOf(environment.name, plan, true);
}
