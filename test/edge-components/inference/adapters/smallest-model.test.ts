import { execFileSync } from 'node:child_process';
import { SMALLEST_MODEL } from '../../../../edge-components/inference/src/adapters/smallest-model';
import { graphProblems } from '../../../../edge-components/inference/src/domain/graph-policy';
import { readOnnxModel } from '../../../../edge-components/inference/src/domain/onnx-graph';
import { virtualEnvironmentPython } from '../../../../local/shared/repository';

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
