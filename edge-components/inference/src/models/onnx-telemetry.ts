/**
 * ONNX Runtime 1.30 sends usage data to mobile.events.data.microsoft.com, keeps a log in the temporary folder and a file
 * in the working folder, unless this variable is set when it loads. On a production line nothing connects that is not
 * configured.
 */
export const WITHOUT_TELEMETRY = { ORT_DISABLE_TELEMETRY: '1' } as const;
