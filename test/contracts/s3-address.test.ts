import fc from 'fast-check';
import { copySource, s3LocationOf, s3Uri } from '../../contracts/s3-address';

describe('s3://', () => {
  test.each([
    ['s3://models/pipelines/1/export/', 'pipelines/1/export/'],
    ['s3://models', ''],
    ['s3://models/', ''],
    ['s3://models//twice', '/twice'],
    ['s3://models/line 1/part+2.jpg', 'line 1/part+2.jpg'],
    // A URI holds the key as it is: what looks encoded is a key with a percent sign.
    ['s3://models/line%201', 'line%201'],
    ['s3://models/a?b#c', 'a?b#c'],
    ['s3://models/Prüfung/部品.jpg', 'Prüfung/部品.jpg'],
    ['s3://models/two\nlines', 'two\nlines'],
  ])('%j has the key %j', (uri, key) => {
    expect(s3LocationOf(uri)).toEqual({ bucket: 'models', key });
  });

  test.each([
    '',
    's3:',
    's3://',
    's3:///key',
    's3://ab/key',
    's3://Models/key',
    's3://-models/key',
    'S3://models/key',
    'https://models/key',
    ' s3://models/key',
  ])('%j is none', (uri) => {
    expect(s3LocationOf(uri)).toBeUndefined();
  });

  test('is read as it was written, whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        expect(s3LocationOf(s3Uri('models', key))).toEqual({ bucket: 'models', key });
      }),
    );
  });
});

describe('the source of a copy', () => {
  test.each([
    ['captures/line-1/a.jpg', 'models/captures/line-1/a.jpg'],
    ['line 1/part+2.jpg', 'models/line%201/part%2B2.jpg'],
    ['100%/a?b#c&d=e', 'models/100%25/a%3Fb%23c%26d%3De'],
    ['Prüfung/部品.jpg', 'models/Pr%C3%BCfung/%E9%83%A8%E5%93%81.jpg'],
    ['/leading//double/', 'models//leading//double/'],
  ])('of %j is URL-encoded, without its slashes', (key, expected) => {
    expect(copySource({ bucket: 'models', key })).toBe(expected);
  });

  test('decodes to bucket and key', () => {
    fc.assert(
      // No lone surrogates: keys are UTF-8.
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect(decodeURIComponent(copySource({ bucket: 'models', key }))).toBe(`models/${key}`);
      }),
    );
  });
});
