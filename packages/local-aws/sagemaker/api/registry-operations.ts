import { nameInArn } from '../arn';
import { describeGroup, describePackage, summarizePackage } from '../descriptions';
import { type JsonObject, textOf } from '../json';
import type { ModelPackage, ModelRegistry } from '../model-registry';
import type { Operations } from './operation';
import { listPage } from './paging';
import {
  ARN,
  ARN_OR_NAME,
  checkRequest,
  list,
  mapOfText,
  object,
  oneOf,
  PAGING,
  RESOURCE_NAME,
  S3_URI,
  TAGS,
  text,
} from './request-schema';
import type { Tags } from './tags';

const PAGE = 10;
const APPROVAL = oneOf('Approved', 'Rejected', 'PendingManualApproval');
const METADATA = mapOfText(50, 128, 256);
const DESCRIPTION = { type: 'string', maxLength: 1024 };
const BY_GROUP = object({ ModelPackageGroupName: ARN_OR_NAME }, ['ModelPackageGroupName']);
const BY_PACKAGE = object({ ModelPackageName: ARN }, ['ModelPackageName']);

const PACKAGE = object(
  {
    // Packages without a group have a name and no version; this service registers versions.
    ModelPackageGroupName: ARN_OR_NAME,
    ModelPackageDescription: DESCRIPTION,
    ModelApprovalStatus: APPROVAL,
    CustomerMetadataProperties: METADATA,
    InferenceSpecification: object(
      {
        Containers: list(object({ Image: text(255), ModelDataUrl: S3_URI }, ['Image']), 15, 1),
        SupportedContentTypes: list(text(256), 100),
        SupportedResponseMIMETypes: list(text(1024), 100),
      },
      ['Containers'],
    ),
    Tags: TAGS,
  },
  ['ModelPackageGroupName'],
);

const UPDATE = object(
  {
    ModelPackageArn: ARN,
    ModelApprovalStatus: APPROVAL,
    ApprovalDescription: DESCRIPTION,
    CustomerMetadataProperties: METADATA,
    CustomerMetadataPropertiesToRemove: list(text(128), 100),
  },
  ['ModelPackageArn'],
);

/** As CreateModelPackage does, for the operation and for RegisterModel steps alike. @throws SageMakerError */
export async function createPackage(
  registry: ModelRegistry,
  tags: Tags,
  request: JsonObject,
): Promise<ModelPackage> {
  checkRequest(PACKAGE, request);
  const created = await registry.createPackage(request);
  tags.add(created.arn, request.Tags);
  return created;
}

export function registryOperations(registry: ModelRegistry, tags: Tags): Operations {
  return { ...groupOperations(registry, tags), ...packageOperations(registry, tags) };
}

function groupOperations(registry: ModelRegistry, tags: Tags): Operations {
  return {
    CreateModelPackageGroup: {
      request: object(
        { ModelPackageGroupName: RESOURCE_NAME, ModelPackageGroupDescription: DESCRIPTION, Tags: TAGS },
        ['ModelPackageGroupName'],
      ),
      handle: (request) => {
        const { arn } = registry.createGroup(
          String(request.ModelPackageGroupName),
          textOf(request.ModelPackageGroupDescription),
        );
        tags.add(arn, request.Tags);
        return { ModelPackageGroupArn: arn };
      },
    },
    DescribeModelPackageGroup: {
      request: BY_GROUP,
      handle: (request) => describeGroup(registry.group(String(request.ModelPackageGroupName))),
    },
    DeleteModelPackageGroup: {
      request: BY_GROUP,
      handle: (request) => {
        registry.deleteGroup(String(request.ModelPackageGroupName));
        return {};
      },
    },
    ListModelPackageGroups: {
      request: object({ ...PAGING, SortBy: oneOf('Name', 'CreationTime') }),
      handle: (request) => {
        const { items, nextToken } = listPage(registry.listGroups(), request, {
          createdAt: ({ creationTime }) => creationTime,
          nameOf: ({ name }) => name,
          descending: false,
          pageSize: PAGE,
        });
        return { ModelPackageGroupSummaryList: items.map(describeGroup), NextToken: nextToken };
      },
    },
  };
}

function packageOperations(registry: ModelRegistry, tags: Tags): Operations {
  return {
    CreateModelPackage: {
      request: PACKAGE,
      handle: async (request) => ({
        ModelPackageArn: (await createPackage(registry, tags, request)).arn,
      }),
    },
    DescribeModelPackage: {
      request: BY_PACKAGE,
      handle: (request) => describePackage(registry.package(String(request.ModelPackageName))),
    },
    UpdateModelPackage: {
      request: UPDATE,
      handle: (request) => ({
        ModelPackageArn: registry.updatePackage(String(request.ModelPackageArn), request).arn,
      }),
    },
    DeleteModelPackage: {
      request: BY_PACKAGE,
      handle: (request) => {
        registry.deletePackage(String(request.ModelPackageName));
        tags.forget(String(request.ModelPackageName));
        return {};
      },
    },
    ListModelPackages: {
      request: object({
        ...PAGING,
        ModelPackageGroupName: ARN_OR_NAME,
        ModelApprovalStatus: APPROVAL,
        ModelPackageType: oneOf('Versioned', 'Unversioned', 'Both'),
        SortBy: oneOf('Name', 'CreationTime'),
      }),
      handle: (request) => listPackages(registry, request),
    },
  };
}

/** Without a group AWS lists unversioned packages only, of which there are none here. */
function listPackages(registry: ModelRegistry, request: JsonObject): JsonObject {
  const { ModelPackageGroupName, ModelApprovalStatus, ModelPackageType } = request;
  const versioned = ModelPackageType === 'Versioned' || ModelPackageType === 'Both';
  const group =
    typeof ModelPackageGroupName === 'string'
      ? registry.group(nameInArn(ModelPackageGroupName)).name
      : undefined;
  const wanted = registry.listPackages().filter((candidate) => {
    const inGroup = group === undefined ? versioned : candidate.group === group;
    const status = candidate.request.ModelApprovalStatus;
    return inGroup && (ModelApprovalStatus === undefined || status === ModelApprovalStatus);
  });
  const { items, nextToken } = listPage(wanted, request, {
    createdAt: ({ creationTime }) => creationTime,
    nameOf: ({ arn }) => arn,
    descending: false,
    pageSize: PAGE,
  });
  return { ModelPackageSummaryList: items.map(summarizePackage), NextToken: nextToken };
}
