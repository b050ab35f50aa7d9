"""Parts that do not go together: one line says which, and what to choose instead."""

import pytest


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=linear_classifier", "optimizer=adam"), ("by hand", "_scratch")),
        (("task=linear_classifier", "model=mlp"), ("MLP", "autograd", "_scratch")),
        (("task=linear_classifier", "trainer.accumulate_grad_batches=2"), ("accumulat", "manual optimization")),
        (("task=linear_regression", "optimizer=adam"), ("by hand", "_scratch")),
        (("task=gradient_descent", "optimizer=adam"), ("by hand", "_scratch")),
        (("task=cnn_compare", "optimizer=adam_scratch"), ("optimizer Adam", "autograd")),
        (("task=cnn_compare", "model=mlp_scratch"), ("MLPScratch", "autograd", "task=mlp_scratch")),
        (("task=cnn_compare", "data=clouds"), ("model.image_shape=[2]", "images")),
        (("task=boolean_function", "data=clouds"), ("data.dimension",)),
        (("task=optimizer_paths", "model=lenet"), ("data.input_shape",)),
        (("task=perceptron", "data=digits"), ("multiclass_perceptron",)),
        (("task=perceptron", "model=mlp"), ("MLP", "perceptron")),
        (("task=linear_classifier", "data=line"), ("classes",)),
        (("task=mlp", "data=diabetes"), ("classes",)),
        (("task=optimizer_paths", "task.settle=0"), ("task.settle=0",)),
        (("task=optimizer_paths", "task.rules.adam.betas=[0.9]"), ("betas=[0.9]", "two")),
        (
            ("task=perceptron", "model=multiclass_perceptron", "data=digits", "callbacks=[default,ema]"),
            ("callbacks.ema", "model.averaged"),
        ),
        (("task=linear_classifier", "data=clouds", "trainer.max_epochs=2", "optimizer.lr=-1"), ("optimizer.lr=-1",)),
    ],
    ids=lambda part: " ".join(part),
)
def test_one_line(refused, words, parts):
    refused(*words, "trainer.accelerator=cpu", parts=parts)
