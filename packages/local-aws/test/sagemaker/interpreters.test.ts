import { pythonOf } from '../../sagemaker/interpreter';

const INTERPRETERS = [
  { imagePattern: /pytorch/, pythonPath: '/no/such/venv/bin/python' },
  {
    imagePattern: /mxnet/,
    pythonPath: '/no/such/venv-mxnet/bin/python',
    install: '`make mxnet`',
  },
  { imagePattern: /node/, pythonPath: process.execPath, install: '`make node`' },
];

test('an image is run by the Python that stands for it', () => {
  expect(pythonOf(INTERPRETERS, 'repository/pytorch:2.13')).toBe('/no/such/venv/bin/python');
  expect(pythonOf(INTERPRETERS, 'repository/node:20')).toBe(process.execPath);
});

test('[S5] an image whose Python is there only on request says how to get it', () => {
  expect(() => pythonOf(INTERPRETERS, 'repository/mxnet:1.9.1')).toThrow(
    "ClientError: the Python for the image 'repository/mxnet:1.9.1' is not installed: run `make mxnet`",
  );
});

test('an image that nothing stands for is named, with those that there are', () => {
  expect(() => pythonOf(INTERPRETERS, 'repository/keras:3')).toThrow(
    "no Python stands for the image 'repository/keras:3'; there are ones for /pytorch/, /mxnet/, /node/",
  );
});
