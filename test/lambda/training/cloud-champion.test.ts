import { cloudChampionUri, cloudModelOf } from '../../../lambda/training/cloud-champion';

const uri = 's3://models/pipelines/abc/model/cloud/output/model.tar.gz';

describe('[S10] what a package says of its larger network', () => {
  test('is its address and its width', () => {
    const metadata = { useCase: 'surface', cloudModelUri: uri, cloudWidthMultiplier: '0.5' };
    expect(cloudModelOf(metadata)).toEqual({ model: { uri, widthMultiplier: 0.5 }, problems: [] });
  });

  test('is nothing where it has none', () => {
    expect(cloudModelOf({ useCase: 'surface' })).toEqual({ problems: [] });
  });

  test('is refused whole, with every problem', () => {
    expect(cloudModelOf({ cloudModelUri: 'models/model.tar.gz' })).toEqual({
      problems: [
        "CustomerMetadataProperties.cloudModelUri: must be s3://<bucket>/<key>, got 'models/model.tar.gz'",
        "CustomerMetadataProperties.cloudWidthMultiplier: must be a number above 0, got 'undefined'",
      ],
    });
  });
});

describe('[S10] the next larger network starts', () => {
  test.each([
    ["from the champion's of the same width", { uri, widthMultiplier: 0.5 }, 0.5, uri],
    ['from nothing where the champion has another width', { uri, widthMultiplier: 0.5 }, 1, undefined],
    ['from nothing where the champion has none', undefined, 0.5, undefined],
    ['not at all where none is trained', { uri, widthMultiplier: 0.5 }, undefined, undefined],
    ['not at all where neither is there', undefined, undefined, undefined],
  ])('%s', (_, champion, width, expected) => {
    expect(cloudChampionUri(champion, width)).toBe(expected);
  });
});
