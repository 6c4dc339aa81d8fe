//! Folds events into immutable snapshots.
