import type { Inventory, InventoryResource } from './inventory';

/** Types that answer requests from outside of AWS. */
const DOORS: Readonly<Record<string, string>> = {
  'AWS::Lambda::Url': 'function URL',
  'AWS::ApiGateway::RestApi': 'REST API',
  'AWS::ApiGatewayV2::Api': 'HTTP or WebSocket API',
  'AWS::AppSync::GraphQLApi': 'GraphQL API',
  'AWS::CloudFront::Distribution': 'distribution',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'load balancer',
  'AWS::SageMaker::Endpoint': 'inference endpoint, for callers with IAM rights',
  'AWS::Transfer::Server': 'file transfer server',
};
const BLOCKS = ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets'];

const isOpen = ({ properties }: InventoryResource): boolean =>
  BLOCKS.some((block) => properties.PublicAccessBlockConfiguration?.[block] !== true);

/** Where somebody who is not of the account gets in, or is called. */
export function endpointsSection(inventory: Inventory): string[] {
  const doors = inventory
    .of(...Object.keys(DOORS))
    .map(({ path, type }) => `- **${path}**: a ${DOORS[type]}`);
  const buckets = inventory.of('AWS::S3::Bucket').filter(isOpen);
  const devices = inventory
    .of('AWS::IoT::Policy')
    .map(
      ({ properties }) =>
        `- AWS IoT Core and Greengrass, at the account's device endpoints: MQTT and HTTPS over TLS, with a certificate that has the policy \`${properties.PolicyName}\``,
    );
  const subscribers = inventory
    .of('AWS::SNS::Subscription')
    .map(
      (each) =>
        `- outwards: ${each.properties.Protocol} to \`${inventory.text(each, each.properties.Endpoint)}\``,
    );
  return [
    ...doors,
    ...buckets.map(({ path }) => `- **${path}**: a bucket that may become public`),
    ...(doors.length + buckets.length === 0 ? ['- No API, no function URL, no public bucket.'] : []),
    ...devices,
    ...subscribers,
  ];
}
