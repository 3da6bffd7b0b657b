/** The configuration files with which the two nuclei start as a core device. */
import { stringify } from 'yaml';
import type { DeviceEndpoints } from './endpoints';

export const NUCLEI = ['classic', 'lite'] as const;
export type Nucleus = (typeof NUCLEI)[number];

/** Where a nucleus keeps everything, and as whom it runs components; on-device/install.sh says the same. */
export const PLACES = {
  classic: { root: '/greengrass/v2', componentUser: 'ggc_user:ggc_group' },
  lite: { root: '/var/lib/greengrass', componentUser: 'gg_component:gg_component' },
} as const satisfies Record<Nucleus, object>;

export interface NucleusSettings {
  readonly thingName: string;
  readonly region: string;
  readonly roleAlias: string;
  readonly endpoints: DeviceEndpoints;
}

/** Nucleus lite knows no other port for MQTT (aws-greengrass-lite, modules/iotcored/src/tls.c). */
const MQTT_PORT_OF_LITE = 8883;

const system = (nucleus: Nucleus, thingName: string) => {
  const { root } = PLACES[nucleus];
  return {
    certificateFilePath: `${root}/credentials/certificate.pem`,
    privateKeyPath: `${root}/credentials/private-key.pem`,
    rootCaPath: `${root}/credentials/root-ca.pem`,
    rootPath: root,
    thingName,
  };
};

const withPort = ({ host, port }: { host: string; port: number }, usual: number): string =>
  port === usual ? host : `${host}:${port}`;

/** What both call alike. */
const connection = ({ region, roleAlias, endpoints: { mqtt, credentials } }: NucleusSettings) => ({
  awsRegion: region,
  iotRoleAlias: roleAlias,
  iotDataEndpoint: mqtt.host,
  iotCredEndpoint: withPort(credentials, 443),
});

/**
 * For `java -jar lib/Greengrass.jar --init-config`. The nucleus's version is left out: it takes that of the package.
 * The data plane is asked at the account's own endpoint, as nucleus lite does, so a firewall has one name less to let through.
 * Keys: aws-greengrass-nucleus, README_CONFIG_SCHEMA.md and DeviceConfiguration.java.
 */
export function classicConfiguration(settings: NucleusSettings): string {
  const { mqtt, dataPlane } = settings.endpoints;
  return stringify({
    system: system('classic', settings.thingName),
    services: {
      'aws.greengrass.Nucleus': {
        componentType: 'NUCLEUS',
        configuration: {
          ...connection(settings),
          greengrassDataPlaneEndpoint:
            dataPlane.host === mqtt.host ? 'iotdata' : `https://${dataPlane.host}:${dataPlane.port}`,
          greengrassDataPlanePort: dataPlane.port,
          mqtt: { port: mqtt.port },
          runWithDefault: { posixUser: PLACES.classic.componentUser },
        },
      },
    },
  });
}

/**
 * For /etc/greengrass/config.yaml. Keys: aws-greengrass-lite, docs/examples/sample_nucleus_config.yaml; it reads text where
 * it asks for text, so every value is quoted. At most 8,192 bytes (modules/ggconfigd/src/config_load.c).
 */
export function liteConfiguration(settings: NucleusSettings): string {
  const { mqtt, dataPlane } = settings.endpoints;
  const text = stringify(
    {
      system: system('lite', settings.thingName),
      services: {
        'aws.greengrass.NucleusLite': {
          componentType: 'NUCLEUS',
          configuration: {
            ...connection(settings),
            greengrassDataPlanePort: String(dataPlane.port),
            platformOverride: {},
            runWithDefault: { posixUser: PLACES.lite.componentUser },
          },
        },
      },
    },
    { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' },
  );
  return mqtt.port === MQTT_PORT_OF_LITE
    ? text
    : `# Nucleus lite connects to port ${MQTT_PORT_OF_LITE} of ${mqtt.host}: forward it to ${mqtt.port}.\n${text}`;
}
