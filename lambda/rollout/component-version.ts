/** A version of a component, between its creation and the first deployment that may name it. */
import { DescribeComponentCommand, type GreengrassV2Client } from '@aws-sdk/client-greengrassv2';

const POLL_MILLISECONDS = 1_000;
/** Greengrass reads and hashes every artifact before a version can be deployed. */
const DEPLOYABLE_WITHIN_POLLS = 120;

export type Sleep = (milliseconds: number) => Promise<void>;

const realSleep: Sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @throws Error when Greengrass refuses an artifact, with its message, or is not done within two minutes */
export async function waitUntilDeployable(
  greengrass: Pick<GreengrassV2Client, 'send'>,
  arn: string,
  sleep: Sleep = realSleep,
): Promise<void> {
  for (let poll = 0; poll < DEPLOYABLE_WITHIN_POLLS; poll++) {
    const { status } = await greengrass.send(new DescribeComponentCommand({ arn }));
    if (status?.componentState === 'DEPLOYABLE') return;
    if (status?.componentState === 'FAILED') {
      const errors = Object.entries(status.errors ?? {}).map(([name, text]) => `${name}: ${text}`);
      throw new Error(`${arn} cannot be deployed: ${[status.message, ...errors].filter(Boolean).join('; ')}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
  throw new Error(
    `${arn} was not deployable after ${(DEPLOYABLE_WITHIN_POLLS * POLL_MILLISECONDS) / 1000} s`,
  );
}

/** @param callerArn of a state machine or a function in the same partition, region and account */
export function componentVersionArn(callerArn: string, name: string, version: string): string {
  const [, partition, , region, account] = callerArn.split(':');
  return `arn:${partition}:greengrass:${region}:${account}:components:${name}:versions:${version}`;
}
