import { isDeepStrictEqual } from 'node:util';
import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import type { EnvironmentTemplates, StackTemplate, TemplateResource } from '../environment-templates';
import { resourceSpecification } from './resource-specification';

/** Something that devices, data or people rely on, and that an update of the stacks would take away. */
export interface Loss {
  /** `<stack>/<logical id>`. */
  readonly resource: string;
  readonly type: string;
  /** What would happen, and why. */
  readonly sentence: string;
  /** What to do instead. */
  readonly wayOut: string;
}

interface Placed {
  readonly stack: string;
  readonly logicalId: string;
  readonly resource: TemplateResource;
}

const KEEPS_ON_DELETE = ['Retain', 'RetainExceptOnCreate', 'Snapshot'];
const REFACTOR = '`cdk refactor --unstable=refactor`';

/** Names in the template that are chosen by us and not by CloudFormation, with their properties. */
function ownNames({ Type, Properties = {} }: TemplateResource): [string, string][] {
  return resourceSpecification(Type).names.flatMap((property): [string, string][] => {
    const value = Properties[property];
    return typeof value === 'string' ? [[property, value]] : [];
  });
}

/**
 * Whether something beyond the stack relies on this very resource: it holds data, or others know it by its name, or it
 * is a custom resource, whose deletion does what its function does.
 */
export function isReliedOn(resource: TemplateResource): boolean {
  return (
    resourceSpecification(resource.Type).isStateful ||
    ownNames(resource).length > 0 ||
    resource.Type.startsWith('Custom::')
  );
}

function placedResources(templates: EnvironmentTemplates): Placed[] {
  return [...templates].flatMap(([stack, { Resources }]) =>
    Object.entries(Resources).map(([logicalId, resource]) => ({ stack, logicalId, resource })),
  );
}

/** The same resource at a place that the old templates do not have: same type, and same name or same properties. */
function movedTo(
  lost: TemplateResource,
  before: EnvironmentTemplates,
  after: readonly Placed[],
): Placed | undefined {
  const candidates = after.filter(
    ({ stack, logicalId, resource }) =>
      resource.Type === lost.Type && before.get(stack)?.Resources[logicalId]?.Type !== lost.Type,
  );
  const names = ownNames(lost);
  return (
    candidates.find(({ resource }) => names.length > 0 && isDeepStrictEqual(ownNames(resource), names)) ??
    candidates.find(({ resource }) => isDeepStrictEqual(resource.Properties, lost.Properties))
  );
}

function removal(
  { stack, logicalId, resource }: Placed,
  destination: Placed | undefined,
): Pick<Loss, 'sentence' | 'wayOut'> {
  const isKept = KEEPS_ON_DELETE.includes(resource.DeletionPolicy ?? '');
  const fate = isKept ? 'would be left behind, outside of every stack' : 'would be deleted';
  if (destination === undefined) {
    return {
      sentence: `${fate}: the new templates do not have it`,
      wayOut: 'keep it, or accept its loss with a reason in the release that announces it',
    };
  }
  const isSameStack = destination.stack === stack;
  return {
    sentence: isSameStack
      ? `${fate}, and an empty one created as ${destination.logicalId}: its construct has moved or got another id`
      : `${fate}, and an empty one created in ${destination.stack}: its construct has moved to another stack`,
    wayOut: isSameStack
      ? `give the construct its old id, call overrideLogicalId('${logicalId}') on it, or move it with ${REFACTOR} before the deployment`
      : `move it with ${REFACTOR} before the deployment`,
  };
}

function replacement(
  properties: readonly string[],
  names: readonly string[],
  mayBe: boolean,
): Pick<Loss, 'sentence' | 'wayOut'> {
  const changed = properties.join(' and ');
  const name = properties.find((property) => names.includes(property));
  return {
    sentence: `${mayBe ? 'may' : 'would'} be replaced by an empty one: ${changed} cannot be changed in place`,
    wayOut:
      name === undefined
        ? `keep ${changed}; to change it, add a second resource beside this one, move what it holds, and remove this one in a later release`
        : `keep ${name}: devices, people and policies know it; a new name is a new resource beside this one, which goes in a later release`,
  };
}

/** CloudFormation refuses another function for a custom resource: "Modifying service token is not allowed". */
function otherFunction(before: TemplateResource, after: TemplateResource): boolean {
  return (
    before.Type.startsWith('Custom::') &&
    !isDeepStrictEqual(before.Properties?.ServiceToken, after.Properties?.ServiceToken)
  );
}

function lossesOfStack(
  stack: string,
  before: StackTemplate,
  after: StackTemplate,
  moved: (lost: TemplateResource) => Placed | undefined,
): Loss[] {
  const losses: Loss[] = [];
  const { resources } = fullDiff(structuredClone(before), structuredClone(after));
  resources.forEachDifference((logicalId, change) => {
    const resource = before.Resources[logicalId];
    if (resource === undefined || !isReliedOn(resource)) return;
    const lose = (what: Pick<Loss, 'sentence' | 'wayOut'>) =>
      losses.push({ resource: `${stack}/${logicalId}`, type: resource.Type, ...what });
    const successor = after.Resources[logicalId];
    if (successor === undefined || successor.Type !== resource.Type) {
      lose(removal({ stack, logicalId, resource }, moved(resource)));
    } else if (otherFunction(resource, successor)) {
      lose({
        sentence: 'the update would fail: CloudFormation does not change ServiceToken in place',
        wayOut: 'keep the function of the custom resource and its construct id',
      });
    } else if ([ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE].includes(change.changeImpact)) {
      const { createOnly, names } = resourceSpecification(resource.Type);
      const changed = Object.keys(change.propertyUpdates).filter((property) => createOnly.includes(property));
      lose(replacement(changed, names, change.changeImpact === ResourceImpact.MAY_REPLACE));
    }
  });
  return losses;
}

/** What deploying `after` over `before` would take away; by CloudFormation's rules, without asking it. */
export function lossesOf(before: EnvironmentTemplates, after: EnvironmentTemplates): Loss[] {
  const places = placedResources(after);
  return [...before].flatMap(([stack, template]) =>
    lossesOfStack(stack, template, after.get(stack) ?? { Resources: {} }, (lost) =>
      movedTo(lost, before, places),
    ),
  );
}

/** `kaizen-prod-data/Releases (AWS::DynamoDB::Table) would be ... Way out: ...`. */
export function describeLoss({ resource, type, sentence, wayOut }: Loss): string {
  return `${resource} (${type}) ${sentence}. Way out: ${wayOut}.`;
}
