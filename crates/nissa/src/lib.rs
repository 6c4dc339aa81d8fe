//! The way out and in: run directories, JSON rows, the in-process channel.
