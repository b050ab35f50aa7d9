"""The override syntax as distributions of Optuna."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from dlexp.errors import InputError
from dlexp.studies.search.space import described


@pytest.mark.parametrize(
    ("word", "distribution"),
    [
        ("a.b=choice(32,64)", CategoricalDistribution(("32", "64"))),
        ("a.b=x,y,x", CategoricalDistribution(("x", "y"))),
        (
            "a.b=choice([1,2],{k:1},'p q',true,1e-3)",
            CategoricalDistribution(("[1,2]", "{k:1}", r"p\ q", "True", "0.001")),
        ),
        ("a.b=shuffle(range(3))", IntDistribution(0, 2)),
        ("a.b=shuffle(choice(p,q,r))", CategoricalDistribution(("p", "q", "r"))),
        ("a.b=interval(0,1)", FloatDistribution(0.0, 1.0)),
        ("a.b=interval(1e-4,1e-1)", FloatDistribution(1e-4, 1e-1)),
        ("a.b=tag(log,interval(1e-4,1e-1))", FloatDistribution(1e-4, 1e-1, log=True)),
        ("a.b=int(interval(2,64))", IntDistribution(2, 64)),
        ("a.b=tag(log,int(interval(2,64)))", IntDistribution(2, 64, log=True)),
        ("a.b=range(1,10)", IntDistribution(1, 9)),
        ("a.b=range(1,10,4)", IntDistribution(1, 9, step=4)),
        ("a.b=range(1,9,4)", IntDistribution(1, 5, step=4)),
        ("a.b=range(10,1,-3)", IntDistribution(4, 10, step=3)),
        ("a.b=tag(log,range(1,65))", IntDistribution(1, 64, log=True)),
        ("a.b=range(0,1,0.1)", FloatDistribution(0.0, 0.9, step=0.1)),
        ("a.b=range(0.5,2.5,0.5)", FloatDistribution(0.5, 2.0, step=0.5)),
    ],
)
def test_syntax(read, word, distribution):
    assert read(word).searched == {"a.b": distribution}


def test_a_job_reads_as_what_was_drawn(read):
    space = read("x=choice('p q',[1,2])", "+new.key=interval(0,1)", "y=int(interval(1,3))")
    for text, value in zip(space.searched["x"].choices, ("p q", [1, 2]), strict=True):
        (job,) = space.jobs({"x": text, "+new.key": 1e-05, "y": 2})
        words = OverridesParser.create().parse_overrides(job)
        assert [(word.get_key_element(), word.value()) for word in words] == [
            ("x", value),
            ("+new.key", 1e-05),
            ("y", 2),
        ]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("a=interval(5,1)", "a=interval(5,1)"),
        ("a=tag(log,interval(0,1))", "a=tag(log,interval(0,1))"),
        ("a=tag(log,range(1,10,2))", "steps of one"),
        ("a=tag(log,choice(1,2))", "choices have no logarithm"),
        ("a=tag(lgo,interval(1,2))", "no tag 'lgo'"),
        ("a=range(5,5)", "empty"),
        ("seed=interval(0,1)", "seed=0,1,2"),
        ("task=a,b", "easiest task"),
        ("data=a,b", "easiest data"),
        ("a=1", "nothing to search"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(read, word, said):
    with pytest.raises(InputError) as error:
        read(word)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_the_command_line_replaces_the_sweep_of_the_task(read):
    params = {"model": "linear,mlp", "optimizer.lr": "interval(0,1)"}
    space = read("model=lenet", "seed=0,1", "width=1,2", params=params)
    assert space.fixed == ["model=lenet"]
    assert list(space.searched) == ["optimizer.lr", "width"]
    assert space.given == {"optimizer.lr"}
    narrower = read("optimizer.lr=interval(0,0.5)", params=params)
    assert narrower.searched["optimizer.lr"] == FloatDistribution(0, 0.5)
    assert narrower.given == {"model"}


def test_seeds_are_replicates_and_no_parameter(read):
    space = read("seed=0,1,2", "lr=interval(0,1)", "model=x")
    assert list(space.searched) == ["lr"]
    assert space.jobs({"lr": 0.5}) == [["model=x", "lr=0.5", f"seed={seed}"] for seed in range(3)]
    assert read("seed=7", "lr=interval(0,1)").jobs({"lr": 0.5}) == [["seed=7", "lr=0.5"]]


def test_samples_show_every_choice_and_a_number_that_is_not_whole(read):
    samples = list(read("model=a,b,c", "opt=p,q", "x=interval(0,10)", "n=int(interval(1,9))").samples())
    assert {sample["model"] for sample in samples} == {"a", "b", "c"}
    assert {sample["opt"] for sample in samples} == {"p", "q"}
    assert len(samples) == 4
    assert all(not float(sample["x"]).is_integer() and isinstance(sample["n"], int) for sample in samples)


def test_a_space_as_text(read):
    words = ("a=tag(log,interval(1e-4,1e-1))", "b=range(0,10,3)", "c=p,q", "d=int(interval(1,5))")
    told = [described(distribution) for distribution in read(*words).searched.values()]
    assert told == ["0.0001 to 0.1, log", "0 to 9, by 3", "p, q", "1 to 5"]
