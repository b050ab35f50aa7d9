"""Test surfaces: functions of two numbers for optimizers to walk on."""
