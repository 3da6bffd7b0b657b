import {
  type ArchitectureArtifact,
  requireArtifacts,
} from '../../../../edge-components/inference/packaging/artifact-description';

const artifact = (file: string): ArchitectureArtifact => ({
  file,
  sha256: '0'.repeat(64),
  bytes: 1,
  unpackedBytes: 1,
  sizeRatio: 1,
  contentSha256: '0'.repeat(64),
});
const X64 = artifact('inference-linux-x64.zip');
const ARM64 = artifact('inference-linux-arm64.zip');

describe('the artifacts that a deployment needs', () => {
  test('are those of the configured architectures, and no others', () => {
    const architectures = { 'linux-x64': X64, 'linux-arm64': ARM64 };
    expect(requireArtifacts({ version: '1.2.3', architectures }, ['linux-arm64', 'linux-x64'])).toEqual([
      ['linux-arm64', ARM64],
      ['linux-x64', X64],
    ]);
    expect(requireArtifacts({ version: '1.2.3', architectures }, ['linux-x64'])).toEqual([
      ['linux-x64', X64],
    ]);
  });

  test('stop the synthesis, with the command to run, where one is missing', () => {
    const built = { version: '1.2.3', architectures: { 'linux-x64': X64 } };
    expect(() => requireArtifacts(built, ['linux-x64', 'linux-arm64'])).toThrow(
      /^registry\.architectures: linux-arm64 needs an artifact of the inference component, got those of linux-x64 .*: run `npm run build`/,
    );
  });

  test('stop it where there is no build', () => {
    expect(() => requireArtifacts(undefined, ['linux-x64'])).toThrow(
      'the inference component is missing (dist/edge/inference.json): run `npm run build`',
    );
  });
});
