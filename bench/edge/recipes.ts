/** What the edge suite makes first: the model and the camera frames. */
import { DEFAULT_SCRIPT, made, PACKAGE, type Recipe, TRAINING_INGREDIENTS } from '../recipe';

const WEIGHTS: Recipe = {
  name: 'weights',
  script: 'train_model.py',
  ingredients: [...TRAINING_INGREDIENTS, 'bench/python/packed_model.py'],
  announcement: 'training the model, which takes about ten minutes',
};

/** Apart from the weights: a change of the export must not cost ten minutes. */
const MODEL: Recipe = {
  name: 'model',
  script: 'export_model.py',
  ingredients: [
    DEFAULT_SCRIPT,
    `${PACKAGE}/networks`,
    `${PACKAGE}/onnx_model.py`,
    `${PACKAGE}/thresholds.py`,
    'training/requirements.lock',
  ],
  announcement: 'exporting the model',
};

const FRAMES: Recipe = {
  name: 'frames',
  script: 'make_frames.py',
  ingredients: [`${PACKAGE}/surfaces`],
  announcement: 'making camera frames',
};

/** Folder of `<width>x<height>-<n>.jpg`. */
export const makeFrames = (): Promise<string> => made(FRAMES);

/** Folder of what export_model.py writes. */
export const makeModel = async (): Promise<string> => made(MODEL, ['--weights', await made(WEIGHTS)]);
