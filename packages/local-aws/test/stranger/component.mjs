export const component = {
  RecipeFormatVersion: '2020-01-25',
  ComponentName: 'com.example.Weather',
  ComponentVersion: '1.0.0',
  ComponentConfiguration: { DefaultConfiguration: { greeting: 'sunny' } },
  Manifests: [
    {
      Platform: { os: 'linux' },
      Lifecycle: { run: 'echo "{configuration:/greeting} at {iot:thingName}" > forecast; exec sleep 1000' },
    },
  ],
};
