//! Counts what happened to the rows of a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use leyline::{EmitterLoss, Lane};

use crate::gap::Sequence;
use crate::snapshot::{SinkLoss, TelemetryView};

/// Most sinks whose losses are kept, so that no source can use up the memory.
pub(super) const MAX_SINKS: usize = 1024;

/// The counters of a run.
#[derive(Debug, Clone, Default)]
pub(super) struct Telemetry {
    pub(super) sequence: Sequence,
    received: u64,
    rejected: u64,
    unknown: u64,
    sink_losses: Arc<BTreeMap<String, SinkLoss>>,
}

impl Telemetry {
    /// Counts a row, whatever becomes of it.
    pub(super) const fn count_received(&mut self) {
        self.received = self.received.saturating_add(1);
    }

    pub(super) const fn count_rejected(&mut self) {
        self.rejected = self.rejected.saturating_add(1);
    }

    pub(super) const fn count_unknown(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
    }

    /// Returns how many rows were rejected.
    pub(super) const fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Returns how many events the emitter dropped, over all sinks and lanes.
    pub(super) fn lost_at_sinks(&self) -> u64 {
        self.sink_losses.values().map(SinkLoss::total).fold(0, u64::saturating_add)
    }

    /// Takes over the rows that came before any row with a run.
    pub(super) const fn inherit(&mut self, lobby: &Self) {
        self.received = self.received.saturating_add(lobby.received);
        self.rejected = self.rejected.saturating_add(lobby.rejected);
    }

    /// Returns whether there is room for the losses of a sink.
    pub(super) fn has_room_for(&self, sink: &str) -> bool {
        self.sink_losses.len() < MAX_SINKS || self.sink_losses.contains_key(sink)
    }

    /// Keeps the total that the emitter reports for a sink and lane.
    pub(super) fn lose(&mut self, loss: &EmitterLoss) {
        let EmitterLoss { sink, lane, cause: _, dropped: _, dropped_total } = loss;
        let none = SinkLoss { lossless: None, lossy: None };
        let entry = Arc::make_mut(&mut self.sink_losses).entry(sink.clone()).or_insert(none);
        match lane {
            Lane::Lossless => entry.lossless = Some(*dropped_total),
            Lane::Lossy => entry.lossy = Some(*dropped_total),
        }
    }

    /// Takes a picture.
    pub(super) fn view(&self) -> TelemetryView {
        let holes = self.sequence.holes();
        TelemetryView {
            events_received: Some(self.received),
            events_rejected: Some(self.rejected),
            events_unknown: Some(self.unknown),
            events_lost: holes.map(|holes| holes.lost),
            sequence_gaps: holes.map(|holes| holes.gaps),
            sink_losses: Some(Arc::clone(&self.sink_losses)),
        }
    }
}
