/** For `jest.mock`: what commands call that needs Python and PyTorch, or the built component, and has tests of its own. */
export const checkScriptDouble = {
  checkScript: async () => ({
    ...{ schemaVersion: 1, script: 'my.py', passed: true, images: 64, imagesFrom: 'rendered' },
    ...{
      classes: ['dent', 'good'],
      hyperparameters: {},
      steps: [{ step: 'train', outcome: 'ok', seconds: 1 }],
    },
  }),
};

export const deviceProgramsDouble = {
  installScript: async () => '# a script',
  checkProgram: async () => '// a program',
};

export const configureDevicesDouble = {
  configureDevices: async () => ({ componentName: 'c', componentVersion: '1.0.1', deploymentId: 'd' }),
};
