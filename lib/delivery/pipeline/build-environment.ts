import * as codebuild from 'aws-cdk-lib/aws-codebuild';

/** Versions for the buildspec; the image has both. */
export const RUNTIMES = { nodejs: '22', python: '3.12' } as const;

/** Of every build but the one that runs the tests. */
export const BUILD_ENVIRONMENT: codebuild.BuildEnvironment = {
  buildImage: codebuild.LinuxBuildImage.STANDARD_7_0,
  computeType: codebuild.ComputeType.SMALL,
};

/** 8 processors and 15 GB: the tests start a whole local AWS, and take 25 minutes on two processors. */
export const TEST_ENVIRONMENT: codebuild.BuildEnvironment = {
  ...BUILD_ENVIRONMENT,
  computeType: codebuild.ComputeType.LARGE,
};
