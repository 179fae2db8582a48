// Package probe asks how well the layers of a network predict recorded units:
// the neural-prediction stage of the paper (spec/03, sections 2 to 4).
//
// The way of one layer: its activations over all trials of a session are
// reduced to at most 75 components by incremental PCA in batches of 100 trials
// ([IncrementalPCA]); rare outliers of a component are repaired
// ([RepairOutliers]); components are resampled to the 400 samples of the input
// window ([Resample]) and cut to the movement; standardised ([FitScaler]); and
// regressed on the rates of every unit by ridge, the penalty of each unit
// chosen out of 15 by 5-fold cross-validation grouped by trial ([FitRidge]).
// The score is explained variance, EV = 1 − Var(y−ŷ)/Var(y), on held-out
// trials ([ExplainedVariance]).
//
// Arrays are flat and row-major: activations [trial][muscle][time][channel],
// components [trial][time][component], regressors [row][feature], rates
// [row][unit], weights [unit][feature]. A row is one time bin of one trial.
// Rates are mean spikes per 10 ms (per bin where a recording has other bins);
// EV is without unit and not clipped.
//
// Numbers are float64 and agree with scikit-learn 1.2.1 within the tolerances
// of the golden groups probe/*; where scikit-learn's result is rounding noise
// (a unit that never fires, or fires in one trial) the exact value is
// returned: see [FitRidge]. Results do not depend on the number of cores.
//
// Defects of the published code, by their names in spec/03, are switches whose
// default is the published behaviour; spindle probe -fix names corrects them:
//
//	A1       events counted from 0 though the file counts from 1 (recording.TrialDataOptions.OneBased)
//	A3       components fitted to test trials as well (Options.PCATrainOnly)
//	B2       passive input in m, not mm (recording.AlignOptions.Millimetres)
//	B4       folds of linear models that cut through trials (LinearOptions.ConsistentFolds)
//	B5, B6   linear models on other trials or rates, where bounds leave trials out (NetworkTrials, MatchedRates)
//	B12      bounds of the outlier repair (LayerOptions.Outlier)
//	strides  layers stretched over the window, not sampled at their strides (LayerOptions.Strides)
//
// Noise ceilings are ours. [SpikeHalves] takes spike counts as Poisson given the
// rate, which units of regular firing are not; [TrialHalves] does not, but is a
// lower bound, for it knows movements by their direction alone.
package probe
