/** What waits, for what, and the command that ends it: what is not shown is waited for in vain. */
import { explainRollouts } from './registry/explain-rollout';
import { decisionOn, undecidedVersions } from './registry/list-models';
import type { Clients } from './shared/clients';
import type { KaizenEnvironment } from './shared/environment';
import { explainRetraining, retrainingLine } from './training/explain-retraining';

/** Who cannot be asked must not hide what the others say: the reason stands in the answer's place. */
async function asked(what: string, ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await ask();
  } catch (error) {
    return [`${what} cannot be asked: ${(error as Error).message}`];
  }
}

/** A sentence for each thing that waits. */
export async function readWaiting(
  clients: Pick<Clients, 'sageMaker' | 'lambda' | 'dynamoDb' | 'stepFunctions'>,
  environment: KaizenEnvironment,
): Promise<readonly string[]> {
  const models = asked('the registry', async () =>
    (await undecidedVersions(clients, environment)).map(
      (version) => `model package ${version} waits for a person: ${decisionOn(version)}`,
    ),
  );
  const retraining = asked('start-retraining', async () => {
    const explanation = await explainRetraining(clients, environment);
    const line = explanation && retrainingLine(explanation);
    return line === undefined ? [] : [line];
  });
  const rollouts = asked('the rollout', () => explainRollouts(clients, environment));
  return (await Promise.all([models, rollouts, retraining])).flat();
}

export const formatWaiting = (waiting: readonly string[]): string =>
  ['Waiting', ...(waiting.length === 0 ? ['none'] : waiting)].join('\n');
