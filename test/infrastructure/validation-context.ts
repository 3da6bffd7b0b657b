import { type App, type IPolicyValidationContext, Stage } from 'aws-cdk-lib';

/** What the CDK gives to the packs at the end of a synthesis. */
export function validationContext(app: App): IPolicyValidationContext {
  const stackTemplates = app.node
    .findAll()
    .filter(Stage.isStage)
    .flatMap((stage) => stage.synth({ force: true }).stacks)
    .map(({ hierarchicalId, templateFullPath, environment: { account, region } }) => ({
      stackConstructPath: hierarchicalId,
      templatePath: templateFullPath,
      account,
      region,
      accountId: account,
    }));
  return {
    stackTemplates,
    templatePaths: stackTemplates.map(({ templatePath }) => templatePath),
    appConstruct: app,
  };
}
