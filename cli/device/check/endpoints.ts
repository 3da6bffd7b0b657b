/** Asks a device's endpoints with its own certificate, as its nucleus will. Nothing that they answer is kept. */
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { DEVICE_FILES, type ThingFile } from '../device-folder';
import type { Address } from '../endpoints';
import type { EndpointFact } from './device-facts';

const TIMEOUT_MILLISECONDS = 15_000;

interface Identity {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What the answer of an endpoint means to whoever set the device up. */
const STATUS_ADVICE: Readonly<Record<number, string>> = {
  403: 'the certificate has no right to it: is it active, attached to the thing and to the device policy?',
  404: 'there is no such role alias or thing: is the environment still deployed?',
};

const text = ({ host, port }: Address): string => `${host}:${port}`;

async function httpsFact(
  purpose: string,
  address: Address,
  path: string,
  identity: Identity,
  headers: Readonly<Record<string, string>> = {},
): Promise<EndpointFact> {
  return new Promise((resolve) => {
    const failed = (error: Error): void =>
      resolve({ purpose, address: text(address), problem: error.message });
    const asked = request(
      { ...address, path, headers, ...identity, agent: false, timeout: TIMEOUT_MILLISECONDS },
      (response) => {
        response.resume();
        const { statusCode = 0, headers: answered } = response;
        const date = Date.parse(answered.date ?? '');
        const advice = STATUS_ADVICE[statusCode];
        resolve({
          purpose,
          address: text(address),
          problem: statusCode === 200 ? undefined : `HTTP ${statusCode}${advice ? `: ${advice}` : ''}`,
          aheadMilliseconds: Number.isNaN(date) ? undefined : date - Date.now(),
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS / 1000} s`)));
    asked.on('error', failed);
    asked.end();
  });
}

/** The handshake only. Whether the certificate has its rights is what the other two questions show. */
async function mqttFact(address: Address, identity: Identity): Promise<EndpointFact> {
  const { host } = address;
  const problem = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ ...address, servername: host, ...identity }, () => {
      socket.end();
      resolve(undefined);
    });
    socket.setTimeout(TIMEOUT_MILLISECONDS, () =>
      socket.destroy(new Error(`no answer within ${TIMEOUT_MILLISECONDS / 1000} s`)),
    );
    socket.on('error', (error) => resolve(error.message));
  });
  return { purpose: 'MQTT', address: text(address), problem };
}

/**
 * Three questions, all at once: the credentials show that certificate, policy, role alias and role fit, the groups that the
 * data plane is open, MQTT that its port is.
 */
export async function askEndpoints(folder: string, thing: ThingFile): Promise<EndpointFact[]> {
  const { endpoints, thingName, roleAlias } = thing;
  const read = (name: string): Promise<Buffer> => readFile(join(folder, name));
  try {
    const identity: Identity = {
      ca: await read(DEVICE_FILES.rootAuthorities),
      cert: await read(DEVICE_FILES.certificate),
      key: await read(DEVICE_FILES.privateKey),
    };
    return await Promise.all([
      mqttFact(endpoints.mqtt, identity),
      httpsFact('credentials', endpoints.credentials, `/role-aliases/${roleAlias}/credentials`, identity, {
        'x-amzn-iot-thingname': thingName,
      }),
      httpsFact(
        'Greengrass',
        endpoints.dataPlane,
        `/greengrass/v2/coreDevices/${thingName}/thingGroups`,
        identity,
      ),
    ]);
  } catch (error) {
    // That a file is missing is a finding of its own.
    return [{ purpose: 'endpoints', address: folder, problem: (error as Error).message }];
  }
}
