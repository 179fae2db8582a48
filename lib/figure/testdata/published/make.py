"""Writes small tables of the form of the paper's result tables with pandas.

usage: make.py DIR

task_driven_results_{active,passive}.h5 and untrained_results_active.h5, key
"df": one row per unit, layer, network and animal (spec/03, section 3). Values
follow the rule in published_test.go, so that no number has to be copied. The
passive table says "active" in co_task, as the published ones do; one of the
tables has the format "table", the others "fixed".
"""
import sys
import numpy as np
import pandas as pd

out = sys.argv[1]
TASKS = ["regression", "classification", "bt"]
ANIMALS = [("Han", "S1"), ("Snap", "CN")]


def rows(tasks, untrained, passive):
    r = []
    for t, task in enumerate(tasks):
        for n in range(4):
            for a, (animal, area) in enumerate(ANIMALS):
                for layer in range(3):
                    for unit in range(2):
                        base = 0.1 + 0.01 * n * (1 - 0.7 * t) + 0.02 * a - 0.05 * passive + 0.002 * ((7 * n + 3 * t + a) % 5)
                        ev = base * (0.5 if untrained else 1) + 0.01 * (layer == 1) + 0.001 * unit
                        r.append(dict(
                            neuron_ids=unit, exp_id=15 if untrained else 4015 + t, model_task=task,
                            model_name=f"spatiotemporal_3_8-8-{8 * (n + 1)}_5252", arch_type="spatiotemporal",
                            model_val_acc=0.5, model_test_acc=np.nan if untrained else 1.0 + t + 0.1 * n,
                            model_train_acc=0.5, monkey=animal, session="s", area=area, co_task="active",
                            model_layer=layer, layer_type="spatiotemporal", model_max_layer=3, t_stride=2,
                            s_stride=2, t_kernelsize=5, s_kernelsize=5, n_tkernels="[8, 8]", n_skernels="[8, 8]",
                            ev_train=ev + 0.01, ev_test=ev))
    return pd.DataFrame(r)


rows(TASKS, False, False).to_hdf(f"{out}/task_driven_results_active.h5", key="df", format="fixed", complevel=9)
rows(TASKS, False, True).to_hdf(f"{out}/task_driven_results_passive.h5", key="df", format="table", complevel=9)
rows(["untrained"], True, False).to_hdf(f"{out}/untrained_results_active.h5", key="df", format="fixed", complevel=9)
