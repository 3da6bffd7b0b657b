import { reachableAws, shellVariables } from '../../launcher/shell-variables';

const AWS = {
  endpointUrl: 'http://127.0.0.1:4566',
  environment: {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_ENDPOINT_URL_SAGEMAKER: 'http://127.0.0.1:1',
    AWS_ENDPOINT_URL_GREENGRASSV2: 'http://127.0.0.1:2',
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  },
  iot: { host: '127.0.0.1', port: 8883, caPath: '/aws/iot-ca.pem' },
  gateway: { url: 'https://localhost:3', caPath: '/aws/gateway-ca.pem' },
};

/** As a shell has them that sourced the file. */
const sourced = (text: string): NodeJS.ProcessEnv =>
  Object.fromEntries([...text.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

test('who sources the file knows the same local AWS', () => {
  expect(reachableAws(sourced(shellVariables(AWS)))).toEqual(AWS);
});

test('what is missing is named, all of it', () => {
  const { AWS_ENDPOINT_URL: _endpoint, LOCAL_AWS_MQTT: _mqtt, ...rest } = sourced(shellVariables(AWS));
  expect(reachableAws(rest)).toEqual({ missing: ['AWS_ENDPOINT_URL', 'LOCAL_AWS_MQTT'] });
  expect(reachableAws({ AWS_PROFILE: 'plant' })).toMatchObject({
    missing: expect.arrayContaining(['LOCAL_AWS_GATEWAY']),
  });
});
