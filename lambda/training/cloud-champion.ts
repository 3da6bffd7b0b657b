/** The larger network that answers in the cloud, and which of its generations the next one starts from. Pure. */
import { s3LocationOf } from '../../contracts/s3-address';

/** Of a registered model: its larger network. */
export interface CloudModel {
  /** S3 URI of its model.tar.gz. */
  readonly uri: string;
  /** `training.cloudVariant.widthMultiplier` with which it was trained. */
  readonly widthMultiplier: number;
}

/**
 * What a model package's `CustomerMetadataProperties` say of its larger network.
 * @returns no model where there is none, and where there are problems: field, rule and value
 */
export function cloudModelOf(metadata: Readonly<Record<string, string>>): {
  readonly model?: CloudModel;
  readonly problems: readonly string[];
} {
  const { cloudModelUri: uri, cloudWidthMultiplier: width } = metadata;
  if (uri === undefined) return { problems: [] };
  const widthMultiplier = Number(width);
  const problems = [
    ...(s3LocationOf(uri)?.key
      ? []
      : [`CustomerMetadataProperties.cloudModelUri: must be s3://<bucket>/<key>, got '${uri}'`]),
    ...(widthMultiplier > 0
      ? []
      : [`CustomerMetadataProperties.cloudWidthMultiplier: must be a number above 0, got '${width}'`]),
  ];
  return problems.length > 0 ? { problems } : { model: { uri, widthMultiplier }, problems };
}

/**
 * S3 URI of the network to start from; `undefined` where there is none of this width. A script refuses weights of
 * another shape, and the devices' network must not wait until somebody has trained by hand.
 * @param widthMultiplier that is trained now; undefined or 0 where no larger network is
 */
export function cloudChampionUri(
  champion: CloudModel | undefined,
  widthMultiplier: number | undefined,
): string | undefined {
  return champion && champion.widthMultiplier === widthMultiplier ? champion.uri : undefined;
}
