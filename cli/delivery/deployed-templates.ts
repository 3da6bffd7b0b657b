import { type CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';

/**
 * The templates of stacks as they were deployed, by the name of the stack; a stack that does not exist has none.
 * @throws Error when a template is no JSON: the CDK writes no other
 */
export async function deployedTemplates(
  client: CloudFormationClient,
  stackNames: Iterable<string>,
): Promise<ReadonlyMap<string, unknown>> {
  const found = await Promise.all(
    [...stackNames].map(async (StackName): Promise<[string, unknown][]> => {
      try {
        const { TemplateBody = '' } = await client.send(
          new GetTemplateCommand({ StackName, TemplateStage: 'Original' }),
        );
        return [[StackName, JSON.parse(TemplateBody)]];
      } catch (error) {
        if (error instanceof Error && /does not exist/.test(error.message)) return [];
        throw error;
      }
    }),
  );
  return new Map(found.flat());
}
