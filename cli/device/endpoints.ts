import { DescribeEndpointCommand } from '@aws-sdk/client-iot';
import type { Clients } from '../shared/clients';
import { InputError } from '../shared/errors';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Where a device reaches AWS with its certificate. */
export interface DeviceEndpoints {
  /** MQTT of AWS IoT Core. */
  readonly mqtt: Address;
  /** Gives temporary credentials for the role alias. */
  readonly credentials: Address;
  /** Greengrass: which component versions, which artifacts, which groups. */
  readonly dataPlane: Address;
}

/** docs.aws.amazon.com/greengrass/v2/developerguide/allow-device-traffic.html */
const MQTT_PORT = 8883;
const CREDENTIALS_PORT = 443;
const DATA_PLANE_PORT = 8443;

async function endpointAddress(iot: Clients['iot'], endpointType: string): Promise<[string, number?]> {
  const { endpointAddress: address = '' } = await iot.send(new DescribeEndpointCommand({ endpointType }));
  const [, host, port] = /^([a-zA-Z0-9.-]+)(?::(\d{1,5}))?$/.exec(address) ?? [];
  if (host === undefined) throw new InputError(`endpoint ${endpointType}: AWS IoT answered '${address}'`);
  return port === undefined ? [host] : [host, Number(port)];
}

/**
 * Asks AWS IoT for the account's endpoints.
 * @throws InputError when the answer is no address
 */
export async function readEndpoints(clients: Pick<Clients, 'iot'>): Promise<DeviceEndpoints> {
  const [dataHost, dataPort] = await endpointAddress(clients.iot, 'iot:Data-ATS');
  const [host, port = CREDENTIALS_PORT] = await endpointAddress(clients.iot, 'iot:CredentialProvider');
  const credentials = { host, port };
  return {
    mqtt: { host: dataHost, port: dataPort ?? MQTT_PORT },
    credentials,
    // AWS names no ports. A stand-in that does has one listener for what is asked over HTTPS.
    dataPlane: dataPort === undefined ? { host: dataHost, port: DATA_PLANE_PORT } : credentials,
  };
}
