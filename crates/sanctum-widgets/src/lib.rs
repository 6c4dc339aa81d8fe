//! Pure views of a snapshot.
