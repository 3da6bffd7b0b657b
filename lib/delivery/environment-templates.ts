import { App } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { EdgeMlopsStage } from '../edge-mlops-stage';
import { type AppConfig, loadConfig } from '../shared/app-config';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: unknown;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

/** A CloudFormation template, as far as this application writes any. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >;
}

/** Templates of one environment by the name of their stack. */
export type EnvironmentTemplates = ReadonlyMap<string, StackTemplate>;

/** What the CDK's command sets besides; and assets stay where they are: copies of them are 54 MB per environment. */
const COMMAND_LINE = { 'aws:cdk:enable-path-metadata': true, 'aws:cdk:disable-asset-staging': true };

const appOf = (environment: string): App =>
  new App({ context: { ...context, ...COMMAND_LINE, env: environment } });

/** @throws ContractError when the environment's configuration is invalid */
export const environmentConfig = (environment: string): AppConfig => loadConfig(appOf(environment));

/**
 * The templates that `cdk synth -c env=<environment>` writes.
 * @throws ContractError when the environment's configuration is invalid; Error when dist/ lacks what is deployed
 */
export function environmentTemplates(environment: string): EnvironmentTemplates {
  const app = appOf(environment);
  const { stacks } = new EdgeMlopsStage(app, loadConfig(app)).synth();
  return new Map(stacks.map(({ stackName, template }) => [stackName, template]));
}

/** Path of the construct that a resource comes from, such as `prod/Data/Registry/Releases`. */
export function constructPath(resource: TemplateResource): string {
  const path = resource.Metadata?.['aws:cdk:path'];
  return typeof path === 'string' ? path.replace(/\/(Resource|Default)$/, '') : '';
}
