import { OWNERS } from '../../../lambda/shared/names';
import { resourceSpecification } from '../update/resource-specification';
import { isReliedOn } from '../update/stack-update';
import type { Inventory, InventoryResource } from './inventory';

/** Listed in sections of their own, or a part of what they belong to. */
const ELSEWHERE =
  /^AWS::(CloudWatch::Alarm|IAM::Policy|Lambda::(Permission|EventInvokeConfig)|(S3::Bucket|SQS::Queue|SNS::Topic)Policy)$/;
/** Made again from their definition alone. */
const WITHOUT_STATE = /^AWS::CloudWatch::/;

const shortType = (type: string): string => type.replace(/^AWS::/, '').replace('::', ' ');

/** The name that the template chooses; CloudFormation makes up the others. */
function nameOf(inventory: Inventory, each: InventoryResource): string {
  const [name] = resourceSpecification(each.type).names.flatMap((property) =>
    each.properties[property] === undefined ? [] : [inventory.text(each, each.properties[property])],
  );
  return name === undefined ? '' : `\`${name}\``;
}

/** Resources by noun. */
export function resourcesSection(inventory: Inventory): string[] {
  return OWNERS.flatMap((noun) => {
    const listed = inventory.resources.filter((each) => each.noun === noun && !ELSEWHERE.test(each.type));
    if (listed.length === 0) return [];
    const rows = listed.map(
      (each) => `| ${each.path} | ${shortType(each.type)} | ${nameOf(inventory, each)} |`,
    );
    return [
      `### ${noun[0]?.toUpperCase()}${noun.slice(1)}`,
      '',
      '| resource | type | name |',
      '|---|---|---|',
      ...rows,
      '',
    ];
  });
}

const FATES: Readonly<Record<string, string>> = {
  Retain: 'kept',
  RetainExceptOnCreate: 'kept, unless its first creation fails',
  Snapshot: 'kept as a snapshot',
};

/** What happens to that which holds data or is known by name. */
export function lossSection(inventory: Inventory): string[] {
  const rows = inventory.resources
    .filter(({ type, resource }) => isReliedOn(resource) && !WITHOUT_STATE.test(type))
    .map(({ path, type, resource }) => {
      const fate = FATES[resource.DeletionPolicy ?? ''] ?? 'deleted';
      const createOnly = resourceSpecification(type).createOnly;
      return `| ${path} | ${shortType(type)} | ${fate} | ${createOnly.join(', ') || 'nothing'} |`;
    });
  return ['| resource | type | with its stack | replaced by a change of |', '|---|---|---|---|', ...rows];
}
