import { ContractError, type DeliveryConfig, problemsOf } from '../../contracts';
import {
  type AppConfig,
  broken,
  DELIVERY_FILE,
  environmentNames,
  exportOf,
  loadEnvironment,
} from '../shared/app-config';

/** One environment on a commit's way, with everything that its stacks are made of. */
export interface DeliveredStage {
  readonly config: AppConfig;
  readonly approval: DeliveryConfig['environments'][number]['approval'];
  /** So many devices must be healthy after a deployment. */
  readonly healthyDevices: number;
}

/** The configuration of the delivery, with that of its environments. */
export interface Delivery extends Omit<DeliveryConfig, 'environments'> {
  /** In the order in which a commit reaches them. */
  readonly stages: readonly DeliveredStage[];
}

function environmentProblems(
  { name, approval }: DeliveryConfig['environments'][number],
  index: number,
  environments: ReadonlyMap<string, AppConfig>,
): string[] {
  const field = `environments.${index}`;
  const config = environments.get(name);
  if (config === undefined) {
    return [broken(`${field}.name`, `must be one of ${[...environments.keys()].join(', ')}`, name)];
  }
  const problems: string[] = [];
  // Only the roles of the bootstrap stack can be assumed by somebody who is no person of the account.
  if (config.synthesizer !== 'default') {
    problems.push(
      broken(`${field}.name`, "must be an environment whose synthesizer is 'default'", config.synthesizer),
    );
  }
  // What its stacks keep when they go is worth a look before they change.
  if (config.removal === 'retain' && approval !== 'manual') {
    problems.push(
      broken(`${field}.approval`, `must be manual: ${name} keeps its data (removal: retain)`, approval),
    );
  }
  return problems;
}

/**
 * Checks the configuration of the delivery: each field against contracts/schemas/delivery-config.schema.json, then what
 * joins it with the environments.
 * @param environments by name, those that there are
 * @param subject where the value came from, for the message
 * @throws ContractError with every problem: field, rule, value
 */
export function parseDelivery(
  value: unknown,
  environments: ReadonlyMap<string, AppConfig>,
  subject: string,
): Delivery {
  const fieldProblems = problemsOf('delivery-config', value);
  if (fieldProblems.length > 0) throw new ContractError('delivery-config', subject, fieldProblems);
  const { environments: listed, ...rest } = value as DeliveryConfig;
  const problems = listed.flatMap((each, index) => environmentProblems(each, index, environments));
  const names = listed.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    problems.push(broken('environments', 'must have each name once', names));
  }
  const [, , , connectionRegion, connectionAccount] = rest.pipeline.connectionArn.split(':');
  if (connectionAccount !== rest.pipeline.account) {
    problems.push(
      broken(
        'pipeline.connectionArn',
        `must lie in pipeline.account (${rest.pipeline.account})`,
        rest.pipeline.connectionArn,
      ),
    );
  }
  if (connectionRegion !== rest.pipeline.region) {
    problems.push(
      broken(
        'pipeline.connectionArn',
        `must lie in pipeline.region (${rest.pipeline.region})`,
        rest.pipeline.connectionArn,
      ),
    );
  }
  if (problems.length > 0) throw new ContractError('delivery-config', subject, problems);
  const stages = listed.flatMap(({ name, ...each }) => {
    const config = environments.get(name);
    return config === undefined ? [] : [{ ...each, config }];
  });
  return { ...rest, stages };
}

/**
 * The delivery that `config/delivery.ts` configures.
 * @throws ContractError for a configuration that breaks a rule, of the delivery or of any environment
 */
export function loadDelivery(folder?: string): Delivery {
  const environments = new Map(environmentNames(folder).map((name) => [name, loadEnvironment(name, folder)]));
  return parseDelivery(exportOf(DELIVERY_FILE, folder), environments, `config/${DELIVERY_FILE}.ts`);
}
