import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import type { AcceptedLoss } from '../accepted-losses';
import { nounOfAnyVersion } from '../construct-nouns';
import { constructPath, type EnvironmentTemplates, type StackTemplate } from '../environment-templates';
import { Inventory } from '../inventory/inventory';
import { accessSection } from '../inventory/inventory-access';
import { inventoryPage } from '../inventory/inventory-page';
import { pageDiff } from '../inventory/page-diff';
import { describeLoss, type Loss, lossesOf } from '../update/stack-update';

export interface UpdateReviewProps {
  readonly environment: string;
  /** What is deployed; empty before the first deployment. */
  readonly before: EnvironmentTemplates;
  /** What would be deployed. */
  readonly after: EnvironmentTemplates;
  readonly acceptedLosses: readonly AcceptedLoss[];
}

/** What a deployment would change, for whoever approves it. */
export interface UpdateReview {
  /** Markdown; the same templates give the same page. */
  readonly page: string;
  /** What would be taken away although nobody has accepted it, each as a sentence: the deployment must not happen. */
  readonly refusals: readonly string[];
}

interface ResourceChange {
  readonly stack: string;
  readonly path: string;
  readonly type: string;
  readonly what: string;
}

const NO_STACK: StackTemplate = { Resources: {} };

const IMPACTS: Readonly<Record<ResourceImpact, string>> = {
  [ResourceImpact.NO_CHANGE]: 'unchanged',
  [ResourceImpact.WILL_CREATE]: 'added',
  [ResourceImpact.WILL_UPDATE]: 'changed in place',
  [ResourceImpact.WILL_REPLACE]: '**replaced**',
  [ResourceImpact.MAY_REPLACE]: '**may be replaced**',
  [ResourceImpact.WILL_DESTROY]: '**deleted**',
  [ResourceImpact.WILL_ORPHAN]: '**left behind, outside of every stack**',
  [ResourceImpact.WILL_IMPORT]: 'imported',
};

function changesOfStack(stack: string, before = NO_STACK, after = NO_STACK): ResourceChange[] {
  const { resources } = fullDiff(structuredClone(before), structuredClone(after));
  const changes: ResourceChange[] = [];
  resources.forEachDifference((logicalId, change) => {
    const resource = after.Resources[logicalId] ?? before.Resources[logicalId];
    if (resource === undefined || resource.Type === 'AWS::CDK::Metadata') return;
    const properties = Object.keys(change.propertyUpdates);
    // A template's metadata, which nobody who approves a deployment asks about.
    if (change.changeImpact === ResourceImpact.NO_CHANGE && properties.length === 0) return;
    // Of a custom resource's properties the CDK knows nothing; its function updates it.
    const isUpdated = change.changeImpact === ResourceImpact.NO_CHANGE && properties.length > 0;
    const what = IMPACTS[isUpdated ? ResourceImpact.WILL_UPDATE : change.changeImpact];
    changes.push({
      stack,
      path: constructPath(resource),
      type: resource.Type,
      what: properties.length === 0 ? what : `${what}: ${properties.join(', ')}`,
    });
  });
  return changes.sort((left, right) => (left.path < right.path ? -1 : 1));
}

/** Statements in plain words, each behind the heading of whom it is about. */
function rightsOf(inventory: Inventory): ReadonlySet<string> {
  let heading = '';
  const rights = new Set<string>();
  for (const line of accessSection(inventory)) {
    if (line.startsWith('#')) heading = line;
    if (line.startsWith('- ')) rights.add(`${heading} ${line}`);
  }
  return rights;
}

function lossLine(loss: Loss, accepted: AcceptedLoss | undefined): string {
  return accepted === undefined
    ? `- **Refused.** ${describeLoss(loss)}`
    : `- ${describeLoss(loss)} Accepted: ${accepted.reason}`;
}

function resourceTable(changes: readonly ResourceChange[]): string[] {
  if (changes.length === 0) return ['None.'];
  const rows = changes.map(({ stack, path, type, what }) => `| ${stack} | ${path} | ${type} | ${what} |`);
  return ['| stack | resource | type | change |', '|---|---|---|---|', ...rows];
}

function summary(
  changes: readonly ResourceChange[],
  rights: { readonly new: number; readonly gone: number },
  losses: number,
  isFirst: boolean,
): string[] {
  const count = (pattern: RegExp) => changes.filter(({ what }) => pattern.test(what)).length;
  return [
    isFirst
      ? `- Nothing is deployed yet: ${changes.length} resources are created.`
      : `- ${count(/^added/)} resources are added, ${count(/^changed/)} changed in place, ${count(/replaced/)} replaced, ${count(/deleted|left behind/)} taken away.`,
    rights.new + rights.gone === 0
      ? '- Nobody may do more or less than before.'
      : `- **Rights: ${rights.new} new, ${rights.gone} gone**; see below, by whose they are.`,
    losses === 0
      ? '- Nothing that devices, data or people rely on is taken away.'
      : `- **Taken away of what devices, data or people rely on: ${losses}**; see below.`,
  ];
}

/**
 * Compares what is deployed with what would be. Replacement follows CloudFormation's own rules (docs/adr/0023), words those
 * of the inventory (docs/adr/0024).
 * @throws Error when git is missing
 */
export function reviewUpdate({
  environment,
  before,
  after,
  acceptedLosses,
}: UpdateReviewProps): UpdateReview {
  const stacks = [...new Set([...before.keys(), ...after.keys()])];
  const resources = stacks.flatMap((stack) => changesOfStack(stack, before.get(stack), after.get(stack)));
  const losses = lossesOf(before, after).map((loss) => ({
    loss,
    accepted: acceptedLosses.find(({ resource }) => resource.test(loss.resource)),
  }));
  const pageOf = (templates: EnvironmentTemplates) =>
    inventoryPage(environment, templates, [], nounOfAnyVersion);
  const inventory = pageDiff(pageOf(before), pageOf(after));
  const [held, holds] = [before, after].map((each) =>
    rightsOf(new Inventory(environment, each, nounOfAnyVersion)),
  );
  const rights = {
    new: [...(holds ?? [])].filter((right) => !held?.has(right)).length,
    gone: [...(held ?? [])].filter((right) => !holds?.has(right)).length,
  };
  const page = [
    `# What this deployment changes in ${environment}`,
    '',
    ...summary(resources, rights, losses.length, before.size === 0),
    '',
    '## What is taken away',
    '',
    ...(losses.length === 0 ? ['Nothing.'] : losses.map(({ loss, accepted }) => lossLine(loss, accepted))),
    '',
    '## What changes in the inventory',
    '',
    ...(inventory === '' ? ['Nothing.'] : ['```diff', inventory, '```']),
    '',
    '## Resources',
    '',
    ...resourceTable(resources),
    '',
  ].join('\n');
  const refusals = losses.flatMap(({ loss, accepted }) =>
    accepted === undefined ? [describeLoss(loss)] : [],
  );
  return { page, refusals };
}
