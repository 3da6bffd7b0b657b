import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json';
import { EdgeMlopsStage } from '../../lib/edge-mlops-stage';
import { type AppConfig, loadConfig, parseConfig } from '../../lib/shared/app-config';

export const ENVIRONMENTS = ['local', 'dev', 'prod'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of any resource type
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** A resource with the stack that it is in. */
export interface PlacedResource extends Resource {
  readonly stack: string;
  readonly logicalId: string;
}

export interface SynthesizedApp {
  readonly app: App;
  readonly config: AppConfig;
  readonly stacks: Readonly<Record<'data' | 'training' | 'fleet' | 'operations', Stack>>;
  readonly templates: ReadonlyMap<string, Template>;
  resources(type: string): PlacedResource[];
}

function synthesize(
  environment: EnvironmentName,
  settings: Partial<AppConfig['training']> = {},
): SynthesizedApp {
  const config = loadConfig(new App({ context: { env: environment } }));
  return synthesizedWith(
    parseConfig({ ...config, training: { ...config.training, ...settings } }, environment),
  );
}

/** The application of any environment. */
export function synthesizedWith(config: AppConfig): SynthesizedApp {
  const app = new App({ context: cdkJson.context });
  const { data, training, fleet, operations } = new EdgeMlopsStage(app, config);
  const stacks = { data, training, fleet, operations };
  const templates = new Map(Object.entries(stacks).map(([name, stack]) => [name, Template.fromStack(stack)]));
  return {
    app,
    config,
    stacks,
    templates,
    resources: (type) =>
      [...templates].flatMap(([stack, template]) =>
        Object.entries(template.findResources(type)).map(([logicalId, resource]) => ({
          ...({ Properties: {}, ...resource } as Resource),
          stack,
          logicalId,
        })),
      ),
  };
}

const synthesized = new Map<EnvironmentName, SynthesizedApp>();

/** The application as `cdk synth -c env=<environment>` makes it; synthesized once per test file. */
export function synthesizedApp(environment: EnvironmentName): SynthesizedApp {
  const found = synthesized.get(environment) ?? synthesize(environment);
  synthesized.set(environment, found);
  return found;
}

/** Synthesized anew, to compare. */
export const synthesizedAgain = synthesize;

/** The application whose jobs run in a VPC, with a key of their own for their volumes. */
export const synthesizedInVpc = (environment: EnvironmentName): SynthesizedApp =>
  synthesize(environment, {
    volumeKeyArn: 'arn:aws:kms:us-east-1:111111111111:key/volumes',
    network: {
      vpc: { subnets: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] },
    },
  });

/** Where devices ask for second opinions: the larger network, and where there is a budget its share. */
export function withSecondOpinions(config: AppConfig): AppConfig {
  const { training, budget } = config;
  return parseConfig(
    {
      ...config,
      training: { ...training, cloudVariant: { widthMultiplier: 1 } },
      ...(budget && { budget: { ...budget, secondOpinionsStopAtPercent: 50 } }),
      secondOpinion: {
        deadlineMilliseconds: 1_500,
        mayPass: false,
        dailyBudget: { environment: 10_000, device: 500 },
        concurrency: 4,
      },
    },
    'with second opinions',
  );
}

const asking = new Map<EnvironmentName, SynthesizedApp>();

/** The application whose devices ask for second opinions; synthesized once per test file. */
export function synthesizedAsking(environment: EnvironmentName): SynthesizedApp {
  const found =
    asking.get(environment) ?? synthesizedWith(withSecondOpinions(synthesizedApp(environment).config));
  asking.set(environment, found);
  return found;
}
