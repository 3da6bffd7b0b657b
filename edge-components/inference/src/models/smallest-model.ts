/** An ONNX model in 67 bytes: `y = Identity(x)`, float32 [1], opset 13. */
export const SMALLEST_MODEL = Buffer.from(
  'CAgSADo3ChAKAXgSAXkiCElkZW50aXR5EgFnWg8KAXgSCgoICAESBAoCCAFiDwoBeRIKCggIARIECgIIAUIECgAQDQ==',
  'base64',
);
