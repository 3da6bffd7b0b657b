import { execFileSync } from 'node:child_process';
import { graphProblems } from '../../../../edge-components/inference/src/models/onnx/graph-policy';
import { readOnnxModel } from '../../../../edge-components/inference/src/models/onnx/onnx-graph';
import { SMALLEST_MODEL } from '../../../../edge-components/inference/src/models/smallest-model';
import { virtualEnvironmentPython } from '../../../../scripts/repository';

test('the smallest model is one for the policy and for ONNX Runtime', () => {
  const model = readOnnxModel(SMALLEST_MODEL);
  expect(graphProblems(model)).toEqual([]);
  expect(model.graph.nodes).toMatchObject([{ operator: 'Identity', inputs: ['x'], outputs: ['y'] }]);
  const program = `
import sys, numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.stdin.buffer.read(), providers=["CPUExecutionProvider"])
print(session.run(None, {"x": numpy.array([7.5], dtype=numpy.float32)})[0][0])
`;
  const answer = execFileSync(virtualEnvironmentPython(), ['-c', program], { input: SMALLEST_MODEL });
  expect(Number(answer)).toBe(7.5);
});
