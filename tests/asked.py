"""Checkpoints of small models that were not trained, for the commands that ask them."""

from pathlib import Path
from unittest.mock import patch

import torch
from headers import CONF
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import OmegaConf

from dlexp.composition.folders import register_folders
from dlexp.schema import register

SMALL = {
    "autoencoder": ("task=autoencoder", "model.hidden_sizes=[16]", "model.latent_size=4"),
    "vae": ("task=vae", "model=vae", "model.hidden_sizes=[16]", "model.latent_size=4"),
    "vae_conditional": ("task=vae", "model=vae_conditional", "model.hidden_sizes=[16]", "model.latent_size=4"),
    "gan": ("task=gan", "model=gan"),
    "gan_conditional": ("task=gan", "model=gan_conditional"),
    "classifier": ("task=cnn_compare", "model=linear"),
    "numbers": ("task=linear_regression",),
}


def save(kind: str, folder: Path) -> Path:
    """The folder of a run that has nothing but its checkpoint."""
    register()
    register_folders()
    with initialize_config_dir(str(CONF), version_base="1.3"), patch.object(HydraConfig.instance(), "cfg", None):
        cfg = compose("config", [*SMALL[kind], "output_dir=unused", "data_dir=unused"])
        config = OmegaConf.to_container(cfg, resolve=True)
    torch.manual_seed(0)
    task = instantiate(config["task"], _convert_="all")
    data = instantiate(config["data"], _convert_="all")
    content = {
        "hyper_parameters": config,
        "state_dict": task.state_dict(),
        "classes": list(getattr(data, "classes", ())),
        "preprocessing": getattr(data, "preprocessing", {}),
    }
    (folder / "checkpoints").mkdir(parents=True)
    torch.save(content, folder / "checkpoints" / "best.ckpt")
    return folder
