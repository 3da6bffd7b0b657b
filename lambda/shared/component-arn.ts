/** @param callerArn of a state machine or a function in the same partition, region and account */
export function componentArn(callerArn: string, name: string): string {
  const [, partition, , region, account] = callerArn.split(':');
  return `arn:${partition}:greengrass:${region}:${account}:components:${name}`;
}
