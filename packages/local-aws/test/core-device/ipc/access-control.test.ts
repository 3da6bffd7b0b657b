import { isAuthorized, resourceMatches } from '../../../core-device/ipc/access-control';
import { topicMatches } from '../../../core-device/ipc/topic-filter';

const PUBLISH = 'aws.greengrass#PublishToIoTCore';
const policy = (operations: string[], resources: string[]) => ({
  'aws.greengrass.ipc.mqttproxy': { 'policy:1': { operations, resources } },
});

test.each([
  ['lines/1', 'lines/1', true],
  ['lines/1', 'lines/2', false],
  ['lines/*', 'lines/1/results', true],
  ['lines/+/results', 'lines/1/results', true],
  ['lines/+/results', 'lines/1/2/results', false],
  ['lines/#', 'lines/1/2', true],
  ['lines/#', 'lines', true],
  ['lines/#', 'line', false],
  ['*', 'anything/at/all', true],
  ['price.$', 'price.$', true],
  ['a.c', 'abc', false],
  [`lines/\${*}`, 'lines/*', true],
  [`lines/\${*}`, 'lines/1', false],
])('resource %s against %s: %s', (pattern, resource, expected) => {
  expect(resourceMatches(pattern, resource)).toBe(expected);
});

test.each([
  ['no access control at all', undefined, false],
  ['another operation', policy(['aws.greengrass#SubscribeToIoTCore'], ['*']), false],
  ['another resource', policy([PUBLISH], ['lines/2']), false],
  ['operation and resource', policy([PUBLISH], ['lines/1']), true],
  ['every operation', policy(['*'], ['lines/1']), true],
  ['the thing name in the resource', policy([PUBLISH], ['lines/{iot:thingName}']), true],
  ['a policy that is no object', { 'aws.greengrass.ipc.mqttproxy': { broken: 'yes' } }, false],
  [
    'lists that are no lists',
    { 'aws.greengrass.ipc.mqttproxy': { broken: { operations: PUBLISH, resources: '*' } } },
    false,
  ],
])('%s: %#', (_case, accessControl, expected) => {
  expect(isAuthorized(accessControl, 'aws.greengrass.ipc.mqttproxy', PUBLISH, 'lines/1', '1')).toBe(expected);
});

test('a policy of one service says nothing about another', () => {
  const all = policy(['*'], ['*']);
  expect(isAuthorized(all, 'aws.greengrass.ipc.pubsub', 'aws.greengrass#PublishToTopic', 'x', '1')).toBe(
    false,
  );
});

test.each([
  ['a/b', 'a/b', true],
  ['a/+', 'a/b', true],
  ['a/+', 'a/b/c', false],
  ['a/#', 'a', true],
  ['#', 'a/b', true],
  ['#', '$aws/a', false],
  ['+/a', '$aws/a', false],
  ['$aws/#', '$aws/a', true],
  ['a/b/c', 'a/b', false],
])('topic filter %s against %s: %s', (filter, topic, expected) => {
  expect(topicMatches(filter, topic)).toBe(expected);
});
