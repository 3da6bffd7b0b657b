import { App, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import cdkJson from '../../cdk.json';
import { type Delivery, loadDelivery } from '../../lib/delivery/delivery-config';
import { addGithubDelivery } from '../../lib/delivery/github/github-delivery';
import { DeliveryPipelineStack } from '../../lib/delivery/pipeline/delivery-pipeline-stack';

/** What the CDK's command sets besides. */
const COMMAND_LINE = { 'aws:cdk:enable-path-metadata': true, 'aws:cdk:disable-asset-staging': true };

/** An app that delivers, as its file in `bin/` makes it. */
export interface SynthesizedDelivery {
  readonly app: App;
  /** Folder of the cloud assembly. */
  readonly assembly: string;
  /** By the path of the stack: `DeliveryPipeline`, `prod/Verification`. */
  readonly templates: ReadonlyMap<string, Template>;
}

export function synthesizedDelivery(add: (app: App, delivery: Delivery) => void): SynthesizedDelivery {
  const app = new App({ context: { ...cdkJson.context, ...COMMAND_LINE } });
  add(app, loadDelivery());
  const { directory } = app.synth();
  const stages = app.node.findAll().filter(Stage.isStage);
  const stacks = stages.flatMap((stage) => stage.synth().stacks);
  const templates = stacks.map(({ hierarchicalId, template }): [string, Template] => [
    hierarchicalId,
    Template.fromJSON(template),
  ]);
  return { app, assembly: directory, templates: new Map(templates) };
}

let pipeline: SynthesizedDelivery | undefined;
let github: SynthesizedDelivery | undefined;

/** The app of bin/pipeline.ts; synthesized once per test file. */
export function synthesizedPipeline(): SynthesizedDelivery {
  pipeline ??= synthesizedDelivery((app, delivery) => new DeliveryPipelineStack(app, delivery));
  return pipeline;
}

/** The app of bin/github.ts; synthesized once per test file. */
export function synthesizedGithub(): SynthesizedDelivery {
  github ??= synthesizedDelivery(addGithubDelivery);
  return github;
}
