import { Application, type Template } from '../../../../lib/rules/edge-ml/application';
import type { Rule } from '../../../../lib/rules/edge-ml/rule';

type Resources = NonNullable<Template['Resources']>;

/** `<logical id>: <what was found>` of a template with these resources. */
export function findings(rule: Rule, resources: Resources, outputs: Template['Outputs'] = {}): string[] {
  const application = new Application(new Map([['stack', { Resources: resources, Outputs: outputs }]]));
  return rule.check(application).map(({ resource, found }) => `${resource.logicalId}: ${found}`);
}
