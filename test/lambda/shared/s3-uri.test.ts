import { parseS3Uri } from '../../../lambda/shared/s3-uri';

test.each(['', 's3://', 's3://models', 's3://models/', 'https://models/x', 's3://A/x'])(
  "'%s' is no S3 URI of an object",
  (uri) => {
    expect(() => parseS3Uri(uri, 'exportUri')).toThrow('exportUri: must be s3://<bucket>/<key>');
  },
);

test('an object by its bucket and key', () => {
  expect(parseS3Uri('s3://models/a b/c+d.json', 'exportUri')).toEqual({
    bucket: 'models',
    key: 'a b/c+d.json',
  });
});
