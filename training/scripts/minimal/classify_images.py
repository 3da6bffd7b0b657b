"""The smallest script that the pipeline takes: copy it, and put your own network and training in its place.

Hyperparameters: `epochs`, `learning_rate`, `seed`. What is optional, the other scripts show.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from kaizen_training.answers import answer_images, read_images
from kaizen_training.prepared import load_description, load_split


class Classifier(nn.Module):
    """uint8 [n, height, width, 3] -> probabilities [n, classes]; whatever the device must do too is in `forward`."""

    def __init__(self, classes: list[str]) -> None:
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = []
        for channels, more in ((3, 16), (16, 32), (32, 64)):
            layers += [nn.Conv2d(channels, more, 3, stride=2, padding=1), nn.BatchNorm2d(more), nn.ReLU()]
        self.network = nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, len(classes)))

    def forward(self, images: Tensor) -> Tensor:
        return self.network(images.permute(0, 3, 1, 2) / 64.0 - 2.0).softmax(1)


def train(hyperparameters: dict[str, float], channel_input_dirs: dict[str, str]) -> Classifier:
    torch.manual_seed(int(hyperparameters.get("seed", 7)))
    folder = Path(channel_input_dirs["train"])
    training, model = load_split(folder, "train"), Classifier(load_description(folder).classes)
    images, labels = torch.from_numpy(training.images), torch.from_numpy(training.labels)
    optimizer = torch.optim.SGD(model.parameters(), hyperparameters.get("learning_rate", 0.05), 0.9)
    for epoch in range(1, int(hyperparameters.get("epochs", 10)) + 1):
        for batch in torch.randperm(len(labels)).split(32):
            loss = nn.functional.nll_loss(model(images[batch]).clamp_min(1e-9).log(), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.4f}", flush=True)
    return model.eval()


def save(model: Classifier, model_dir: str) -> None:
    torch.save({"classes": model.classes, "weights": model.state_dict()}, f"{model_dir}/model.pt")


def model_fn(model_dir: str) -> Classifier:
    saved = torch.load(f"{model_dir}/model.pt", weights_only=True)
    model = Classifier(saved["classes"])
    model.load_state_dict(saved["weights"])
    return model.eval()


@torch.inference_mode()
def transform_fn(model: Classifier, input_data: bytes, content_type: str, accept: str) -> tuple[str, str]:
    probabilities = model(torch.from_numpy(read_images(input_data, content_type)))
    return answer_images(model.classes, probabilities.numpy(), accept)
