import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { useCaseOfGroup } from '../../lambda/registry/names';
import { environmentPrefix, type NameScope, STACKS, stackName } from '../../lambda/shared/names';
import type { Clients } from './clients';
import { InputError } from './errors';

/** What is deployed: the names of tables, buckets, queues, read from the outputs of the stacks. */
export class KaizenEnvironment {
  constructor(
    readonly name: string,
    private readonly outputs: ReadonlyMap<string, string>,
  ) {}

  /** @throws InputError when no stack of the environment has this output */
  output(id: string): string {
    const value = this.outputs.get(id);
    if (value === undefined) {
      throw new InputError(
        `environment '${this.name}' has no output ${id}: are its stacks ${environmentPrefix({ environmentName: this.name })}-* deployed, in this account and region? If not: npx cdk deploy '**' -c env=${this.name}`,
      );
    }
    return value;
  }

  has(id: string): boolean {
    return this.outputs.has(id);
  }

  /** Ids of all outputs, sorted. */
  outputIds(): string[] {
    return [...this.outputs.keys()].sort();
  }

  /** Told by the name of the model package group. */
  get useCase(): string {
    return useCaseOfGroup({ environmentName: this.name }, this.output('ModelPackageGroupName'));
  }

  /** What its names are made of. */
  get scope(): NameScope {
    return { environmentName: this.name, useCase: this.useCase };
  }
}

async function outputsOf(
  client: Clients['cloudFormation'],
  StackName: string,
): Promise<readonly (readonly [string, string])[]> {
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName }));
    return (answer.Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
      OutputKey ?? '',
      OutputValue ?? '',
    ]);
  } catch (error) {
    // A stack that is not deployed yet is no error here: the command that needs its outputs says so.
    if (error instanceof Error && /does not exist/.test(error.message)) return [];
    throw error;
  }
}

/** Reads the outputs of the environment's stacks. */
export async function describeEnvironment(
  clients: Pick<Clients, 'cloudFormation'>,
  name: string,
): Promise<KaizenEnvironment> {
  const outputs = await Promise.all(
    STACKS.map((stack) => outputsOf(clients.cloudFormation, stackName({ environmentName: name }, stack))),
  );
  return new KaizenEnvironment(name, new Map(outputs.flat()));
}
