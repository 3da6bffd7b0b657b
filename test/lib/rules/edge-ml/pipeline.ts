/** A template with one pipeline of these steps; a key in the definition is a reference, as the CDK writes it. */
export const pipeline = (...Steps: readonly object[]) => {
  const [before = '', after = ''] = JSON.stringify({ Version: '2020-12-01', Steps }).split('KEY');
  const body =
    after === '' ? before : { 'Fn::Join': ['', [before, { 'Fn::GetAtt': ['Key', 'Arn'] }, after]] };
  return {
    Pipeline: {
      Type: 'AWS::SageMaker::Pipeline',
      Properties: { PipelineDefinition: { PipelineDefinitionBody: body } },
    },
  };
};

const step = (Type: string, Name: string, Arguments: object) => ({ Type, Name, Arguments });
export const training = (request: object) => step('Training', 'Train', request);
export const processing = (request: object) => step('Processing', 'Prepare', request);
export const tuning = (request: object) => step('Tuning', 'Tune', { TrainingJobDefinition: request });
export const condition = (...IfSteps: readonly object[]) => step('Condition', 'IsBetter', { IfSteps });
