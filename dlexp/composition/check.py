"""Is the composed config sound? Each `_target_` is held against its signature before anything is imported."""

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from dlexp.composition.key_errors import no_value, value_error
from dlexp.composition.nearest import nearest
from dlexp.composition.signatures import signature
from dlexp.errors import InputError

STAGES = ("tune", "fit", "validate", "test")
NEEDED = ("task", "trainer", "callbacks", "logger")  # of the other groups, those that a task refers to
INSTRUCTIONS = ("_target_", "_partial_", "_args_", "_recursive_", "_convert_")  # to Hydra, not to the target
EXAMPLES = {"int": "5", "float": "0.1", "bool": "true", "str": "NAME"}
WANTED = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def check(cfg: DictConfig) -> None:
    """InputError, which names the key and the nearest right name, for a target that does not exist, an
    argument that it does not take, one that it needs and does not get, text where it wants a number, a value
    that is still `???`, an interpolation that leads nowhere, an unknown stage.
    """
    for group in NEEDED:
        if OmegaConf.is_missing(cfg, group):
            raise InputError(no_value(group))
    for group in ("task", "trainer"):  # a task sets keys of the trainer, whichever is chosen
        if "_target_" not in (cfg[group] or ()):
            raise InputError(no_value(group))
    for key in cfg:
        if not OmegaConf.is_missing(cfg, key):
            check_value(cfg, key, str(key), deferred=False)
    for stage in cfg.stages:
        if stage not in STAGES:
            raise InputError(f"stages: there is no stage '{stage}'{nearest(stage, STAGES)}")
    if "tune" in cfg.stages:
        check_search(cfg)
    if cfg.get("judge"):
        check_judge(cfg)


def check_search(cfg: DictConfig) -> None:
    """InputError unless `tune` says which number is searched, and how."""
    if not cfg.tune:
        raise InputError("stages has tune, but tune is null: say which key is searched, as conf/task/optimizer_compare")
    number = OmegaConf.select(cfg, cfg.tune.key)
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise InputError(f"tune.key={cfg.tune.key}: there is no number of that name in the config")
    if not cfg.tune.factors or not all(isinstance(f, int | float) and f > 0 for f in cfg.tune.factors):
        raise InputError(f"tune.factors={list(cfg.tune.factors or ())}: give numbers above 0, such as [0.1,1,10]")
    if cfg.tune.mode not in ("min", "max"):
        raise InputError(f"tune.mode={cfg.tune.mode}: give min or max")


def check_judge(cfg: DictConfig) -> None:
    """InputError unless `judge` names a run or says how one is trained."""
    if not OmegaConf.is_dict(cfg.judge):
        raise InputError(f"judge={cfg.judge}: name a classifier's run by judge.run={cfg.judge}")
    run, words = cfg.judge.get("run"), cfg.judge.get("words")
    if run is not None and not isinstance(run, str):
        raise InputError(f"judge.run={run}: give the folder of a finished classifier, a checkpoint, or null")
    if run is not None:
        return
    if not (OmegaConf.is_list(words) and words and all("=" in str(word) for word in words)):
        example = '["task=cnn_compare","model=lenet"]'
        raise InputError(f"judge.words={words}: give the words of a run that trains a classifier, such as {example}")
    for word in words:
        if word.startswith(("-", "data=", "data_dir=", "study=", "hydra")):
            raise InputError(f"judge.words: leave out {word}: the judge has the data of this run and its own folder")


def check_value(owner: DictConfig | ListConfig, key: str | int, path: str, *, deferred: bool) -> None:
    """`path` is the full key. `deferred`: code builds this node later and may add arguments of its own."""
    if OmegaConf.is_missing(owner, key):
        raise InputError(no_value(path, example(owner, key)))
    try:
        value = owner[key]
    except OmegaConfBaseException as error:
        if "HydraConfig was not set" in str(error):  # composed outside a job, as tests do
            return
        raise InputError(value_error(error) or str(error)) from error
    if OmegaConf.is_interpolation(owner, key):
        return  # what it leads to is checked where it stands
    if OmegaConf.is_list(value):
        for i in range(len(value)):
            check_value(value, i, f"{path}[{i}]", deferred=deferred)
    elif OmegaConf.is_dict(value):
        deferred = deferred or value.get("_recursive_") is False
        for inner in value:
            check_value(value, inner, f"{path}.{inner}", deferred=deferred)
        if "_target_" in value:
            check_target(value, path, deferred=deferred)


def check_target(node: DictConfig, path: str, *, deferred: bool) -> None:
    target = str(node["_target_"])
    try:
        takes = signature(target)
    except InputError as error:
        raise InputError(f"{path}._target_: {error}") from error
    if takes is None:
        return
    given = [key for key in node if key not in INSTRUCTIONS]
    for key in given:
        if key not in takes.parameters and not takes.any_keyword:
            allowed = (*takes.parameters, *INSTRUCTIONS) if str(key).startswith("_") else takes.parameters
            raise InputError(f"{path}.{key}: {target} has no argument '{key}'{nearest(str(key), allowed)}")
        if not OmegaConf.is_interpolation(node, key):
            check_type(node[key], takes.types.get(key, frozenset()), f"{path}.{key}", target)
    if "image_shape" in given and OmegaConf.is_list(node["image_shape"]) and len(node["image_shape"]) != 3:
        shape = str(list(node["image_shape"])).replace(" ", "")
        raise InputError(f"{path}.image_shape={shape}: {target} wants images (data.input_shape of three numbers)")
    absent = [name for name in takes.required if name not in given]
    if absent and not (deferred or node.get("_partial_") or "_args_" in node):
        raise InputError(f"{path}: {target} also needs {', '.join(absent)}")


def check_type(value: object, types: frozenset[str], path: str, target: str) -> None:
    """Whether a number is one. `types`: an annotation's alternatives, none unless all of them are plain."""
    is_text = isinstance(value, str) and "str" not in types
    is_fraction = isinstance(value, float) and not value.is_integer() and "float" not in types
    kinds = [WANTED[kind] for kind in WANTED if kind in types]
    if kinds and (is_text or is_fraction):
        raise InputError(f"{path}={value}: {target} wants {' or '.join(kinds)}")


def example(owner: DictConfig | ListConfig, key: str | int) -> str:
    """A value that would do, as far as the target's annotation tells."""
    try:
        takes = signature(str(owner["_target_"])) if "_target_" in owner else None
    except InputError:
        takes = None
    types = takes.types.get(str(key), ()) if takes else ()
    return next((text for kind, text in EXAMPLES.items() if kind in types), "VALUE")
