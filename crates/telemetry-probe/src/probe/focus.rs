//! Which part of everything is looked at: all of it, or what a cut wire may have to do with.

use std::collections::BTreeSet;

/// Which part is looked at; of what is `None`, all.
#[derive(Debug, Default)]
pub(crate) struct Focus {
    /// Payload leaves, kinds and leaves of the envelope.
    pub(crate) payloads: Option<BTreeSet<String>>,
    /// Snapshot leaves that are moved to see what they show.
    pub(crate) leaves: Option<BTreeSet<String>>,
    /// Widgets, without their scenes.
    pub(crate) widgets: Option<BTreeSet<String>>,
    /// Ids of records.
    pub(crate) records: Option<BTreeSet<String>>,
}

fn has(part: Option<&BTreeSet<String>>, name: &str) -> bool {
    part.is_none_or(|part| part.contains(name))
}

impl Focus {
    pub(crate) const fn is_whole(&self) -> bool {
        self.payloads.is_none()
            && self.leaves.is_none()
            && self.widgets.is_none()
            && self.records.is_none()
    }

    pub(crate) fn has_payload(&self, leaf: &str) -> bool {
        has(self.payloads.as_ref(), leaf)
    }

    pub(crate) fn has_leaf(&self, leaf: &str) -> bool {
        has(self.leaves.as_ref(), leaf)
    }

    pub(crate) fn has_widget(&self, widget: &str) -> bool {
        has(self.widgets.as_ref(), widget)
    }

    pub(crate) fn has_record(&self, id: &str) -> bool {
        has(self.records.as_ref(), id)
    }
}
