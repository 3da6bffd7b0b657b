/**
 * Every physical name that crosses a process boundary: devices, tools, the pipeline's events and IAM policies
 * know these. Everything else is named by CloudFormation.
 */

export { modelComponentName } from '../../lambda/registry/names';

/** What a name is made of; an AppConfig fits. */
export interface NameScope {
  readonly environmentName: string;
  readonly useCase: string;
}

export const INFERENCE_COMPONENT_NAME = 'com.kaizenedge.Inference';
export const stackName = (scope: NameScope, stack: 'data' | 'training' | 'fleet' | 'operations'): string =>
  `kaizen-${scope.environmentName}-${stack}`;

export const fleetGroupName = (scope: NameScope): string => `kaizen-${scope.environmentName}-fleet`;
export const waveGroupName = (scope: NameScope, wave: string): string =>
  `kaizen-${scope.environmentName}-${wave}`;
export const thingTypeName = (scope: NameScope): string => `kaizen-${scope.environmentName}-core-device`;
export const devicePolicyName = (scope: NameScope): string => `kaizen-${scope.environmentName}-device`;
export const roleAliasName = (scope: NameScope): string => `kaizen-${scope.environmentName}-token-exchange`;

/** Topic rules take letters, digits and underscores only. */
export const resultsRuleName = (scope: NameScope): string => `kaizen_${scope.environmentName}_results`;
export const statusRuleName = (scope: NameScope): string => `kaizen_${scope.environmentName}_status`;
/** Basic Ingest topics. `thingName` may be a placeholder or a policy variable. */
export const resultsTopic = (scope: NameScope, thingName: string): string =>
  `$aws/rules/${resultsRuleName(scope)}/${scope.useCase}/${thingName}/results`;
export const statusTopic = (scope: NameScope, thingName: string): string =>
  `$aws/rules/${statusRuleName(scope)}/${scope.useCase}/${thingName}/status`;

export const modelPackageGroupName = (scope: NameScope): string =>
  `kaizen-${scope.environmentName}-${scope.useCase}`;
export const pipelineName = (scope: NameScope): string =>
  `kaizen-${scope.environmentName}-${scope.useCase}-training`;
export const stateMachineName = (scope: NameScope): string => `kaizen-${scope.environmentName}-rollout`;
export const dashboardName = (scope: NameScope): string => `kaizen-${scope.environmentName}`;

/** Where a device puts its captures in the telemetry bucket. */
export const capturePrefix = (scope: NameScope, thingName: string): string =>
  `captures/${scope.useCase}/${thingName}`;
