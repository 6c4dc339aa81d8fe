//! Sanctum in the terminal: live training telemetry.
