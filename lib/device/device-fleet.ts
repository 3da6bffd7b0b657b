import { Stack } from 'aws-cdk-lib';
import * as iot from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { fleetGroupName, thingTypeName, waveGroupName } from '../../lambda/device/names';
import { environmentPrefix } from '../../lambda/shared/names';
import type { AppConfig } from '../shared/app-config';

/** A group of devices that gets a release at the same time. */
export interface Wave {
  readonly name: string;
  readonly thingGroupName: string;
  readonly thingGroupArn: string;
}

/** The thing type, and one thing group per wave below the fleet's group. */
export class DeviceFleet extends Construct {
  readonly thingTypeName: string;
  readonly fleetGroupName: string;
  /** In the order of deployment. */
  readonly waves: Wave[];

  constructor(scope: Construct, id: string, config: AppConfig) {
    super(scope, id);
    const type = new iot.CfnThingType(this, 'CoreDevice', {
      thingTypeName: thingTypeName(config),
      thingTypeProperties: { thingTypeDescription: 'Greengrass core device with the inference component' },
    });
    const fleet = new iot.CfnThingGroup(this, 'Fleet', {
      thingGroupName: fleetGroupName(config),
      thingGroupProperties: { thingGroupDescription: `Every device of ${environmentPrefix(config)}` },
    });
    this.thingTypeName = type.thingTypeName ?? thingTypeName(config);
    this.fleetGroupName = fleetGroupName(config);
    this.waves = config.rollout.waves.map(({ name }) => {
      const thingGroupName = waveGroupName(config, name);
      const group = new iot.CfnThingGroup(this, `Wave-${name}`, {
        thingGroupName,
        parentGroupName: fleetGroupName(config),
        thingGroupProperties: { thingGroupDescription: `Devices that get a release in the ${name} wave` },
      });
      group.addResourceDependency(fleet);
      const thingGroupArn = Stack.of(this).formatArn({
        service: 'iot',
        resource: 'thinggroup',
        resourceName: thingGroupName,
      });
      return { name, thingGroupName, thingGroupArn };
    });
  }

  /** Name of the thing group of a wave. @throws Error when there is no such wave */
  groupNameOf(wave: string): string {
    const found = this.waves.find(({ name }) => name === wave);
    if (found === undefined) throw new Error(`there is no wave named '${wave}'`);
    return found.thingGroupName;
  }
}
